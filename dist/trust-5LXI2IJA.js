import{x as a}from"./chunk-U5RB3RSR.js";import"./chunk-2ZOOZALI.js";import"./chunk-MNLIAIKF.js";import"./chunk-7CNQIMDL.js";import"./chunk-3RNHDNP5.js";export{a as parseTrustedRoot};
