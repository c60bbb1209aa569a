// Attestations of the test's own instance in a folder, and the verdict of `verify` about them without servers.
import { writeFile } from "node:fs/promises";
import { basename } from "node:path";
import { BundleFinder, type BundlePlace } from "../../src/commands/bundle-finder.ts";
import { findArtifacts, type Artifact } from "../../src/commands/verify-artifacts.ts";
import { verifyArtifact } from "../../src/commands/verify-artifact.ts";
import type { VerifyResult } from "../../src/commands/verify-results.ts";
import { computeDigest } from "../../src/crypto/digest.ts";
import { encodeBundle } from "../../src/sigstore/bundle.ts";
import type { AttestationRequirement, Policy } from "../../src/sigstore/policy.ts";
import { parsePredicateType } from "../../src/sigstore/predicate-types.ts";
import { identity, makeBundle, payloadOf, question } from "../sigstore/own-bundle.ts";
import { logTo, trustedRoot, v1 } from "../sigstore/own-instance.ts";

export const types = {
  provenance: "https://slsa.dev/provenance/v1",
  spdx: "https://spdx.dev/Document/v2.3",
  vex: "https://openvex.dev/ns/v0.2.0",
} as const;

export function hexOf(content: string): string {
  return Buffer.from(computeDigest("sha256", Buffer.from(content)).bytes).toString("hex");
}

/** A bundle about `subjects` (name → content), as JSON. */
export async function attest(
  predicateType: string,
  subjects: Readonly<Record<string, string>>,
  predicate: unknown = {},
): Promise<string> {
  const subject = Object.entries(subjects).map(([name, content]) => ({
    name,
    digest: { sha256: hexOf(content) },
  }));
  const text = `{"_type":"https://in-toto.io/Statement/v1","subject":${JSON.stringify(subject)},"predicateType":${JSON.stringify(predicateType)},"predicate":${typeof predicate === "string" ? predicate : JSON.stringify(predicate)}}`;
  const { payloadType } = payloadOf({});
  return encodeBundle(
    await makeBundle({ logs: [logTo(v1)] }, { payloadType, payload: Buffer.from(text) }),
  );
}

/** Requires these, by short name. */
export function requiring(...names: readonly string[]): Policy {
  return {
    identities: [identity],
    attestations: names.map((name): AttestationRequirement => {
      return { name, predicateTypes: parsePredicateType(name) };
    }),
  };
}

/** The verdict about one artifact. */
export function judge(
  artifact: Artifact,
  policy: Policy,
  place: BundlePlace = { kind: "beside" },
): Promise<VerifyResult> {
  return verifyArtifact(artifact, {
    finder: new BundleFinder(place, policy.attestations !== undefined),
    rootsFor: () => Promise.resolve([trustedRoot]),
    policy,
    key: undefined,
    now: question.now,
    signal: new AbortController().signal,
    withJson: true,
  });
}

/** The verdict about the file at `path`. */
export async function judgeFile(
  path: string,
  policy: Policy,
  place?: BundlePlace,
): Promise<VerifyResult> {
  const [artifact] = await findArtifacts([path]);
  if (artifact === undefined) throw new TypeError("no file");
  return judge(artifact, policy, place);
}

/** Writes an attestation of the file at `path` beside it: `app.spdx.sigstore.json`. */
export async function attestBeside(
  path: string,
  content: string,
  short: keyof typeof types,
): Promise<void> {
  const bundle = await attest(types[short], { [basename(path)]: content });
  await writeFile(`${path}.${short}.sigstore.json`, bundle);
}
