// Policy files: YAML, version 1, described in docs/policy.md and docs/policy.schema.json. Every key is
// enforced or refused; errors name file, line and column.
import { quote, SigstepError, systemCode } from "../errors.ts";
import type { FulcioExtensionName } from "../sigstore/fulcio-extensions.ts";
import {
  requireMeaningful,
  type IdentityPolicy,
  type Policy,
  type RequiredServices,
} from "../sigstore/policy.ts";
import { parsePredicateType } from "../sigstore/predicate-types.ts";
import { readSmallFile } from "../subjects/small-file.ts";
import { parseMaxAge } from "./max-age.ts";
import { readAttestations, readProvenance } from "./policy-file-statements.ts";
import { extensionsByKey, identityKeys, policyKeys, requireKeys } from "./policy-keys.ts";
import { itemsOf, placed, PolicyMap, present, textOf } from "./policy-map.ts";
import { conflict, parseSigner, type ExtensionText } from "./policy-signer.ts";
import { parsePolicyYaml, refuseAt, type YamlValue } from "./policy-yaml.ts";

const maxBytes = 256 * 1024;
const maxIdentities = 100;
const maxTypes = 50;

/**
 * The policy in the file at `path`.
 *
 * @param keyed - Whether a key is trusted: then the file names no identities.
 * @throws SigstepError POLICY_INVALID
 */
export async function readPolicyFile(path: string, keyed = false): Promise<Policy> {
  let bytes: Uint8Array;
  try {
    bytes = await readSmallFile(path, maxBytes);
  } catch (error) {
    throw new SigstepError(
      "POLICY_INVALID",
      `Policy file ${quote(path)} cannot be read (${systemCode(error)}).`,
      {
        where: path,
        hint: "Check the path: it is relative to the working directory.",
        cause: error,
      },
    );
  }
  return parsePolicyFile(bytes, path, keyed);
}

/**
 * The policy that `bytes` describe.
 *
 * @param label - The file's path, for messages.
 * @throws SigstepError POLICY_INVALID, also for a policy that would accept anyone
 */
export function parsePolicyFile(bytes: Uint8Array, label: string, keyed = false): Policy {
  const file = new PolicyMap(parsePolicyYaml(bytes, label), policyKeys);
  const version = file.text("version");
  if (version !== "1") {
    const found = version === undefined ? "no version" : `version ${quote(version, 20)}`;
    throw refuseAt((file.get("version") ?? file.value).place, found, "Begin with: version: 1");
  }
  const maxAgeMs = file.read("maxAge", (text) => parseMaxAge(text, "maxAge"));
  const policy = {
    identities: readIdentities(file.get("identities")),
    ...present("predicateTypes", readPredicateTypes(file.get("predicateTypes"))),
    ...present("provenance", readProvenance(file.get("provenance"))),
    ...present("attestations", readAttestations(file)),
    ...present("maxAgeMs", maxAgeMs),
    ...present("required", readRequired(file.get("require"))),
  };
  file.placed("identities", () => requireMeaningful(policy, keyed));
  return policy;
}

function readIdentities(value: YamlValue | undefined): IdentityPolicy[] {
  if (value === undefined) return [];
  return itemsOf(value, "identities", maxIdentities).map((item) => {
    const map = new PolicyMap(item, identityKeys);
    const identity = map.placed("", () => readIdentity(map));
    // Here, where the place of each is known.
    map.placed("", () => requireMeaningful({ identities: [identity] }));
    return identity;
  });
}

function readIdentity(map: PolicyMap): IdentityPolicy {
  const extensions = new Map<FulcioExtensionName, ExtensionText>();
  for (const [key, { extension, isPattern }] of extensionsByKey) {
    const text = map.text(key);
    if (text === undefined) continue;
    if (extensions.has(extension)) throw conflict(key.replace(/Pattern$/, ""), key);
    extensions.set(extension, { text, isPattern });
  }
  const texts = {
    repository: map.text("repository"),
    project: map.text("project"),
    issuer: map.text("issuer"),
    issuerPattern: map.text("issuerPattern"),
    identity: map.text("identity"),
    identityPattern: map.text("identityPattern"),
    signerWorkflow: map.text("signerWorkflow"),
    extensions,
  };
  return parseSigner(texts, (key) => key);
}

function readPredicateTypes(value: YamlValue | undefined): string[] | undefined {
  if (value === undefined) return undefined;
  const types = itemsOf(value, "predicateTypes", maxTypes).flatMap((item) => {
    const text = textOf(item, "a predicate type");
    return placed(item.place, () => parsePredicateType(text));
  });
  return [...new Set(types)];
}

function readRequired(value: YamlValue | undefined): RequiredServices | undefined {
  if (value === undefined) return undefined;
  const map = new PolicyMap(value, requireKeys);
  return {
    ...present("logs", readCount(map, "log")),
    ...present("timestamps", readCount(map, "timestamp")),
    ...present("scts", readCount(map, "sct")),
  };
}

function readCount(map: PolicyMap, name: string): number | undefined {
  return map.read(name, (text) => {
    if (/^[0-9]$/.test(text)) return Number(text);
    throw new SigstepError(
      "POLICY_INVALID",
      `${name} ${quote(text, 20)} is no number from 0 to 9.`,
    );
  });
}
