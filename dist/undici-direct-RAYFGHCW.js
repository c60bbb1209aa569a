import{j as a}from"./chunk-WXOP7F2Y.js";import"./chunk-TRHJUEUJ.js";import"./chunk-NFJDKJ6L.js";var export_Agent=a.default;export{export_Agent as Agent};
