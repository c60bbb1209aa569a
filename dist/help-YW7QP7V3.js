import{a,b}from"./chunk-T2FJYFO7.js";import"./chunk-SUF3U7XD.js";import"./chunk-NFJDKJ6L.js";export{a as generalHelp,b as signHelp};
