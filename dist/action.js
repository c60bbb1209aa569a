import{b as i}from"./chunk-C5DEYHKG.js";import"./chunk-RBMG6SQG.js";import"./chunk-27JYLWIA.js";import"./chunk-U4EJSH6E.js";import"./chunk-VUJKWCT3.js";await i();
