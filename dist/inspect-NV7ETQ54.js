import{b as T,d as l,e as g,f as $,h as j}from"./chunk-3CQ3DIT4.js";import{Fa as w,G as c,Ka as I,Pa as E,Qa as N,i as m,k as d,m as a,ma as S,p as h,ua as k,x as b,ya as u}from"./chunk-ZJTHEJUC.js";function x(e){let{version:t,entries:n,timestamps:r}=e;return{version:t,signer:D(e),content:O(e),logEntries:n.map(H),timestamps:r.map(i=>p(()=>R(i)))}}function p(e){try{return e()}catch(t){return{unreadable:d(t).message}}}function D({signer:e}){return e.kind==="public-key"?{key:{hint:e.hint}}:{certificate:p(()=>M(e.certificate)),...e.chain.length===0?{}:{chain:e.chain.map(t=>p(()=>g(u(t))))}}}function M(e){let t=u(e),n=t.subjectAlternativeNames.map(({type:o,value:s})=>({type:o,value:s})),{sctList:r}=t,i=r===void 0?[]:I(r);return{names:n,issuer:k(t.fulcio)??"",...g(t),signedCertificateTimestamps:i.map(({logId:o,timestamp:s})=>({logId:c(o),time:C(Number(s))}))}}function O({content:e}){switch(e.kind){case"message-signature":return{kind:e.kind,...e.digest===void 0?{}:{digest:l(e.digest)}};case"dsse-envelope":return{kind:e.kind,payloadType:e.payloadType,payloadBytes:e.payload.length,...e.keyId===""?{}:{keyId:e.keyId},...e.payloadType===S?{statement:p(()=>W(e))}:{}}}}function W({payload:e}){return $(w(e))}function H(e){let{integratedTime:t,inclusionProof:n,inclusionPromise:r}=e;return{logId:c(e.logId),logIndex:String(e.logIndex),kind:e.kind,version:e.version,...t===void 0?{}:{integratedTime:C(Number(t)*1e3)},promise:r!==void 0,...n===void 0?{}:{treeIndex:String(n.logIndex),treeSize:String(n.treeSize),rootHash:c(n.rootHash),checkpoint:n.checkpoint??""}}}function R(e){let{status:t,token:n}=E(e);if(n===void 0)return{status:t};let r=N(n.content);return{status:t,time:r.time.toISOString(),policy:r.policy,serialNumber:c(r.serialNumber),imprint:l(r.imprint)}}function C(e){let t=new Date(e);return Number.isNaN(t.getTime())?"no time at all":t.toISOString()}var z=300,f=50;function J(e){return L(e,"  ").join(`
`)}function L(e,t){let n=Object.entries(e),r=n.slice(0,f).flatMap(([i,o])=>A(/^[\w.-]{1,60}$/.test(i)?i:a(i,60),o,t));return B(r,n.length,t)}function A(e,t,n){return Array.isArray(t)?q(e,t,n):typeof t=="object"&&t!==null?[`${n}${e}:`,...L(t,`${n}  `)]:[`${n}${e}: ${v(t)}`]}function q(e,t,n){if(t.length===0)return[`${n}${e}: none`];let r=t.slice(0,f).flatMap((i,o)=>A(`${e} ${o+1}`,i,n));return B(r,t.length,n)}function B(e,t,n){return t>f?[...e,`${n}and ${t-f} more`]:e}function v(e){return typeof e=="string"?a(e,z):typeof e=="number"||typeof e=="boolean"?String(e):"null"}var P="Nothing here is verified: this is what the bundle says of itself. Anyone can write such a file.",F=`sigstep inspect: show what a bundle says, without believing any of it

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
`;async function le(e,t,n){let r=h(e,[]);if(r.help)return n.print(F),0;if(r.paths.length===0)throw K();r.json||t.runner.info(P);let i=[],o=0;for(let s of r.paths)for await(let U of T(s)){if(t.signal.aborted)throw new m("CANCELLED","The run was cancelled.");let y=G(U,r.json,t);r.json&&i.push(y),"content"in y||(o=1)}return r.json&&n.print(_(i,t)),o}function G(e,t,{runner:n}){let{label:r,bundle:i}=e;try{if(i===void 0)throw e.error;let o=x(i);return t||n.info(`
bundle ${a(r,500)}
${J(o)}`),{bundle:r,...o}}catch(o){let s=d(o);return n.fail(b(s)),{bundle:r,error:j(s)}}}function _(e,{runner:t}){return t.redact(`${JSON.stringify({verified:!1,warning:P,bundles:e},null,2)}
`)}function K(){return new m("INPUT_MISSING","No bundle is given.",{hint:"Write sigstep inspect PATH.sigstore.json."})}export{le as inspectCommand};
