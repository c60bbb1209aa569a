import"./chunk-3RNHDNP5.js";function n(o,r,e){return r.runner.info(o.join(" ")),e.print(""),Promise.resolve(1)}export{n as demo};
