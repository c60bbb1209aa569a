// Every input of `attest` besides those that all signing runs have: names, kinds and rules of actions/attest
// where it has them, so that its users change one line.
import type { InputKind, InputSpec } from "./input-table.ts";

const file: InputKind = { type: "text", metavar: "FILE" };
const boolean: InputKind = { type: "boolean" };

/** What is attested, what is said of it, and where it goes. */
export const attestOwnInputs = [
  {
    name: "subject-path",
    kind: { type: "text", metavar: "PATHS" },
    default: "",
    help: "Files to attest: paths, globs or folders, separated by commas or line breaks; ! takes some out again.",
  },
  {
    name: "subject-digest",
    kind: { type: "text", metavar: "ALGORITHM:HEX" },
    default: "",
    help: "Digest of the one subject, sha224 to sha512. Needs subject-name.",
  },
  {
    name: "subject-name",
    kind: { type: "text", metavar: "NAME" },
    default: "",
    help: "Name of the subject: for subject-digest, or instead of the file's own.",
  },
  {
    name: "subject-checksums",
    kind: { type: "text", metavar: "FILE" },
    default: "",
    help: "File of checksums as sha256sum and its like write, or its text.",
  },
  {
    name: "subject-manifest",
    kind: file,
    default: "",
    help: "Manifest of an earlier sigstep step: what it signed is attested.",
  },
  {
    name: "statement-path",
    kind: file,
    default: "",
    help: "File with a whole in-toto statement, signed byte by byte as it is. Instead of every input for subjects and predicates.",
  },
  {
    name: "sbom-path",
    kind: { type: "text", metavar: "FILES" },
    default: "",
    help: "SBOMs to attest, separated by commas or line breaks: SPDX 2.2, 2.3 and 3.0 or CycloneDX 1.4 to 1.7, in JSON.",
  },
  {
    name: "sbom-type-uri",
    kind: { type: "choice", choices: ["gh", "cosign"] },
    default: "gh",
    help: "Type under which SPDX is attested: with its version as gh and actions/attest look for it, or without as cosign --type spdxjson does.",
  },
  {
    name: "predicate-type",
    kind: { type: "text", metavar: "TYPE" },
    default: "",
    help: "Type of predicate or predicate-path: a URI or a short name (vuln, openvex, vsa, test-result, …).",
  },
  {
    name: "predicate",
    kind: { type: "text", metavar: "JSON" },
    default: "",
    help: "Predicate, a JSON object.",
  },
  { name: "predicate-path", kind: file, default: "", help: "File with the predicate." },
  {
    name: "predicates",
    kind: { type: "text", metavar: "YAML" },
    default: "",
    help: "Several predicates in one step: a YAML list of type, path (or predicate) and subjects. Types are also provenance and sbom.",
  },
  {
    name: "provenance-inputs",
    kind: boolean,
    default: "false",
    help: "Put the workflow's inputs into the provenance. They are the job's own word: the identity token says nothing of them.",
  },
  {
    name: "single-subject-attestations",
    kind: boolean,
    default: "false",
    help: "One attestation for each subject instead of one for all.",
  },
  {
    name: "oversize",
    kind: { type: "choice", choices: ["fail", "reference"] },
    default: "fail",
    help: "What to do with a predicate above 16 MiB: fail, or sign its digest and oversize-location.",
  },
  {
    name: "oversize-location",
    kind: { type: "text", metavar: "URL" },
    default: "",
    help: "Where anyone can get that predicate (https).",
  },
  {
    name: "max-envelope-size",
    kind: { type: "integer", min: 1, max: 134_217_728 },
    default: "33554432",
    help: "Bytes of an envelope that Rekor v1 is sent; larger ones are refused before anything is public.",
  },
  {
    name: "bundle-dir",
    kind: { type: "text", metavar: "DIR" },
    default: "",
    help: "Folder for the bundles, made when missing. Without it a fresh folder of the job, or on a command line the subjects' own.",
  },
  {
    name: "bundle-name",
    kind: { type: "text", metavar: "NAME" },
    default: "attestation",
    help: "Name of the bundles of attestations about several subjects.",
  },
  {
    name: "private-signing",
    kind: boolean,
    default: "false",
    help: "Use GitHub's own Sigstore instance, as for private repositories: nothing becomes public.",
  },
  {
    name: "github-attestations",
    kind: { type: "choice", choices: ["auto", "always", "never"] },
    default: "auto",
    help: "Whether GitHub's attestations API keeps the bundles, where gh attestation verify finds them. auto: in a job on GitHub with a github-token, for bundles of the public-good or GitHub's instance, where the repository has the feature.",
  },
  {
    name: "create-storage-record",
    kind: boolean,
    default: "false",
    help: "Note with the repository's organisation where an image lies: the one subject, its subject-name with registry, already pushed. Needs artifact-metadata: write; what goes wrong is a notice.",
  },
  {
    name: "subject-version",
    kind: { type: "text", metavar: "VERSION" },
    default: "",
    help: "Version of the subject, for the storage record.",
  },
  {
    name: "push-to-registry",
    kind: boolean,
    default: "false",
    help: "Attach the attestation to the image in its registry. Not offered yet: true is refused before anything is public.",
  },
] as const satisfies readonly InputSpec[];
