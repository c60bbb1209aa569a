import{a,b}from"./chunk-A7ZQH22A.js";import"./chunk-TRHJUEUJ.js";import"./chunk-NFJDKJ6L.js";export{a as generalHelp,b as signHelp};
