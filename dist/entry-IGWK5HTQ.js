import{a,b,c}from"./chunk-RXFYIKBY.js";import"./chunk-SUF3U7XD.js";import"./chunk-NFJDKJ6L.js";export{c as runAction,b as runCli,a as version};
