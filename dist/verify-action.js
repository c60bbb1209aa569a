import{b as i}from"./chunk-YZNGRDCP.js";import"./chunk-NVPGKM3A.js";import"./chunk-3CQ3DIT4.js";import{c as o}from"./chunk-UJCXOD3I.js";import"./chunk-ZJTHEJUC.js";await o(i);
