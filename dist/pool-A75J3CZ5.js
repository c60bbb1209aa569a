import{e as a}from"./chunk-EKOBMRSJ.js";import"./chunk-BGSMBWAT.js";import"./chunk-3RNHDNP5.js";export default a();
