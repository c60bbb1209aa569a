// The files by which a client finds and believes this sandbox: a trusted root and two signing configs.
// https://github.com/sigstore/protobuf-specs/blob/main/protos/sigstore_trustroot.proto
import { encodeBase64 } from "../encoding/base64.ts";
import type { CtLog } from "./ct-log.ts";
import type { SigningKey } from "./keys.ts";
import { hosts, organisation } from "./names.ts";

/** A log as the trusted root knows it. */
interface TrustedLog {
  readonly key: SigningKey;
  readonly logId: Uint8Array;
}

/** Everything that a trusted root lists. */
export interface TrustedParts {
  /** DER: intermediate, root. */
  readonly fulcioChain: readonly Uint8Array[];
  /** DER: leaf, intermediate, root. */
  readonly tsaChain: readonly Uint8Array[];
  /** Absent: an instance without logs. */
  readonly rekor?: { readonly v1: TrustedLog; readonly v2: TrustedLog } | undefined;
  readonly ctLog: CtLog | undefined;
  readonly start: Date;
  /** Of the authorities; the sandbox's own name when absent. */
  readonly organisation?: string | undefined;
}

/** Where the services are. */
export interface ServiceUrls {
  readonly fulcio: string;
  readonly rekor1: string;
  readonly rekor2: string;
  /** Whole address of the endpoint. */
  readonly tsa: string;
  readonly issuer: string;
}

/** The trusted root, of the version that the public instance has. Its URLs are labels. */
export function encodeTrustedRoot(parts: TrustedParts): string {
  const validFor = { start: parts.start.toISOString() };
  const log = (host: string, keyDetails: string, { key, logId }: TrustedLog): unknown => ({
    baseUrl: `https://${host}`,
    hashAlgorithm: "SHA2_256",
    publicKey: { rawBytes: encodeBase64(key.spki), keyDetails, validFor },
    logId: { keyId: encodeBase64(logId) },
  });
  const authority = (host: string, chain: readonly Uint8Array[]): unknown => ({
    subject: { organization: parts.organisation ?? organisation, commonName: host },
    uri: `https://${host}`,
    certChain: { certificates: chain.map((der) => ({ rawBytes: encodeBase64(der) })) },
    validFor,
  });
  const ecdsa = "PKIX_ECDSA_P256_SHA_256";
  return encode({
    mediaType: "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
    tlogs:
      parts.rekor === undefined
        ? []
        : [
            log(hosts.rekor1, ecdsa, parts.rekor.v1),
            log(hosts.rekor2, "PKIX_ED25519", parts.rekor.v2),
          ],
    certificateAuthorities: [authority(hosts.fulcio, parts.fulcioChain)],
    ctlogs: parts.ctLog === undefined ? [] : [log(hosts.ct, ecdsa, parts.ctLog)],
    timestampAuthorities: [authority(hosts.tsa, parts.tsaChain)],
  });
}

/** A signing config that leads to one of the two logs, or to none. */
export function encodeSigningConfig(
  urls: ServiceUrls,
  version: 1 | 2 | undefined,
  start: Date,
): string {
  const log = version === 1 ? urls.rekor1 : urls.rekor2;
  const service = (url: string, majorApiVersion: number): unknown => ({
    url,
    majorApiVersion,
    validFor: { start: start.toISOString() },
    operator: organisation,
  });
  return encode({
    mediaType: "application/vnd.dev.sigstore.signingconfig.v0.2+json",
    caUrls: [service(urls.fulcio, 1)],
    oidcUrls: [service(urls.issuer, 1)],
    ...(version === undefined
      ? {}
      : { rekorTlogUrls: [service(log, version)], rekorTlogConfig: { selector: "ANY" } }),
    tsaUrls: [service(urls.tsa, 1)],
    tsaConfig: { selector: "ANY" },
  });
}

function encode(value: unknown): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}
