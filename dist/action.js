import{b as i}from"./chunk-ZAFTPRU6.js";import"./chunk-NFPR4AUX.js";import"./chunk-JAKLXQBB.js";import"./chunk-QUTAATHW.js";import"./chunk-NFJDKJ6L.js";await i();
