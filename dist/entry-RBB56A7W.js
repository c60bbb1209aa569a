import{a,b,c}from"./chunk-UJCXOD3I.js";import"./chunk-ZJTHEJUC.js";export{c as runAction,b as runCli,a as version};
