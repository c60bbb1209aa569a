import{n as s}from"./chunk-QIU7R6BT.js";function l(e){let{outputs:t,published:o,error:r}=e,p=e.failures.map(i=>({path:i.file.path,...n(i.error),published:s(i)})),u={...t,failures:p,published:o,...r===void 0?{}:{error:{...n(r),published:r.published}}};return`${JSON.stringify(u,null,2)}
`}function n({code:e,message:t,hint:o,where:r}){return{code:e,message:t,hint:o,where:r}}export{l as a};
