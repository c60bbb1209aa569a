// Timestamp responses made for tests, right or wrong in one chosen way: each part can be replaced.
import { createHash, createPrivateKey, type KeyObject, sign, webcrypto } from "node:crypto";
import {
  encodeDer,
  encodeOid,
  encodeSequence,
  encodeTrue,
  encodeUnsigned,
} from "../../src/encoding/der-encode.ts";
import { tags } from "../../src/encoding/der.ts";
import type { Issued } from "./issue.ts";

const oids = {
  sha256: "2.16.840.1.101.3.4.2.1",
  sha384: "2.16.840.1.101.3.4.2.2",
  ecdsaSha256: "1.2.840.10045.4.3.2",
  signedData: "1.2.840.113549.1.7.2",
  timestampInfo: "1.2.840.113549.1.9.16.1.4",
  contentType: "1.2.840.113549.1.9.3",
  messageDigest: "1.2.840.113549.1.9.4",
  signingCertificate: "1.2.840.113549.1.9.16.2.12",
  signingCertificateV2: "1.2.840.113549.1.9.16.2.47",
} as const;

/** What may differ from a good response. */
export interface Parts {
  readonly status?: number;
  readonly withToken?: boolean;
  readonly contentInfoType?: string;
  readonly contentType?: string;
  readonly version?: number;
  readonly imprintOid?: string;
  readonly imprint?: Uint8Array;
  readonly time?: string;
  readonly nonce?: Uint8Array;
  /** Elements after the time: accuracy, ordering, nonce, name, extensions. */
  readonly tail?: readonly Uint8Array[];
  readonly typeAttribute?: string;
  readonly digestAttribute?: Uint8Array;
  readonly attributes?: (good: readonly Uint8Array[]) => readonly Uint8Array[];
  /** Whose hash the ESSCertID holds. */
  readonly named?: Uint8Array;
  readonly essVersion?: 1 | 2;
  /** Whose name and serial number the signer claims. */
  readonly claimed?: Issued;
  readonly byKeyIdentifier?: Uint8Array;
  readonly signature?: (good: Uint8Array) => Uint8Array;
  readonly signers?: (good: Uint8Array) => readonly Uint8Array[];
  readonly embedded?: readonly Uint8Array[];
}

export function algorithm(oid: string): Uint8Array {
  return encodeSequence(encodeOid(oid));
}

export function octets(bytes: Uint8Array): Uint8Array {
  return encodeDer(tags.octetString, bytes);
}

export function hash(name: string, bytes: Uint8Array): Uint8Array {
  return createHash(name).update(bytes).digest();
}

/** A SET OF in the order that DER wants. */
export function setOf(tag: number, elements: readonly Uint8Array[]): Uint8Array {
  return encodeDer(tag, ...[...elements].sort((left, right) => Buffer.compare(left, right)));
}

function attribute(oid: string, value: Uint8Array): Uint8Array {
  return encodeSequence(encodeOid(oid), encodeDer(tags.set, value));
}

export async function privateKeyOf({ keys }: Issued): Promise<KeyObject> {
  const der = await webcrypto.subtle.exportKey("pkcs8", keys.privateKey);
  return createPrivateKey({ key: Buffer.from(der), format: "der", type: "pkcs8" });
}

/** A response about `signed` by `signer`, good but for `parts`. */
export async function makeTimestamp(
  signer: Issued,
  signed: Uint8Array,
  parts: Parts = {},
): Promise<Uint8Array> {
  const status = encodeSequence(encodeUnsigned(Uint8Array.of(parts.status ?? 0)));
  if (parts.withToken === false) return encodeSequence(status);
  const info = makeInfo(signed, parts);
  const token = makeToken(info, await makeSigner(signer, info, parts), parts);
  return encodeSequence(status, token);
}

function makeInfo(signed: Uint8Array, parts: Parts): Uint8Array {
  const tail = parts.tail ?? (parts.nonce === undefined ? [] : [encodeUnsigned(parts.nonce)]);
  return encodeSequence(
    encodeUnsigned(Uint8Array.of(parts.version ?? 1)),
    encodeOid("1.3.6.1.4.1.57264.2"),
    encodeSequence(
      algorithm(parts.imprintOid ?? oids.sha256),
      octets(parts.imprint ?? hash("sha256", signed)),
    ),
    encodeUnsigned(Uint8Array.of(1, 2, 3)),
    encodeDer(tags.generalizedTime, Buffer.from(parts.time ?? "20250601000000Z")),
    ...tail,
  );
}

function makeToken(info: Uint8Array, signer: Uint8Array, parts: Parts): Uint8Array {
  const content = encodeSequence(
    encodeOid(parts.contentType ?? oids.timestampInfo),
    encodeDer(0xa0, octets(info)),
  );
  const { embedded } = parts;
  const data = encodeSequence(
    encodeUnsigned(Uint8Array.of(3)),
    encodeDer(tags.set, algorithm(oids.sha256)),
    content,
    ...(embedded === undefined ? [] : [encodeDer(0xa0, ...embedded)]),
    setOf(tags.set, parts.signers?.(signer) ?? [signer]),
  );
  return encodeSequence(encodeOid(parts.contentInfoType ?? oids.signedData), encodeDer(0xa0, data));
}

async function makeSigner(signer: Issued, info: Uint8Array, parts: Parts): Promise<Uint8Array> {
  const attributes = makeAttributes(signer, info, parts);
  const key = await privateKeyOf(signer);
  const made = new Uint8Array(sign("sha256", setOf(tags.set, attributes), key));
  return encodeSequence(
    encodeUnsigned(Uint8Array.of(parts.byKeyIdentifier === undefined ? 1 : 3)),
    makeIdentifier(parts.claimed ?? signer, parts.byKeyIdentifier),
    algorithm(oids.sha256),
    setOf(0xa0, attributes),
    algorithm(oids.ecdsaSha256),
    octets(parts.signature?.(made) ?? made),
  );
}

function makeAttributes(signer: Issued, info: Uint8Array, parts: Parts): readonly Uint8Array[] {
  const good = [
    attribute(oids.contentType, encodeOid(parts.typeAttribute ?? oids.timestampInfo)),
    attribute(oids.messageDigest, octets(parts.digestAttribute ?? hash("sha256", info))),
    makeEss(parts.named ?? signer.certificate.der, parts.essVersion ?? 2),
  ];
  return parts.attributes?.(good) ?? good;
}

function makeIdentifier({ certificate }: Issued, keyIdentifier?: Uint8Array): Uint8Array {
  if (keyIdentifier !== undefined) return encodeDer(0x80, keyIdentifier);
  return encodeSequence(certificate.issuer.raw, encodeUnsigned(certificate.serialNumber));
}

function makeEss(der: Uint8Array, version: 1 | 2): Uint8Array {
  const [oid, name] =
    version === 2
      ? ([oids.signingCertificateV2, "sha256"] as const)
      : ([oids.signingCertificate, "sha1"] as const);
  const id = encodeSequence(octets(hash(name, der)));
  return attribute(oid, encodeSequence(encodeSequence(id)));
}

/** `[1] IMPLICIT SEQUENCE OF Extension` with one of no meaning. */
export function timestampExtension(critical: boolean): Uint8Array {
  const parts = [
    encodeOid("1.2.3.4"),
    ...(critical ? [encodeTrue()] : []),
    octets(Uint8Array.of(5, 0)),
  ];
  return encodeDer(0xa1, encodeSequence(...parts));
}
