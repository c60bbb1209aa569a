// The policy that the inputs of `verify` make. Whatever is given is asked; what contradicts itself is
// refused, and so is no policy at all.
import { SigstepError } from "../errors.ts";
import type { FulcioExtensionName } from "../sigstore/fulcio-extensions.ts";
import { requireMeaningful, type IdentityPolicy, type Policy } from "../sigstore/policy.ts";
import { InputReader, type InputSource } from "./input-reader.ts";
import { parseMaxAge } from "./max-age.ts";
import { conflict, parseSigner, type ExtensionText } from "./policy-signer.ts";
import { parseStatementPolicy } from "./policy-statement-flags.ts";
import { policyInputs, type PolicyInputName } from "./policy-table.ts";

export { policyInputs } from "./policy-table.ts";

/** A policy, or the file that holds one. */
export type PolicyRequest =
  | { readonly kind: "policy"; readonly policy: Policy }
  | { readonly kind: "file"; readonly path: string; readonly keyed: boolean };

type Reader = InputReader<PolicyInputName>;

/**
 * What the inputs ask for. The input `key` is looked at only to know that there is one.
 *
 * @throws SigstepError POLICY_INVALID, INPUT_VALUE
 */
export function parsePolicyRequest(source: InputSource): PolicyRequest {
  const inputs: Reader = new InputReader(source, policyInputs);
  const keyed = (source("key") ?? "") !== "";
  const path = inputs.text("policy");
  const given = policyInputs.map(({ name }) => name).filter((name) => inputs.given(name));
  if (path !== undefined) {
    const other = given.find((name) => name !== "policy");
    if (other !== undefined) throw conflict("Input policy", `input ${other}`);
    return { kind: "file", path, keyed };
  }
  const signer = given.find((name) => !statementInputs.has(name));
  if (keyed && signer !== undefined) throw conflict("Input key", `input ${signer}`);
  if (!keyed && signer === undefined) throw noPolicy();
  const policy = parsePolicy(inputs, keyed);
  requireMeaningful(policy, keyed);
  return { kind: "policy", policy };
}

/**
 * The policy of a request; a file is read.
 *
 * @throws SigstepError POLICY_INVALID
 */
export async function readPolicy(request: PolicyRequest): Promise<Policy> {
  if (request.kind === "policy") return request.policy;
  // YAML costs time to load, and most runs have none.
  const { readPolicyFile } = await import("./policy-file.ts");
  return await readPolicyFile(request.path, request.keyed);
}

/** Inputs that say nothing of the signer, and go with a key as well. */
const statementInputs: ReadonlySet<PolicyInputName> = new Set<PolicyInputName>([
  "predicate-type",
  "require-predicate",
  "builder-id",
  "check-provenance",
  "max-age",
]);

function noPolicy(): SigstepError {
  return new SigstepError("POLICY_INVALID", "Nothing says whose signatures to accept.", {
    where: "policy",
    hint: "Give --repo OWNER/NAME (GitHub) or --project GROUP/NAME (GitLab); or --certificate-identity with --certificate-oidc-issuer; or --policy FILE; or --key FILE. In a workflow the same names, as in `repo: OWNER/NAME`.",
  });
}

function parsePolicy(inputs: Reader, keyed: boolean): Policy {
  const maxAge = inputs.text("max-age");
  return {
    identities: keyed ? [] : [parseIdentity(inputs)],
    ...parseStatementPolicy(inputs),
    ...(inputs.boolean("check-provenance") ? {} : { ignoresProvenanceClaims: true }),
    ...(maxAge === undefined ? {} : { maxAgeMs: parseMaxAge(maxAge, "Input max-age") }),
  };
}

const signerInputs = {
  repository: "repo",
  project: "project",
  issuer: "certificate-oidc-issuer",
  identity: "certificate-identity",
  identityPattern: "certificate-identity-regexp",
  signerWorkflow: "signer-workflow",
} as const satisfies Record<string, PolicyInputName>;

const extensionInputs = {
  sourceRepositoryRef: "source-ref",
  sourceRepositoryDigest: "source-commit",
  sourceRepositoryIdentifier: "repository-id",
  sourceRepositoryOwnerIdentifier: "owner-id",
  buildTrigger: "trigger",
  runnerEnvironment: "runner-environment",
} as const satisfies Partial<Record<FulcioExtensionName, PolicyInputName>>;

const inputNames: ReadonlyMap<string, PolicyInputName> = new Map(
  Object.entries({ ...signerInputs, ...extensionInputs }),
);

function parseIdentity(inputs: Reader): IdentityPolicy {
  const read = (name: PolicyInputName): ExtensionText | undefined => {
    const text = inputs.text(name);
    return text === undefined ? undefined : { text, isPattern: false };
  };
  const texts = {
    repository: inputs.text(signerInputs.repository),
    project: inputs.text(signerInputs.project),
    issuer: inputs.text(signerInputs.issuer),
    identity: inputs.text(signerInputs.identity),
    identityPattern: inputs.text(signerInputs.identityPattern),
    signerWorkflow: inputs.text(signerInputs.signerWorkflow),
    extensions: new Map(
      [...extensionEntries()].flatMap(([extension, name]) => {
        const text = read(name);
        return text === undefined ? [] : [[extension, text] as const];
      }),
    ),
  };
  return parseSigner(texts, (key) => `Input ${inputNames.get(key) ?? key}`);
}

function extensionEntries(): readonly (readonly [FulcioExtensionName, PolicyInputName])[] {
  return [
    ["sourceRepositoryRef", extensionInputs.sourceRepositoryRef],
    ["sourceRepositoryDigest", extensionInputs.sourceRepositoryDigest],
    ["sourceRepositoryIdentifier", extensionInputs.sourceRepositoryIdentifier],
    ["sourceRepositoryOwnerIdentifier", extensionInputs.sourceRepositoryOwnerIdentifier],
    ["buildTrigger", extensionInputs.buildTrigger],
    ["runnerEnvironment", extensionInputs.runnerEnvironment],
  ];
}
