import{b as x,e as $,f as j,h as l,i as g,j as C,l as J}from"./chunk-KFL4J6BU.js";import"./chunk-M737P76V.js";import{Ba as w,D as a,Ma as k,Ra as u,Xa as I,a as m,c as d,e as c,ea as y,ia as S,ib as E,nb as N,ob as T}from"./chunk-TRHJUEUJ.js";import"./chunk-NFJDKJ6L.js";function L(e){let{version:t,entries:n,timestamps:r}=e;return{version:t,signer:O(e),content:H(e),logEntries:n.map(z),timestamps:r.map(i=>p(()=>q(i)))}}function p(e){try{return e()}catch(t){return{unreadable:d(t).message}}}function O({signer:e}){return e.kind==="public-key"?{key:{hint:e.hint}}:{certificate:p(()=>W(e.certificate)),...e.chain.length===0?{}:{chain:e.chain.map(t=>p(()=>g(u(t))))}}}function W(e){let t=u(e),n=t.subjectAlternativeNames.map(({type:o,value:s})=>({type:o,value:s})),{sctList:r}=t,i=r===void 0?[]:E(r);return{names:n,issuer:k(t.fulcio)??"",...g(t),signedCertificateTimestamps:i.map(({logId:o,timestamp:s})=>({logId:a(o),time:A(Number(s))}))}}function H({content:e}){switch(e.kind){case"message-signature":return{kind:e.kind,...e.digest===void 0?{}:{digest:l(e.digest)}};case"dsse-envelope":return{kind:e.kind,payloadType:e.payloadType,payloadBytes:e.payload.length,...e.keyId===""?{}:{keyId:e.keyId},...e.payloadType===w?{statement:p(()=>R(e))}:{}}}}function R({payload:e}){return C(I(e),e)}function z(e){let{integratedTime:t,inclusionProof:n,inclusionPromise:r}=e;return{logId:a(e.logId),logIndex:String(e.logIndex),kind:e.kind,version:e.version,...t===void 0?{}:{integratedTime:A(Number(t)*1e3)},promise:r!==void 0,...n===void 0?{}:{treeIndex:String(n.logIndex),treeSize:String(n.treeSize),rootHash:a(n.rootHash),checkpoint:n.checkpoint??""}}}function q(e){let{status:t,token:n}=N(e);if(n===void 0)return{status:t};let r=T(n.content);return{status:t,time:r.time.toISOString(),policy:r.policy,serialNumber:a(r.serialNumber),imprint:l(r.imprint)}}function A(e){let t=new Date(e);return Number.isNaN(t.getTime())?"no time at all":t.toISOString()}var F=300,f=50;function B(e){return P(e,"  ").join(`
`)}function P(e,t){let n=Object.entries(e),r=n.slice(0,f).flatMap(([i,o])=>h(/^[\w.-]{1,60}$/.test(i)?i:c(i,60),o,t));return U(r,n.length,t)}function h(e,t,n){return t instanceof $?h(e,JSON.parse(t.text),n):Array.isArray(t)?G(e,t,n):typeof t=="object"&&t!==null?[`${n}${e}:`,...P(t,`${n}  `)]:[`${n}${e}: ${_(t)}`]}function G(e,t,n){if(t.length===0)return[`${n}${e}: none`];let r=t.slice(0,f).flatMap((i,o)=>h(`${e} ${o+1}`,i,n));return U(r,t.length,n)}function U(e,t,n){return t>f?[...e,`${n}and ${t-f} more`]:e}function _(e){return typeof e=="string"?c(e,F):typeof e=="number"||typeof e=="boolean"?String(e):"null"}var D="Nothing here is verified: this is what the bundle says of itself. Anyone can write such a file.",v=`sigstep inspect: show what a bundle says, without believing any of it

Usage:
  sigstep inspect [--json] BUNDLE\u2026

BUNDLE is a Sigstore bundle, or a .jsonl with one a line. Nothing of it is verified and nobody is
asked: for that there is sigstep verify.

Example:
  sigstep inspect dist/app.tar.gz.sigstore.json

  --json
      Print it as JSON on standard output; all else goes to standard error.
  --help

Exit code: 0 all could be read; 1 one could not; 2 bad input.
`;async function ye(e,t,n){let r=S(e,[]);if(r.help)return n.print(v),0;if(r.paths.length===0)throw V();r.json||t.runner.info(D);let i=[],o=0;for(let s of r.paths)for await(let M of x(s)){if(t.signal.aborted)throw new m("CANCELLED","The run was cancelled.");let b=K(M,r.json,t);r.json&&i.push(b),"content"in b||(o=1)}return r.json&&n.print(Q(i,t)),o}function K(e,t,{runner:n}){let{label:r,bundle:i}=e;try{if(i===void 0)throw e.error;let o=L(i);return t||n.info(`
bundle ${c(r,500)}
${B(o)}`),{bundle:r,...o}}catch(o){let s=d(o);return n.fail(y(s)),{bundle:r,error:J(s)}}}function Q(e,{runner:t}){return t.redact(`${j({verified:!1,warning:D,bundles:e})}
`)}function V(){return new m("INPUT_MISSING","No bundle is given.",{hint:"Write sigstep inspect PATH.sigstore.json."})}export{ye as inspectCommand};
