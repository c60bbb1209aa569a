// The conformance cases as tests of single steps need them: certificates, timestamps, times, trusted root.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { type JsonValue, parseJson } from "../../src/encoding/json.ts";
import { SigstepError } from "../../src/errors.ts";
import { parseCertificate } from "../../src/sigstore/certificate.ts";
import type { CertificateAuthority } from "../../src/sigstore/chain.ts";
import type { TransparencyLog } from "../../src/sigstore/log.ts";
import { parseTrustedRoot } from "../../src/sigstore/trust.ts";

const folder = new URL("../vectors/sigstore-conformance/", import.meta.url);
const publicGood = new URL("../../src/sigstore/public-good/trusted_root.json", import.meta.url);

/** What one case holds, as far as its JSON can be read. */
export interface ConformanceCase {
  readonly name: string;
  /** DER, the leaf first; empty with a managed key. */
  readonly certificates: readonly Uint8Array[];
  readonly timestamps: readonly Uint8Array[];
  /** The first signature of the bundle. */
  readonly signature: Uint8Array;
  /** What the log entries say about their time, unproven here. */
  readonly integratedTimes: readonly Date[];
  readonly certificateAuthorities: readonly CertificateAuthority[];
  readonly timestampAuthorities: readonly CertificateAuthority[];
  readonly ctLogs: readonly TransparencyLog[];
}

/** Every case whose bundle and trusted root can be read. */
export function readConformanceCases(): ConformanceCase[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .flatMap(({ name }) => {
      try {
        return [readCase(name)];
      } catch (error) {
        if (error instanceof SigstepError) return [];
        throw error;
      }
    });
}

/** The case called `name`. */
export function readCase(name: string): ConformanceCase {
  const own = new URL(`${name}/trusted_root.json`, folder);
  const root = parseTrustedRoot(readFileSync(existsSync(own) ? own : publicGood), name);
  const bundle = readJson(new URL(`${name}/bundle.sigstore.json`, folder));
  const material = bundle.get("verificationMaterial");
  return {
    name,
    certificates: readCertificates(material),
    timestamps: readTimestamps(material),
    signature: readSignature(bundle),
    integratedTimes: readTimes(material),
    certificateAuthorities: root.certificateAuthorities,
    timestampAuthorities: root.timestampAuthorities,
    ctLogs: root.ctLogs,
  };
}

function readCertificates(material: JsonValue): Uint8Array[] {
  const single = material.get("certificate").optional();
  const chain = material.get("x509CertificateChain").optional();
  const items = single === undefined ? chain?.get("certificates").items(10) : [single];
  return (items ?? []).map((item) => item.get("rawBytes").base64());
}

function readTimestamps(material: JsonValue): Uint8Array[] {
  const data = material.get("timestampVerificationData").optional();
  const items = data?.get("rfc3161Timestamps").itemsOrNone(10) ?? [];
  return items.map((item) => item.get("signedTimestamp").base64());
}

function readSignature(bundle: JsonValue): Uint8Array {
  const message = bundle.get("messageSignature").optional();
  if (message !== undefined) return message.get("signature").base64();
  const [first] = bundle.get("dsseEnvelope").get("signatures").items(10);
  return first?.get("sig").base64() ?? new Uint8Array();
}

function readTimes(material: JsonValue): Date[] {
  return material
    .get("tlogEntries")
    .items(10)
    .map((entry) => Number(entry.get("integratedTime").optional()?.int64() ?? 0n))
    .filter((seconds) => seconds !== 0)
    .map((seconds) => new Date(seconds * 1000));
}

/** DER of every certificate in all cases and trusted roots, each once. */
export function readAllCertificates(): Uint8Array[] {
  const all = readConformanceCases().flatMap((found) => [
    ...found.certificates,
    ...[...found.certificateAuthorities, ...found.timestampAuthorities].flatMap(
      ({ certificates }) => certificates.map(({ der }) => der),
    ),
  ]);
  const unique = new Map(all.map((der) => [parseCertificate(der).fingerprint, der]));
  return [...unique.values()];
}

function readJson(url: URL): JsonValue {
  return parseJson(readFileSync(url), { label: "case", code: "INTERNAL", maxBytes: 1 << 22 });
}
