import{a,b}from"./chunk-CGIXCSI2.js";import"./chunk-YNAHWCFN.js";import"./chunk-5X2ZJBGC.js";export{a as generalHelp,b as signHelp};
