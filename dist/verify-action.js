import{b as i}from"./chunk-YHB7R37I.js";import"./chunk-PEOOG5SV.js";import"./chunk-W7MTC3U4.js";import{c as o}from"./chunk-S77Y3PHL.js";import"./chunk-5X2ZJBGC.js";await o(i);
