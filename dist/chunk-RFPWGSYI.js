import{a as i,b as c}from"./chunk-YDTU5HAZ.js";import{a as s}from"./chunk-UR43Y36T.js";function m(r,n){let t=new RegExp(`\\s*-----BEGIN ${n}-----\\r?\\n((?:[A-Za-z0-9+/=]+\\r?\\n)+)-----END ${n}-----\\s*`,"y"),e=[];for(;t.lastIndex<r.length;){let o=t.exec(r)?.[1];if(o===void 0)throw new s("ENCODING_INVALID",`This is not PEM of type ${n} alone.`);e.push(i(o.replace(/\r?\n/g,""),`PEM ${n}`))}return e}function E(r,n){let t=c(r).match(/.{1,64}/g)??[];return`-----BEGIN ${n}-----
${t.join(`
`)}
-----END ${n}-----
`}export{m as a,E as b};
