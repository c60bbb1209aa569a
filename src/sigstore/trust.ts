// Trusted root: whose certificates, log entries and timestamps to believe.
// protobuf-specs sigstore_trustroot.proto, message TrustedRoot, v0.1 and v0.2.
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
 * A log whose key is of a kind that we do not know is left out: nothing by it can be verified. All
 * else that is wrong refuses the whole file.
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
  return json.itemsOrNone(maxInstances).flatMap((item) => {
    const key = item.get("publicKey");
    const validFor = parseValidity(key.get("validFor"));
    const publicKey = parseKey(key.get("rawBytes"));
    const logId = (item.get("checkpointKeyId").optional() ?? item.get("logId"))
      .get("keyId")
      .base64();
    const baseUrl = item.get("baseUrl").optional()?.string() ?? "";
    const operator = item.get("operator").optional()?.string() ?? baseUrl;
    return publicKey === undefined ? [] : [{ baseUrl, logId, publicKey, validFor, operator }];
  });
}

function parseKey(json: JsonValue): PublicKey | undefined {
  const spki = json.base64();
  try {
    return parsePublicKey(spki);
  } catch {
    return undefined;
  }
}

function parseAuthorities(json: JsonValue): TrustedAuthority[] {
  return json.itemsOrNone(maxInstances).map((item) => {
    const chain = item.get("certChain").get("certificates").items(maxChain);
    if (chain.length === 0) throw item.refuse("has no certificate");
    return {
      uri: item.get("uri").optional()?.string() ?? "",
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
