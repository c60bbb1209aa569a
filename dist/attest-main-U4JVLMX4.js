import{a as p}from"./chunk-W3TR6326.js";import{a as m}from"./chunk-RX4MZCYF.js";import"./chunk-OCEDW5AV.js";import{a as d}from"./chunk-B22GLDVS.js";import"./chunk-ANTH3DBH.js";import"./chunk-MNYD4IJT.js";import"./chunk-OFHBHQWW.js";import"./chunk-URZB4HWW.js";import"./chunk-NJATCCXI.js";import"./chunk-M737P76V.js";import"./chunk-AP4SF7Z5.js";import{aa as n,ba as i,i as o,j as a}from"./chunk-SUF3U7XD.js";import"./chunk-NFJDKJ6L.js";function l(){return`sigstep attest: say how files were made, and what is in them, signed by this job

Usage:
  sigstep attest [FLAGS] PATH\u2026

PATH is a file, folder or glob (quoted). Without further flags the attestation is SLSA
provenance of this job; SBOMs and other predicates come by flags, any number at once.

Example:
  sigstep attest --dry-run true --sbom-path app.spdx.json dist/app.tar.gz

Flags (every one may also come from the environment, as SIGSTEP_NAME):
${o.map(i).join("")}
  --json
      Print the results as JSON on standard output; all else goes to standard error.
  --help

Exit code: 0 all attested; 1 something failed; 2 bad input, nothing was sent.
`}async function C(f,t,s){let e=n(f,o);if(e.help)return s.print(l()),0;let{artifactsList:u}=t.job,h={paths:e.paths,artifactsList:u,jobFolder:void 0},r=await m(p(a(e,t,"subject-path"),h),t);return e.json&&s.print(t.runner.redact(d(r))),r.exitCode}export{C as attestCommand};
