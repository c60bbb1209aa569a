import{a,b}from"./chunk-RWCSYTAJ.js";import"./chunk-YNAHWCFN.js";import"./chunk-ZJTHEJUC.js";export{a as generalHelp,b as signHelp};
