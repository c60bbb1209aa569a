// Checkpoints: a log's signed statement of its size and root. C2SP signed-note and tlog-checkpoint.
//
//   <origin>\n<size>\n<base64 root hash>\n[extension lines\n]\n— <name> <base64(key id[4] || signature)>\n…
//
// Signatures by keys we do not know (witnesses, other versions of the log's key) are ignored.
import { parseBase64 } from "../encoding/base64.ts";
import { quote, SigstepError } from "../errors.ts";
import { checkpointKeyIds, type TransparencyLog } from "./log.ts";

const maxLength = 16 * 1024;
const maxSignatures = 64;
const keyIdLength = 4;

/** A checkpoint as read: nothing in it is proven. */
export interface Checkpoint {
  readonly origin: string;
  readonly size: bigint;
  readonly rootHash: Uint8Array;
  /** The signed text, up to and including the line feed before the blank line. */
  readonly body: Uint8Array;
  readonly signatures: readonly NoteSignature[];
}

/** One signature line of a note. */
export interface NoteSignature {
  readonly name: string;
  readonly keyId: Uint8Array;
  readonly signature: Uint8Array;
}

/**
 * Reads a checkpoint strictly.
 *
 * @throws SigstepError LOG_ENTRY_INVALID
 * @see https://c2sp.org/signed-note and https://c2sp.org/tlog-checkpoint
 */
export function parseCheckpoint(text: string): Checkpoint {
  if (text.length > maxLength) throw refuse("is longer than 16 KiB");
  const blank = text.indexOf("\n\n");
  if (blank < 0 || !text.endsWith("\n")) throw refuse("has no signature block");
  const body = text.slice(0, blank + 1);
  const [origin = "", size = "", root = ""] = body.slice(0, -1).split("\n");
  if (origin === "") throw refuse("names no origin");
  if (!/^(?:0|[1-9][0-9]{0,18})$/.test(size)) throw refuse("has no valid tree size");
  return {
    origin,
    size: BigInt(size),
    rootHash: parseRoot(root),
    body: Buffer.from(body, "utf8"),
    signatures: parseSignatures(text.slice(blank + 2, -1).split("\n")),
  };
}

function parseRoot(text: string): Uint8Array {
  const root = decode(text, "root hash");
  if (root.byteLength !== 32) throw refuse("has a root hash that is not 32 bytes long");
  return root;
}

function parseSignatures(lines: readonly string[]): NoteSignature[] {
  if (lines.length > maxSignatures) throw refuse(`has more than ${maxSignatures} signatures`);
  return lines.map((line) => {
    const [, name, value] = /^\u2014 ([^\s+]+) (\S+)$/.exec(line) ?? [];
    if (name === undefined || value === undefined) throw refuse("has a malformed signature line");
    const bytes = decode(value, "signature");
    if (bytes.byteLength <= keyIdLength) throw refuse("has a signature that is too short");
    return {
      name,
      keyId: bytes.subarray(0, keyIdLength),
      signature: bytes.subarray(keyIdLength),
    };
  });
}

function decode(text: string, what: string): Uint8Array {
  try {
    return parseBase64(text, what);
  } catch (error) {
    throw refuse(`has a ${what} that is not base64`, error);
  }
}

/** A checkpoint whose log has signed it. Only {@link verifyCheckpoint} makes one. */
export class ProvenCheckpoint {
  readonly origin: string;
  readonly size: bigint;
  readonly rootHash: Uint8Array;
  readonly log: TransparencyLog;

  private constructor(checkpoint: Checkpoint, log: TransparencyLog) {
    this.origin = checkpoint.origin;
    this.size = checkpoint.size;
    this.rootHash = checkpoint.rootHash;
    this.log = log;
  }

  /**
   * Proves that `log`, chosen by the entry's log id and by nothing in the checkpoint, signed it.
   *
   * A Rekor v1 origin is its name followed by ` - <tree id>`; a C2SP origin is the name itself.
   * Binding the name keeps a signature of one log from serving under the origin of another.
   *
   * @throws SigstepError LOG_ENTRY_INVALID
   */
  static verify(checkpoint: Checkpoint, log: TransparencyLog): ProvenCheckpoint {
    const name = checkpoint.origin.replace(/ - \d+$/, "");
    const keyIds = checkpointKeyIds(log, name).map((id) => id.subarray(0, keyIdLength));
    const own = checkpoint.signatures.filter(
      (line) => line.name === name && keyIds.some((id) => Buffer.from(id).equals(line.keyId)),
    );
    if (own.length === 0) {
      throw refuse(`of ${quote(checkpoint.origin)} has no signature by the log of this entry`);
    }
    // Two lines under one key id: one of them is not the log's, and a reader could take either.
    if (own.length > 1) throw refuse("has two signatures with the log's key id");
    for (const line of own) {
      if (!log.publicKey.verify(checkpoint.body, line.signature)) {
        throw refuse(`of ${quote(checkpoint.origin)} has a wrong signature`);
      }
    }
    return new ProvenCheckpoint(checkpoint, log);
  }
}

/** @see {@link ProvenCheckpoint.verify} */
export function verifyCheckpoint(text: string, log: TransparencyLog): ProvenCheckpoint {
  return ProvenCheckpoint.verify(parseCheckpoint(text), log);
}

function refuse(why: string, cause?: unknown): SigstepError {
  return new SigstepError("LOG_ENTRY_INVALID", `The log's checkpoint ${why}.`, { cause });
}
