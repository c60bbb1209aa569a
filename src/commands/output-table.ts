// Every output of an action, once: action.yml, the README's table and the report come from here.

/** One output. */
export interface OutputSpec {
  readonly name: string;
  readonly help: string;
}

/** Every output of `sign`. */
export const signOutputs = [
  {
    name: "status",
    help: "signed, partial (some files failed, or the manifest, or an upload), failed or dry-run.",
  },
  {
    name: "bundle-dir",
    help: "Folder that holds the manifest and, unless beside their files, the bundles.",
  },
  {
    name: "manifest-path",
    help: "JSON file with every result: digests, bundles, log entries, identity, failures.",
  },
  {
    name: "bundle-paths",
    help: "Paths of the bundles, one a line; the first 200, the manifest has all. A path with a line break leaves its line empty.",
  },
  {
    name: "log-indexes",
    help: "Indexes of the log entries: a line for each line of bundle-paths, several in it separated by spaces.",
  },
  { name: "verify-commands", help: "Commands that verify the bundles, one a line; the first 10." },
  { name: "certificate-identity", help: "Identity in the certificate, for verifiers." },
  { name: "certificate-oidc-issuer", help: "Issuer of that identity, for verifiers." },
] as const satisfies readonly OutputSpec[];

/** Every output of the action: what `attest` adds are those of actions/attest. */
export const attestOutputs = [
  ...signOutputs,
  {
    name: "bundle-path",
    help: "One file with all attestations, one bundle a line; empty where files were signed.",
  },
  {
    name: "attestation-id",
    help: "Id of the first attestation that this run stored in GitHub's API; empty when it stored none.",
  },
  { name: "attestation-url", help: "Its page on GitHub." },
  {
    name: "attestation-urls",
    help: "Pages of all attestations that this run stored, one a line; the first 200, the manifest has all.",
  },
  {
    name: "storage-record-ids",
    help: "Ids of the storage records that this run made, separated by commas.",
  },
  {
    name: "referrer-digests",
    help: "Digests of the artifacts beside the images, one a line in the order of the statements; empty where there is none.",
  },
  {
    name: "kyverno-policy-path",
    help: "YAML file with a Kyverno policy for each repository that admits only what this identity has signed as this run did; empty where there is none.",
  },
] as const satisfies readonly OutputSpec[];

/** Name of an output. */
export type OutputName = (typeof signOutputs)[number]["name"];
