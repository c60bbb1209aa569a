import{e as a}from"./chunk-HR6RUDYL.js";import"./chunk-BGSMBWAT.js";import"./chunk-3RNHDNP5.js";export default a();
