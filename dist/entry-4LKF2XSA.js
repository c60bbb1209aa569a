import{a,b,c}from"./chunk-UTKBLH4K.js";import"./chunk-SUF3U7XD.js";import"./chunk-NFJDKJ6L.js";export{c as runAction,b as runCli,a as version};
