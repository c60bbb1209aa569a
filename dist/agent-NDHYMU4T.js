import{a}from"./chunk-PJPEFME4.js";import"./chunk-EKOBMRSJ.js";import"./chunk-BGSMBWAT.js";import"./chunk-3RNHDNP5.js";export default a();
