import{a}from"./chunk-Y4PXU5G7.js";import"./chunk-IW4YCWIG.js";import"./chunk-TRHJUEUJ.js";import"./chunk-NFJDKJ6L.js";export{a as deliver};
