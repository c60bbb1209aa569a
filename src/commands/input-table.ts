// Every input, once: its name, what it takes, its default and its help.
// Flags, action inputs, the environment, --help, action.yml and the README's table come from here.

import { imageInputs } from "./image-table.ts";

/** What a value must look like. */
export type InputKind =
  | { readonly type: "text"; readonly metavar: string }
  | { readonly type: "list"; readonly metavar: string }
  | { readonly type: "boolean" }
  | { readonly type: "choice"; readonly choices: readonly string[] }
  | { readonly type: "integer"; readonly min: number; readonly max: number };

/** One input. */
export interface InputSpec {
  readonly name: string;
  readonly kind: InputKind;
  /** As a user would write it; empty when there is none. */
  readonly default: string;
  /** One or two sentences, plain text. */
  readonly help: string;
  /** Of a list: the flag that gives one item, any number of times. */
  readonly itemFlag?: string;
  /** Given as action input, environment or file, never as a flag: arguments are visible to others. */
  readonly secret?: true;
  /** What action.yml gives where the step says nothing: for what only an expression can tell. */
  readonly actionDefault?: string;
}

const file: InputKind = { type: "text", metavar: "FILE" };
const boolean: InputKind = { type: "boolean" };

/** What every run that signs takes: services, identity, limits. */
export const runInputs = [
  {
    name: "signing-config",
    kind: file,
    default: "",
    help: "Signing config (JSON, v0.2) of your own Sigstore instance. Needs trusted-root.",
  },
  {
    name: "trusted-root",
    kind: file,
    default: "",
    help: "Trusted root (JSON) of your own Sigstore instance. Needs signing-config.",
  },
  {
    name: "instance",
    kind: { type: "choice", choices: ["public-good", "staging", "github"] },
    default: "public-good",
    help: "Sigstore instance to use when no files of your own are given. github is GitHub's own, for its workflows alone: no log, nothing public.",
  },
  {
    name: "tuf-mirror",
    kind: { type: "text", metavar: "URL" },
    default: "",
    help: "TUF repository that publishes signing config and trusted root of your own Sigstore instance. Needs tuf-root.",
  },
  {
    name: "tuf-root",
    kind: file,
    default: "",
    help: "First root (root.json) of the repository of tuf-mirror, from which all of it is proven. Needs tuf-mirror.",
  },
  {
    name: "rekor-version",
    kind: { type: "choice", choices: ["1", "2"] },
    default: "1",
    help: "Version of the public-good log. Of any other instance its signing config decides.",
  },
  {
    name: "identity-token",
    kind: { type: "text", metavar: "TOKEN" },
    default: "",
    help: "OIDC identity token to use instead of the job's own.",
    secret: true,
  },
  {
    name: "identity-token-file",
    kind: file,
    default: "",
    help: "File that holds the OIDC identity token to use instead of the job's own.",
  },
  {
    name: "audience",
    kind: { type: "text", metavar: "NAME" },
    default: "sigstore",
    help: "Audience of the identity token.",
  },
  {
    name: "retry-budget",
    kind: { type: "integer", min: 0, max: 3600 },
    default: "300",
    help: "Seconds to keep trying a service since it last answered well.",
  },
  {
    name: "concurrency",
    kind: { type: "integer", min: 1, max: 1024 },
    default: "",
    help: "Files in flight at once: 32 with Rekor v1 and 256 with Rekor v2 unless set; lowered while a service answers 429.",
  },
  {
    name: "force",
    kind: boolean,
    default: "false",
    help: "Sign again where a valid bundle of this identity is already there.",
  },
  {
    name: "allow-public-log",
    kind: boolean,
    default: "false",
    help: "Let a repository that is not public use the public Sigstore, which publishes its name, workflow, commit and the files' digests for ever.",
  },
  {
    name: "allow-insecure-hosts",
    kind: { type: "list", metavar: "HOSTS" },
    default: "",
    help: "Hosts (host or host:port, exact) of your own instance that may be asked over plain http. Loopback always may.",
  },
  {
    name: "ca-file",
    kind: file,
    default: "",
    help: "PEM file of certificate authorities to trust for https besides the usual ones.",
  },
  {
    name: "dry-run",
    kind: boolean,
    default: "false",
    help: "Print what would be signed and what would become public, ask nobody and stop.",
  },
  {
    name: "show-summary",
    kind: boolean,
    default: "true",
    help: "Write a table of the results to the job's summary page.",
  },
] as const satisfies readonly InputSpec[];

/** Where bundles go besides their files, whatever is signed: nothing is uploaded that is not asked for. */
export const storeInputs = [
  {
    name: "github-token",
    kind: { type: "text", metavar: "TOKEN" },
    default: "",
    help: "Token for GitHub's API. The action takes the job's own when the step gives none.",
    secret: true,
    actionDefault: "${{ github.token }}",
  },
  {
    name: "release-tag",
    kind: { type: "text", metavar: "TAG" },
    default: "",
    help: "Release, draft or published, that the bundles are added to as assets. What it has already is left alone.",
  },
  {
    name: "upload-release-assets",
    kind: { type: "choice", choices: ["auto", "true", "false"] },
    default: "auto",
    help: "Add the bundles to a release as assets. auto: when release-tag names one. true: without release-tag, to the one that started the workflow.",
  },
  {
    name: "upload-artifact",
    kind: { type: "text", metavar: "NAME" },
    default: "",
    help: "Keep bundles and manifest as an artifact of the workflow run, by this name; true names it sigstep-bundles-JOB.",
  },
] as const satisfies readonly InputSpec[];

/** Every input of `sign`, in the order of the documentation. */
export const signInputs = [
  {
    name: "inputs",
    kind: { type: "list", metavar: "PATHS" },
    default: "",
    help: "Files to sign: paths or globs (* ? ** [class]). With line breaks, one item a line, taken verbatim; otherwise words as in a shell. A path that exists is taken literally.",
  },
  {
    name: "bundle-dir",
    kind: { type: "text", metavar: "DIR" },
    default: "",
    help: "Folder for the bundles, made when missing. Without it each bundle stands beside its file.",
  },
  ...imageInputs,
  ...storeInputs,
  ...runInputs,
] as const satisfies readonly InputSpec[];

/** Name of an input of every run. */
export type RunInputName = (typeof runInputs)[number]["name"];

/** Name of an input that says where bundles go. */
export type StoreInputName = (typeof storeInputs)[number]["name"];

/** Name of an input. */
export type InputName = (typeof signInputs)[number]["name"];

/** What an input takes, in a word or two for the documentation. */
export function describeKind(kind: InputKind): string {
  switch (kind.type) {
    case "boolean":
      return "true or false";
    case "choice":
      return kind.choices.join(" or ");
    case "integer":
      return `${kind.min} to ${kind.max}`;
    case "text":
    case "list":
      return kind.metavar;
  }
}
