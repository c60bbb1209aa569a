// A Sigstore of the test's own without servers: an authority, two logs and a timestamp authority, whose
// answers are values. Certificate by @peculiar/x509, the rest by node:crypto.
import { webcrypto } from "node:crypto";
import { createEphemeralSigner, type Signer } from "../../src/crypto/signer.ts";
import { encodeDer } from "../../src/encoding/der-encode.ts";
import { tags } from "../../src/encoding/der.ts";
import { type ProvenCertificate, verifyChain } from "../../src/sigstore/chain.ts";
import { materialOf } from "../../src/sigstore/entry-body.ts";
import type { Credential, Log, Timestamp } from "../../src/sigstore/sign.ts";
import { parseTimestampResponse } from "../../src/sigstore/timestamp-response.ts";
import { verifyTimestamp } from "../../src/sigstore/timestamp.ts";
import type { TrustedAuthority, TrustedRoot } from "../../src/sigstore/trust.ts";
import { verifyEntry } from "../../src/sigstore/verify-entry.ts";
import {
  authority,
  codeSigning,
  Extension,
  issue,
  type Issued,
  KeyUsageFlags,
  names,
  purposes,
  timestampLeaf,
  usage,
} from "./issue.ts";
import { type EntryWish, makeEntry, makeLog, type OwnLog } from "./own-log.ts";
import { makeTimestamp, type Parts } from "./timestamp-maker.ts";

const validFor = { start: new Date("2025-01-01T00:00:00Z") };
const p256 = { name: "ECDSA", namedCurve: "P-256" };

const ca = await issue({ name: "root", extensions: authority });
const tsaRoot = await issue({ name: "TSA root", extensions: authority });
const tsa = await issue({ name: "TSA", issuer: tsaRoot, extensions: timestampLeaf });
/** A second timestamp authority, as trusted as the first. */
export const otherTsa = await issue({ name: "TSA 2", issuer: tsaRoot, extensions: timestampLeaf });

export const v1: OwnLog = makeLog(1);
export const v2: OwnLog = makeLog(2);

export const trustedRoot: TrustedRoot = {
  label: "own",
  logs: [v1.log, v2.log],
  ctLogs: [],
  certificateAuthorities: [trust(ca)],
  timestampAuthorities: [trust(tsa, tsaRoot), trust(otherTsa, tsaRoot)],
};

function trust(...issued: readonly Issued[]): TrustedAuthority {
  const certificates = issued.map(({ certificate }) => certificate);
  return { uri: "", operator: issued[0]?.name ?? "", certificates, validFor };
}

/** What may differ in a certificate. */
export interface LeafWish {
  /** The one name. */
  readonly identity?: string;
  readonly notBefore?: string;
  readonly notAfter?: string;
  /** Fulcio's extensions by their last number. */
  readonly fulcio?: Readonly<Record<number, string>>;
}

/** The workflow that every certificate here is for unless it says otherwise. */
export const workflow =
  "https://github.com/acme/widget/.github/workflows/release.yml@refs/heads/main";

/** A proven certificate for `signer`'s key: 2025-06-01, from 11:55 to 12:05. */
export async function certify(signer: Signer, wish: LeafWish = {}): Promise<ProvenCertificate> {
  const spki = Buffer.from(signer.spki);
  const publicKey = await webcrypto.subtle.importKey("spki", spki, p256, true, ["verify"]);
  const { notBefore = "2025-06-01T11:55:00Z", notAfter = "2025-06-01T12:05:00Z" } = wish;
  const { certificate: leaf } = await issue({
    issuer: ca,
    keys: { publicKey, privateKey: ca.keys.privateKey },
    notBefore,
    notAfter,
    extensions: [
      usage(KeyUsageFlags.digitalSignature),
      purposes(false, codeSigning),
      names(true, wish.identity ?? workflow),
      ...Object.entries(wish.fulcio ?? {}).map(([number, text]) => fulcio(Number(number), text)),
    ],
  });
  const authorities = trustedRoot.certificateAuthorities;
  return verifyChain({ leaf, authorities, at: [leaf.notBefore] });
}

/** Up to 6 the text itself, later ones a UTF8String. */
function fulcio(number: number, text: string): Extension {
  const bytes = Buffer.from(text);
  const value = number <= 6 ? bytes : encodeDer(tags.utf8String, bytes);
  return new Extension(`1.3.6.1.4.1.57264.1.${number}`, false, value);
}

/** A new key with its certificate. */
export async function makeCredential(wish: LeafWish = {}): Promise<Credential> {
  const signer = createEphemeralSigner();
  const certificate = await certify(signer, wish);
  return { signer, certificate, deadline: certificate.certificate.notAfter };
}

/** Logs at 12:00 unless `wish` says otherwise. */
export function logTo(own: OwnLog, wish: EntryWish = {}): Log {
  return (signed, _, onAnswer) => {
    const entry = makeEntry(own, signed, wish);
    onAnswer({ log: new URL("https://log.example"), entry });
    return Promise.resolve(verifyEntry(entry, materialOf(signed), trustedRoot));
  };
}

/** Stamps at 12:00 unless `parts` say otherwise. */
export function stamp(parts: Parts = {}, by: Issued = tsa): Timestamp {
  return async (signature) => {
    const bytes = await makeTimestamp(by, signature, { time: "20250601120000Z", ...parts });
    const response = parseTimestampResponse(bytes);
    return verifyTimestamp({
      response,
      signature,
      authorities: trustedRoot.timestampAuthorities,
    });
  };
}
