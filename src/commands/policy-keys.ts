// Every key of a policy file, once. The reader takes no other, and docs/policy.schema.json has the same.
import type { FulcioExtensionName } from "../sigstore/fulcio-extensions.ts";

/** Keys of the file itself. */
export const policyKeys = [
  "version",
  "identities",
  "predicateTypes",
  "provenance",
  "attestations",
  "maxAge",
  "require",
] as const;

/** Keys of `provenance`; each has a sister with `Pattern` after its name. */
export const provenanceKeys = ["builderId", "source", "buildType", "inputs"] as const;

/** Keys of an item of `attestations`. */
export const attestationKeys = ["type", "provenance"] as const;

/** Keys of `require`. */
export const requireKeys = ["log", "timestamp", "sct"] as const;

/** Keys of an identity that are no extensions. */
export const signerKeys = [
  "repository",
  "project",
  "issuer",
  "issuerPattern",
  "identity",
  "identityPattern",
  "signerWorkflow",
] as const;

/** Extensions that a policy may name: key → extension. */
export const extensionKeys = {
  sourceRepositoryUri: "sourceRepositoryUri",
  sourceRepositoryRef: "sourceRepositoryRef",
  sourceRepositoryDigest: "sourceRepositoryDigest",
  sourceRepositoryIdentifier: "sourceRepositoryIdentifier",
  sourceRepositoryOwnerUri: "sourceRepositoryOwnerUri",
  sourceRepositoryOwnerIdentifier: "sourceRepositoryOwnerIdentifier",
  buildSignerUri: "buildSignerUri",
  buildSignerDigest: "buildSignerDigest",
  buildConfigUri: "buildConfigUri",
  buildConfigDigest: "buildConfigDigest",
  buildTrigger: "buildTrigger",
  runnerEnvironment: "runnerEnvironment",
  runInvocationUri: "runInvocationUri",
  visibility: "sourceRepositoryVisibilityAtSigning",
  deploymentEnvironment: "deploymentEnvironment",
  tokenSubject: "tokenSubject",
} as const satisfies Record<string, FulcioExtensionName>;

/** Extensions of which a pattern makes sense: a number or a commit is one or another. */
const patterned = [
  "sourceRepositoryUri",
  "sourceRepositoryRef",
  "sourceRepositoryOwnerUri",
  "buildSignerUri",
  "buildConfigUri",
  "buildTrigger",
  "runInvocationUri",
  "deploymentEnvironment",
  "tokenSubject",
] as const satisfies readonly (keyof typeof extensionKeys)[];

/** What a key of an identity is about. */
export interface ExtensionKey {
  readonly extension: FulcioExtensionName;
  readonly isPattern: boolean;
}

/** Every key of an identity that is about an extension. */
export const extensionsByKey: ReadonlyMap<string, ExtensionKey> = new Map<string, ExtensionKey>([
  ...Object.entries(extensionKeys).map(
    ([key, extension]) => [key, { extension, isPattern: false }] as const,
  ),
  ...patterned.map(
    (key) => [`${key}Pattern`, { extension: extensionKeys[key], isPattern: true }] as const,
  ),
]);

/** Every key of an identity. */
export const identityKeys: readonly string[] = [...signerKeys, ...extensionsByKey.keys()];
