import{a as s}from"./chunk-ZH3ROMTI.js";var c=80;function p(t){let{name:n,kind:r,help:e,secret:i}=t,o=i===!0?`  ${s(n)} (never a flag)`:`  --${n} ${u(r)}`,a=t.default===""?"":` Default: ${t.default}.`;return`${o}
${l(`${e}${a}`,"      ")}
`}function u(t){switch(t.type){case"boolean":return"true|false";case"choice":return t.choices.join("|");case"integer":return"N";case"text":case"list":return t.metavar}}function l(t,n){let r=[],e=n;for(let i of t.split(" "))e.length+i.length>=c&&e!==n&&(r.push(e.trimEnd()),e=n),e+=`${i} `;return[...r,e.trimEnd()].join(`
`)}export{p as a};
