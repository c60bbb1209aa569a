// Every input and output of `verify`, once. Flags, action inputs, the environment, --help,
// verify/action.yml and the README's tables come from here.
import { registryInputs, requireDigestInput } from "./image-table.ts";
import type { InputSpec } from "./input-table.ts";
import type { OutputSpec } from "./output-table.ts";
import { policyInputs } from "./policy-table.ts";

const file = { type: "text", metavar: "FILE" } as const;
const boolean = { type: "boolean" } as const;

/** Every input of `verify`, in the order of the documentation. */
export const verifyInputs = [
  {
    name: "inputs",
    kind: { type: "list", metavar: "PATHS" },
    default: "",
    help: "What to verify: paths, globs (* ? ** [class]) or digests (sha256:HEX, sha384:HEX, sha512:HEX). With line breaks, one item a line, taken verbatim; otherwise words as in a shell.",
  },
  {
    name: "bundle",
    kind: file,
    default: "",
    help: "Bundle of what is verified; a .jsonl holds one a line, any of which may satisfy the policy. Without it PATH.sigstore.json, PATH.sigstore, PATH.sigstore.jsonl or PATH.jsonl is taken.",
  },
  {
    name: "bundle-dir",
    kind: { type: "text", metavar: "DIR" },
    default: "",
    help: "Folder of the bundles: found by the file's name, else by what they are about.",
  },
  {
    name: "manifest",
    kind: file,
    default: "",
    help: "Manifest of a run of sign or attest (its output manifest-path): every file in it is verified, every attestation for each of its subjects, and none may have failed. Subjects that are no files here are verified by digest, and said to be so.",
  },
  {
    name: "images",
    kind: { type: "list", metavar: "REFERENCES" },
    default: "",
    itemFlag: "image",
    help: "Images to verify: registry/repository:tag@sha256:…, or oci-layout:FOLDER, with :tag or @sha256:… where it holds several. Their signatures and attestations are looked for beside them: referrers, the index where a registry has no referrers API, and the tags of cosign 2.",
  },
  {
    name: "platform",
    kind: { type: "text", metavar: "PLATFORM" },
    default: "",
    help: "Of an index of several platforms, the image to verify (linux/amd64, linux/arm/v7), or all for every image in it, each of which must be signed itself. Without it the index is verified.",
  },
  requireDigestInput,
  ...registryInputs,
  ...policyInputs,
  {
    name: "key",
    kind: file,
    default: "",
    help: "Public key (PEM) that must have signed, for bundles made with a managed key instead of an identity.",
  },
  {
    name: "trusted-root",
    kind: file,
    default: "",
    help: "Trusted root (JSON) of your own Sigstore instance. Nobody is asked then.",
  },
  {
    name: "instance",
    kind: { type: "choice", choices: ["public-good", "staging", "github"] },
    default: "",
    help: "Sigstore instance to believe. Without it, the public-good one and GitHub's own.",
  },
  {
    name: "tuf-mirror",
    kind: { type: "text", metavar: "URL" },
    default: "",
    help: "TUF repository that publishes the trusted root of your own Sigstore instance. Needs tuf-root.",
  },
  {
    name: "tuf-root",
    kind: file,
    default: "",
    help: "First root (root.json) of the repository of tuf-mirror, from which all of it is proven. Needs tuf-mirror.",
  },
  {
    name: "offline",
    kind: boolean,
    default: "false",
    help: "Ask nobody: use trust that is cached or embedded, and say how old it is.",
  },
  {
    name: "concurrency",
    kind: { type: "integer", min: 1, max: 256 },
    default: "8",
    help: "Files in flight at once.",
  },
  {
    name: "allow-insecure-hosts",
    kind: { type: "list", metavar: "HOSTS" },
    default: "",
    help: "Hosts (host or host:port, exact) of your own TUF mirror that may be asked over plain http. Loopback always may.",
  },
  {
    name: "ca-file",
    kind: file,
    default: "",
    help: "PEM file of certificate authorities to trust for https besides the usual ones.",
  },
  {
    name: "results-path",
    kind: file,
    default: "",
    help: "Writes all results as JSON there. The action writes them to a new file in the runner's temporary folder unless told where.",
  },
  {
    name: "show-summary",
    kind: boolean,
    default: "true",
    help: "Write who signed what, where and when to the job's summary page.",
  },
] as const satisfies readonly InputSpec[];

/** Name of an input of `verify`. */
export type VerifyInputName = (typeof verifyInputs)[number]["name"];

/** Every output of `verify`. Those about the signer are empty unless all files have the same one. */
export const verifyOutputs = [
  { name: "verified", help: "true when everything was verified, else false." },
  {
    name: "identity",
    help: "Identity that signed, from the certificate; empty unless it is the same for everything, and with a key.",
  },
  { name: "issuer", help: "Issuer of that identity; empty as identity is." },
  {
    name: "repository",
    help: "Source repository, as the certificate names it; empty unless it is the same for everything.",
  },
  {
    name: "commit",
    help: "Commit of the source, from the certificate; empty unless it is the same for everything.",
  },
  {
    name: "images",
    help: "Verified images by digest, one a line (registry/repository@sha256:…), so that what is deployed is what was verified; empty unless everything was verified.",
  },
  {
    name: "results-path",
    help: "JSON file with every result: all that is proven, every step, and the reasons of refusals.",
  },
] as const satisfies readonly OutputSpec[];

/** Name of an output of `verify`. */
export type VerifyOutputName = (typeof verifyOutputs)[number]["name"];
