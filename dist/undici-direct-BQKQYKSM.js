import{j as a}from"./chunk-DX3RR5HB.js";import"./chunk-NFJDKJ6L.js";var export_Agent=a.default;export{export_Agent as Agent};
