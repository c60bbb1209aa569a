import{a,b}from"./chunk-YZNGRDCP.js";import"./chunk-NVPGKM3A.js";import"./chunk-3CQ3DIT4.js";import"./chunk-ZJTHEJUC.js";export{b as verifyAction,a as verifyCommand};
