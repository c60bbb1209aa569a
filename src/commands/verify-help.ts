import { describeFlag } from "./help-flags.ts";
import { verifyInputs } from "./verify-table.ts";

/** Help of `verify`. */
export function verifyHelp(): string {
  return `sigstep verify: prove who signed files and images, where and when

Usage:
  sigstep verify [FLAGS] PATH…|sha256:HEX…
  sigstep verify [FLAGS] --image REFERENCE…

PATH is a file or a glob (* ? ** [class], quoted). Its bundle is PATH.sigstore.json unless
--bundle or --bundle-dir says otherwise. Say whose signature counts: --repo or --project, or
--certificate-identity with --certificate-oidc-issuer, or --policy, or --key.

REFERENCE is an image in a registry, or oci-layout:FOLDER. Its signatures and attestations
are where it is; nobody but its registry is asked for them, and for a folder nobody at all.

Example:
  sigstep verify dist/app.tar.gz --repo acme/widget
  sigstep verify --image ghcr.io/acme/app@sha256:HEX --repo acme/widget

Attestations that must all be there, each by some bundle:
  sigstep verify dist/app.tar.gz --repo acme/widget --require-predicate "provenance sbom"

Flags (every one may also come from the environment, as SIGSTEP_NAME):
${verifyInputs.map(describeFlag).join("")}
  --json
      Print all that is proven as JSON on standard output; all else goes to standard error.
  --help

Exit code: 0 all verified; 1 something was refused, or its bundle is missing or cannot be
read; 2 bad input: no policy, or one that contradicts itself.
`;
}
