import{a,b}from"./chunk-EEYSLWSE.js";import"./chunk-YNAHWCFN.js";import"./chunk-AI7L2BSG.js";import"./chunk-ZH3ROMTI.js";import"./chunk-NFJDKJ6L.js";export{a as generalHelp,b as signHelp};
