import{c as i}from"./chunk-CBHPWG2C.js";import"./chunk-FH6IAKBS.js";import"./chunk-JAKLXQBB.js";import"./chunk-QUTAATHW.js";import"./chunk-NFJDKJ6L.js";await i();
