function r(n){return Buffer.from(JSON.stringify(n),"utf8")}export{r as a};
