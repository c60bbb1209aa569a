import{a,b,c}from"./chunk-CBHPWG2C.js";import"./chunk-FH6IAKBS.js";import"./chunk-JAKLXQBB.js";import"./chunk-QUTAATHW.js";import"./chunk-NFJDKJ6L.js";export{c as runAction,b as runCli,a as version};
