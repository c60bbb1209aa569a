// Trusted root: whose certificates, log entries and timestamps to believe.
// protobuf-specs sigstore_trustroot.proto, message TrustedRoot, v0.1 and v0.2.
import { keyFacts } from "../crypto/algorithms.ts";
import { parsePublicKey, type PublicKey } from "../crypto/keys.ts";
import { parseJson, type JsonValue } from "../encoding/json.ts";
import { quote } from "../errors.ts";
import { parseCertificate, type Certificate } from "./certificate.ts";
import type { CertificateAuthority } from "./chain.ts";
import type { TransparencyLog } from "./log.ts";
import { parseValidity } from "./validity.ts";

const mediaTypes = [
  "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
  "application/vnd.dev.sigstore.trustedroot.v0.1+json",
  "application/vnd.dev.sigstore.trustedroot.v0.2+json",
];
const maxBytes = 4 * 1024 * 1024;
const maxInstances = 256;
const maxChain = 10;

/** An authority with its label; the URI decides nothing. */
export interface TrustedAuthority extends CertificateAuthority {
  readonly uri: string;
  /** Who runs it, for thresholds; the URI where the file does not say. */
  readonly operator: string;
}

/** Everything that one trusted root believes in. Old and future instances are part of it. */
export interface TrustedRoot {
  /** Where it comes from, for messages. */
  readonly label: string;
  readonly logs: readonly TransparencyLog[];
  readonly ctLogs: readonly TransparencyLog[];
  readonly certificateAuthorities: readonly TrustedAuthority[];
  readonly timestampAuthorities: readonly TrustedAuthority[];
}

/**
 * Reads a trusted root.
 *
 * A log whose key is, by name, of a kind that we do not know is left out: nothing by it can be verified.
 * All else that is wrong refuses the whole file, and so does a list of which nothing is left: an empty
 * list means that the instance has no such log, and then nobody asks for its proofs.
 *
 * @throws SigstepError TRUSTED_ROOT_INVALID
 */
export function parseTrustedRoot(bytes: Uint8Array, label: string): TrustedRoot {
  const json = parseJson(bytes, {
    label: `trusted root ${quote(label)}`,
    code: "TRUSTED_ROOT_INVALID",
    maxBytes,
  });
  const mediaType = json.get("mediaType");
  if (!mediaTypes.includes(mediaType.string())) {
    throw mediaType.refuse(`is ${quote(mediaType.string())}, which this version cannot read`);
  }
  return {
    label,
    logs: parseLogs(json.get("tlogs")),
    ctLogs: parseLogs(json.get("ctlogs")),
    certificateAuthorities: parseAuthorities(json.get("certificateAuthorities")),
    timestampAuthorities: parseAuthorities(json.get("timestampAuthorities")),
  };
}

function parseLogs(json: JsonValue): TransparencyLog[] {
  const items = json.itemsOrNone(maxInstances);
  const logs = items.map(parseLog).filter((log) => log !== undefined);
  if (items.length > 0 && logs.length === 0) {
    throw json.refuse("has keys of kinds that this version does not know, and no other");
  }
  return logs;
}

function parseLog(item: JsonValue): TransparencyLog | undefined {
  const key = item.get("publicKey");
  const validFor = parseValidity(key.get("validFor"));
  const publicKey = parseKey(key);
  const logId = (item.get("checkpointKeyId").optional() ?? item.get("logId")).get("keyId").base64();
  const baseUrl = item.get("baseUrl").optional()?.string() ?? "";
  const operator = item.get("operator").optional()?.string() ?? baseUrl;
  return publicKey === undefined ? undefined : { baseUrl, logId, publicKey, validFor, operator };
}

/** Undefined for a kind that we do not know; a key that says nothing of its kind must be one of ours. */
function parseKey(json: JsonValue): PublicKey | undefined {
  const bytes = json.get("rawBytes");
  const spki = bytes.base64();
  const kind = json.get("keyDetails").optional()?.raw;
  try {
    return parsePublicKey(spki);
  } catch (error) {
    if (typeof kind === "string" && !Object.hasOwn(keyFacts, kind)) return undefined;
    const what = typeof kind === "string" ? ` of kind ${kind}` : "";
    throw bytes.refuse(`is not a public key${what} that can be read`, error);
  }
}

function parseAuthorities(json: JsonValue): TrustedAuthority[] {
  return json.itemsOrNone(maxInstances).map((item) => {
    const chain = item.get("certChain").get("certificates").items(maxChain);
    if (chain.length === 0) throw item.refuse("has no certificate");
    const uri = item.get("uri").optional()?.string() ?? "";
    return {
      uri,
      operator: item.get("operator").optional()?.string() ?? uri,
      certificates: chain.map((certificate) => readCertificate(certificate.get("rawBytes"))),
      validFor: parseValidity(item.get("validFor")),
    };
  });
}

function readCertificate(json: JsonValue): Certificate {
  const der = json.base64();
  try {
    return parseCertificate(der);
  } catch (error) {
    throw json.refuse("is not a certificate that can be read", error);
  }
}
