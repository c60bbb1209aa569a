import{a}from"./chunk-G73UB3BS.js";import"./chunk-HR6RUDYL.js";import"./chunk-BGSMBWAT.js";import"./chunk-3RNHDNP5.js";export default a();
