import{j as a}from"./chunk-CV7DWVVZ.js";import"./chunk-5X2ZJBGC.js";var export_Agent=a.default;export{export_Agent as Agent};
