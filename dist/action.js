import{c as i}from"./chunk-XMFMV5TM.js";import"./chunk-SXIG4C6E.js";import"./chunk-JAKLXQBB.js";import"./chunk-QUTAATHW.js";import"./chunk-NFJDKJ6L.js";await i();
