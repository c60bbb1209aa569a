import{a,b,c}from"./chunk-XMFMV5TM.js";import"./chunk-SXIG4C6E.js";import"./chunk-JAKLXQBB.js";import"./chunk-QUTAATHW.js";import"./chunk-NFJDKJ6L.js";export{c as runAction,b as runCli,a as version};
