import{b as i}from"./chunk-3DCOFSFK.js";import"./chunk-FRDQU45J.js";import"./chunk-2ZOOZALI.js";import"./chunk-7CNQIMDL.js";import"./chunk-3RNHDNP5.js";await i();
