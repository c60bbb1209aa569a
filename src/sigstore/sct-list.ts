// Signed certificate timestamps as they are written down: the TLS-encoded list inside a certificate,
// and Fulcio's detached form, the JSON answer of a log. Believing one is sct.ts. RFC 6962 section 3.
import { parseJson } from "../encoding/json.ts";
import { SigstepError } from "../errors.ts";

/** What a log signs when it takes a certificate in. Unproven. */
export interface Sct {
  /** 32 bytes: SHA-256 of the log's key. */
  readonly logId: Uint8Array;
  /** Milliseconds since 1970. */
  readonly timestamp: bigint;
  /** Verbatim: they are signed, whatever they mean. */
  readonly extensions: Uint8Array;
  /** DigitallySigned: TLS HashAlgorithm and SignatureAlgorithm. */
  readonly hashAlgorithm: number;
  readonly signatureAlgorithm: number;
  readonly signature: Uint8Array;
}

/** More would be an attempt to make us work. */
const maxScts = 32;

/**
 * The list in a certificate's SCT extension.
 *
 * ```
 * SignedCertificateTimestampList: length u16, then SerializedSCT: length u16, SCT
 * ```
 *
 * @throws SigstepError SCT_INVALID
 * @see RFC 6962 section 3.3
 */
export function parseSctList(bytes: Uint8Array): Sct[] {
  const list = new TlsReader(new TlsReader(bytes).only(2));
  const scts: Sct[] = [];
  while (!list.atEnd) {
    if (scts.length === maxScts) throw invalid(`has more than ${maxScts} entries`);
    scts.push(parseSct(list.vector(2)));
  }
  if (scts.length === 0) throw invalid("is empty");
  return scts;
}

/**
 * ```
 * version u8 = 0, log id [32], timestamp u64, extensions: length u16,
 * signature: hash u8, signature algorithm u8, length u16
 * ```
 */
function parseSct(bytes: Uint8Array): Sct {
  const reader = new TlsReader(bytes);
  if (reader.number(1) !== 0n) throw invalid("has an entry of an unknown version");
  const logId = reader.take(32);
  const timestamp = reader.number(8);
  const extensions = reader.vector(2);
  return { logId, timestamp, extensions, ...parseSignature(new TlsReader(reader.rest())) };
}

function parseSignature(
  reader: TlsReader,
): Pick<Sct, "hashAlgorithm" | "signatureAlgorithm" | "signature"> {
  const hashAlgorithm = Number(reader.number(1));
  const signatureAlgorithm = Number(reader.number(1));
  return { hashAlgorithm, signatureAlgorithm, signature: reader.only(2) };
}

/**
 * The JSON in Fulcio's `signedCertificateDetachedSct`; empty bytes mean that the instance has no log.
 *
 * @returns undefined for an instance without a log.
 * @throws SigstepError SCT_INVALID
 * @see RFC 6962 section 4.1, the outputs of add-chain
 */
export function parseDetachedSct(bytes: Uint8Array): Sct | undefined {
  if (bytes.length === 0) return undefined;
  const source = { label: "detached SCT", code: "SCT_INVALID", maxBytes: 16_384 } as const;
  const json = parseJson(bytes, source);
  if (json.get("sct_version").integer() !== 0) throw invalid("has an unknown version");
  const logId = json.get("id").base64();
  if (logId.length !== 32) throw invalid("has a log id that is not 32 bytes");
  return {
    logId,
    timestamp: json.get("timestamp").int64(),
    extensions: json.get("extensions").optional()?.base64() ?? new Uint8Array(),
    ...parseSignature(new TlsReader(json.get("signature").base64())),
  };
}

/** Reads the presentation language of TLS: big-endian numbers, vectors with their length in front. */
class TlsReader {
  readonly #bytes: Uint8Array;
  #position = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get atEnd(): boolean {
    return this.#position === this.#bytes.length;
  }

  take(length: number): Uint8Array {
    const end = this.#position + length;
    if (end > this.#bytes.length) throw invalid("ends too early");
    const taken = this.#bytes.subarray(this.#position, end);
    this.#position = end;
    return taken;
  }

  number(octets: number): bigint {
    return this.take(octets).reduce((sum, byte) => sum * 256n + BigInt(byte), 0n);
  }

  /** A vector whose length takes `octets` bytes. */
  vector(octets: number): Uint8Array {
    return this.take(Number(this.number(octets)));
  }

  /** A vector that must be all that is left. */
  only(octets: number): Uint8Array {
    const contents = this.vector(octets);
    if (!this.atEnd) throw invalid("has bytes after its end");
    return contents;
  }

  rest(): Uint8Array {
    return this.take(this.#bytes.length - this.#position);
  }
}

function invalid(reason: string): SigstepError {
  return new SigstepError(
    "SCT_INVALID",
    `What certificate logs promised (signed certificate timestamps) ${reason}.`,
    { hint: "Not what a certificate log signs: tell those who run this Fulcio." },
  );
}
