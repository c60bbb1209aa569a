import{a as u}from"./chunk-KXFKSMTH.js";import{a as c}from"./chunk-4E7ZWTLR.js";import{a as f}from"./chunk-ZMI7PLUO.js";import{a as l}from"./chunk-HXSF2XPZ.js";import"./chunk-INEZHFKV.js";import"./chunk-C3JCBADJ.js";import"./chunk-QIU7R6BT.js";import"./chunk-Y4PXU5G7.js";import"./chunk-NMNGFZRH.js";import"./chunk-OOQVOQ7G.js";import"./chunk-MPVIVENA.js";import"./chunk-XLSABVQT.js";import"./chunk-IW4YCWIG.js";import"./chunk-6LCRIQ6I.js";import"./chunk-CHIH5SRM.js";import"./chunk-7ZHAEOJ2.js";import"./chunk-6U2MQGCH.js";import"./chunk-O4724WIC.js";import"./chunk-FDY4JJWT.js";import"./chunk-M737P76V.js";import"./chunk-BMRWAWJG.js";import{ia as m,ja as d,m as o,n as p}from"./chunk-TRHJUEUJ.js";import"./chunk-NFJDKJ6L.js";function g(){return`sigstep attest: say how files were made, and what is in them, signed by this job

Usage:
  sigstep attest [FLAGS] PATH\u2026

PATH is a file, folder or glob (quoted). Without further flags the attestation is SLSA
provenance of this job; SBOMs and other predicates come by flags, any number at once.

Example:
  sigstep attest --dry-run true --sbom-path app.spdx.json dist/app.tar.gz

Flags (every one may also come from the environment, as SIGSTEP_NAME):
${o.map(d).join("")}
  --json
      Print the results as JSON on standard output; all else goes to standard error.
  --help

Exit code: 0 all attested; 1 something failed; 2 bad input, nothing was sent.
`}async function H(h,t,s){let e=m(h,o);if(e.help)return s.print(g()),0;let{artifactsList:b}=t.job,r={paths:e.paths,artifactsList:b,jobFolder:void 0},a=p(e,t,"subject-path"),n=u(a,r),i=n===void 0?await l(f(a,r),t):await(await import("./image-run-ADBMEVKR.js")).runImages(n,t);return e.json&&s.print(t.runner.redact(c(i))),i.exitCode}export{H as attestCommand};
