// What cosign 2 stored beside an image, as the bundle that it amounts to: then one verification serves all.
// sigstore/cosign v2: pkg/oci/static/options.go, pkg/cosign/bundle/rekor.go and tsa.go.
import { parseJson, type JsonSource } from "../encoding/json.ts";
import { parsePem } from "../encoding/pem.ts";
import { SigstepError } from "../errors.ts";
import { maxBundleBytes, type Bundle, type BundleSigner } from "../sigstore/bundle.ts";
import { parseEnvelope } from "../sigstore/dsse.ts";
import type { LogEntry } from "../sigstore/entry.ts";
import { inStep } from "../sigstore/step.ts";
import type { LegacyEntry, LegacyKind } from "./legacy.ts";

const maxChain = 10;

/**
 * A bundle of version 0.1, which has the log's promise and no proof. A signature (`sig`) is over the
 * payload, which the caller then has to look into: `requireSimpleSigning`.
 *
 * @throws SigstepError BUNDLE_INVALID, of step 1
 */
export function legacyBundle(entry: LegacyEntry, kind: LegacyKind): Bundle {
  return inStep(1, () => ({
    version: "0.1",
    signer: readSigner(entry),
    entries: isSet(entry.bundle) ? [readLogEntry(entry.bundle)] : [],
    timestamps: isSet(entry.timestamp) ? [readTimestamp(entry.timestamp)] : [],
    ...(kind === "sig" ? readSignature(entry) : readAttestation(entry)),
  }));
}

function isSet(text: string | undefined): text is string {
  return text !== undefined && text !== "";
}

function readSignature({ signature }: LegacyEntry): Pick<Bundle, "content"> {
  if (signature.byteLength === 0) throw refuse("has no signature");
  return { content: { kind: "message-signature", digest: undefined, signature } };
}

/** Its timestamp is over the whole envelope, where a bundle's is over the signature in it. */
function readAttestation({ payload }: LegacyEntry): Pick<Bundle, "content" | "timestamped"> {
  const json = parseJson(payload, sourceOf("envelope"));
  return { content: parseEnvelope(json), timestamped: payload };
}

function readSigner({ certificate, chain }: LegacyEntry): BundleSigner {
  if (!isSet(certificate)) return { kind: "public-key", hint: "" };
  const [leaf, ...more] = readPem(certificate, "certificate");
  if (leaf === undefined || more.length > 0) throw refuse("has not exactly one certificate");
  const issuers = isSet(chain) ? readPem(chain, "chain") : [];
  if (issuers.length > maxChain) throw refuse(`has a chain of more than ${maxChain} certificates`);
  return { kind: "certificate", certificate: leaf, chain: issuers };
}

function readPem(text: string, what: string): Uint8Array[] {
  try {
    return parsePem(text, "CERTIFICATE");
  } catch (cause) {
    throw refuse(`has a ${what} that is not PEM`, cause);
  }
}

/** The promise (SET) and what it is over; kind and version stand in the body alone. */
function readLogEntry(text: string): LogEntry {
  const json = parseJson(Buffer.from(text, "utf8"), sourceOf("log entry"));
  const payload = json.get("Payload");
  const canonicalizedBody = payload.get("body").base64();
  const body = parseJson(canonicalizedBody, sourceOf("log entry's body"));
  const time = payload.get("integratedTime").int64();
  return {
    logIndex: payload.get("logIndex").int64(),
    logId: payload.get("logID").hex(),
    kind: body.get("kind").string(),
    version: body.get("apiVersion").string(),
    integratedTime: time === 0n ? undefined : time,
    inclusionPromise: json.get("SignedEntryTimestamp").base64(),
    inclusionProof: undefined,
    canonicalizedBody,
  };
}

function readTimestamp(text: string): Uint8Array {
  const json = parseJson(Buffer.from(text, "utf8"), sourceOf("timestamp"));
  return json.get("SignedRFC3161Timestamp").base64();
}

function sourceOf(what: string): JsonSource {
  return { label: `${what} of a signature`, code: "BUNDLE_INVALID", maxBytes: maxBundleBytes };
}

function refuse(why: string, cause?: unknown): SigstepError {
  return new SigstepError("BUNDLE_INVALID", `The signature in cosign 2's layout ${why}.`, {
    cause,
  });
}
