import{a}from"./chunk-NCZCTAGE.js";import"./chunk-ANTH3DBH.js";import"./chunk-MNYD4IJT.js";import"./chunk-OFHBHQWW.js";import"./chunk-SUF3U7XD.js";import"./chunk-NFJDKJ6L.js";export{a as sign};
