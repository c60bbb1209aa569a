import{a,b,c}from"./chunk-M663KI4V.js";import"./chunk-TRHJUEUJ.js";import"./chunk-NFJDKJ6L.js";export{c as runAction,b as runCli,a as version};
