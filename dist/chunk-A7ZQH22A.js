import{ja as s,k as e}from"./chunk-TRHJUEUJ.js";var n=`sigstep: keyless signing and verification in one CI step

Usage:
  sigstep sign PATH\u2026     sign files; each gets PATH.sigstore.json
  sigstep attest PATH\u2026   attest how they were made, their SBOMs and other predicates
  sigstep verify PATH\u2026   prove who signed files, where and when
  sigstep inspect BUNDLE show what a bundle says, without believing it
  sigstep demo [FILE]    try it with a Sigstore of its own, without network
  sigstep COMMAND --help

Example:
  sigstep demo
`;function o(){return`sigstep sign: sign files with this job's own identity

Usage:
  sigstep sign [FLAGS] PATH\u2026

PATH is a file or a glob (* ? ** [class], quoted). Each file gets a Sigstore bundle,
PATH.sigstore.json, that cosign, sigstore-python and other clients verify.

Example:
  sigstep sign --dry-run true dist/app.tar.gz

Flags (every one may also come from the environment, as SIGSTEP_NAME):
${e.map(s).join("")}
  --json
      Print the results as JSON on standard output; all else goes to standard error.
  --help

Exit code: 0 all signed; 1 something failed; 2 bad input, nothing was sent.
`}export{n as a,o as b};
