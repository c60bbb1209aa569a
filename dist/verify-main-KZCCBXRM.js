import{a,b}from"./chunk-YHB7R37I.js";import"./chunk-PEOOG5SV.js";import"./chunk-W7MTC3U4.js";import"./chunk-5X2ZJBGC.js";export{b as verifyAction,a as verifyCommand};
