import{c as i}from"./chunk-AWG3BEQV.js";import"./chunk-2QXPUODU.js";import"./chunk-JAKLXQBB.js";import"./chunk-QUTAATHW.js";import"./chunk-NFJDKJ6L.js";await i();
