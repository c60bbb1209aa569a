#!/usr/bin/env node
if(Number(process.versions.node.split(".",1)[0])<24)process.stderr.write(`sigstep needs Node 24 or newer, and this is ${process.versions.node}.
Run it with that Node, for example in the image node:24.
`),process.exitCode=2;else{let{runCli:e}=await import("./entry-OZWE6BUC.js");await e()}
