import{j as a}from"./chunk-WFUGAT7I.js";import"./chunk-ZJTHEJUC.js";var export_Agent=a.default;export{export_Agent as Agent};
