// What a timestamp authority is asked. RFC 3161 section 2.4.1.
import { type Digest, digestAlgorithms } from "../crypto/digest.ts";
import { tags } from "../encoding/der.ts";
import {
  encodeDer,
  encodeNull,
  encodeOid,
  encodeSequence,
  encodeTrue,
  encodeUnsigned,
} from "../encoding/der-encode.ts";

/** A question to a timestamp authority. */
export interface TimestampRequest {
  /** Of the signature's bytes: that is what Sigstore timestamps. */
  readonly digest: Digest;
  /** At least 8 random bytes; the answer must repeat them as a number. */
  readonly nonce: Uint8Array;
  /** Whether the answer shall hold the authority's certificates; verifiers have them from the trusted root. */
  readonly certificates: boolean;
}

/**
 * ```
 * TimeStampReq ::= SEQUENCE { version INTEGER 1,
 *   messageImprint SEQUENCE { SEQUENCE { algorithm OID, NULL }, OCTET STRING },
 *   reqPolicy OID OPTIONAL, nonce INTEGER OPTIONAL, certReq BOOLEAN DEFAULT FALSE }
 * ```
 */
export function encodeTimestampRequest({
  digest,
  nonce,
  certificates,
}: TimestampRequest): Uint8Array {
  if (nonce.length < 8) throw new TypeError(`A nonce of ${nonce.length} bytes; 8 are the least.`);
  const algorithm = encodeSequence(encodeOid(digestAlgorithms[digest.algorithm].oid), encodeNull());
  return encodeSequence(
    encodeUnsigned(Uint8Array.of(1)),
    encodeSequence(algorithm, encodeDer(tags.octetString, digest.bytes)),
    encodeUnsigned(nonce),
    ...(certificates ? [encodeTrue()] : []),
  );
}
