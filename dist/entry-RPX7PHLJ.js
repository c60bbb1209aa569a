import{a,b,c}from"./chunk-S77Y3PHL.js";import"./chunk-5X2ZJBGC.js";export{c as runAction,b as runCli,a as version};
