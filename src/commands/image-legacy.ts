// cosign 2's tags for what we sign: an attestation is the same envelope and log entry over again; a signature
// is one more, over another payload. sigstore/cosign v2: pkg/oci/static/options.go, pkg/cosign/bundle.
import { encodePem } from "../encoding/pem.ts";
import { encodeBase64, encodeHex } from "../encoding/base64.ts";
import { computeDigest } from "../crypto/digest.ts";
import { SigstepError } from "../errors.ts";
import { addLegacy, encodeSimpleSigning, legacyTag, type LegacyEntry } from "../registry/legacy.ts";
import type { Bundle } from "../sigstore/bundle.ts";
import type { ProvenCertificate } from "../sigstore/chain.ts";
import { encodeEnvelope } from "../sigstore/dsse.ts";
import type { LogEntry } from "../sigstore/entry.ts";
import { signArtifact, type SigningSteps } from "../sigstore/sign.ts";
import type { ImageTarget } from "./image-targets.ts";
import type { ProvenEntry } from "../sigstore/verify-entry.ts";

/** A statement of ours, proven. */
export interface ProvenStatement {
  readonly bundle: Bundle;
  readonly certificate: ProvenCertificate;
  readonly predicateType: string;
}

/** The attestation as a layer at the image's `.att` tag. The log knows the envelope by these very bytes. */
export function legacyAttestation(statement: ProvenStatement): LegacyEntry {
  const { bundle, certificate, predicateType } = statement;
  const { content, entries } = bundle;
  if (content.kind !== "dsse-envelope") throw new TypeError("an attestation is an envelope");
  return {
    ...materialOf(certificate, entries),
    payload: Buffer.from(JSON.stringify(encodeEnvelope(content)), "utf8"),
    signature: new Uint8Array(),
    // A timestamp of ours is over the signature, cosign 2's over the whole envelope.
    timestamp: undefined,
    predicateType,
  };
}

/**
 * Signs the image once more, as cosign 2 does; a log entry of its own.
 *
 * @throws SigstepError those of {@link signArtifact}
 */
export async function signLegacy(target: ImageTarget, steps: SigningSteps): Promise<SignedLegacy> {
  const content = encodeSimpleSigning(target.subjectName, target.digest);
  const digest = computeDigest("sha256", content);
  const { signed, certificate, entries, timestamps } = await signArtifact(
    { digest, content },
    steps,
  );
  const [timestamp] = timestamps;
  const entry = {
    ...materialOf(
      certificate,
      entries.map((proven) => proven.entry),
    ),
    payload: content,
    signature: signed.signature,
    timestamp:
      timestamp === undefined
        ? undefined
        : JSON.stringify({ SignedRFC3161Timestamp: encodeBase64(timestamp.response.der) }),
    predicateType: undefined,
  };
  return { entry, entries };
}

/** A second signature, and what the log has of it. */
export interface SignedLegacy {
  readonly entry: LegacyEntry;
  readonly entries: readonly ProvenEntry[];
}

type Material = Pick<LegacyEntry, "certificate" | "chain" | "bundle">;

function materialOf(certificate: ProvenCertificate, entries: readonly LogEntry[]): Material {
  const entry = entries.find(({ inclusionPromise }) => inclusionPromise !== undefined);
  if (entry === undefined) throw withoutPromise();
  return {
    certificate: encodePem(certificate.certificate.der, "CERTIFICATE"),
    chain: certificate.issuers.map(({ der }) => encodePem(der, "CERTIFICATE")).join(""),
    bundle: encodePromise(entry),
  };
}

/** As cosign 2 spells it, which is not as any log or bundle does. */
function encodePromise(entry: LogEntry): string {
  return JSON.stringify({
    SignedEntryTimestamp: encodeBase64(entry.inclusionPromise ?? new Uint8Array()),
    Payload: {
      body: encodeBase64(entry.canonicalizedBody),
      integratedTime: Number(entry.integratedTime),
      logIndex: Number(entry.logIndex),
      logID: encodeHex(entry.logId),
    },
  });
}

function withoutPromise(): SigstepError {
  return new SigstepError(
    "LOG_ENTRY_INVALID",
    "The log entry has no promise (SET), which cosign 2 needs.",
    {
      hint: "Use storage: referrers.",
    },
  );
}

/**
 * Adds one layer to the image's tag, beside what is there.
 *
 * @returns the tag
 * @throws SigstepError those of {@link addLegacy}
 */
export async function storeLegacy(
  { place, digest }: ImageTarget,
  kind: "sig" | "att",
  entry: LegacyEntry,
): Promise<string> {
  if (place.kind === "layout") throw new TypeError("a folder has no tags of cosign 2");
  await addLegacy(place.repository, { digest, kind, entries: [entry] });
  return legacyTag(digest, kind);
}
