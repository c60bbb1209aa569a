import{j as a}from"./chunk-QTREESIL.js";import"./chunk-VUJKWCT3.js";var export_Agent=a.default;export{export_Agent as Agent};
