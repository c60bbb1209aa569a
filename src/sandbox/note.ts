// Writes signed notes: the checkpoints of both Rekors.
//
//   <origin>\n<size>\n<base64 root>\n\n— <name> <base64(key id[4] || signature)>\n
import { encodeBase64 } from "../encoding/base64.ts";

/** What a checkpoint says. */
export interface TreeHead {
  readonly origin: string;
  readonly size: number;
  readonly rootHash: Uint8Array;
}

/** Who signs it. */
export interface NoteSigner {
  readonly name: string;
  /** Its first four bytes go into the note. */
  readonly keyId: Uint8Array;
  sign(bytes: Uint8Array): Uint8Array;
}

/**
 * A checkpoint with one signature.
 *
 * @see https://c2sp.org/tlog-checkpoint and https://c2sp.org/signed-note
 */
export function signCheckpoint(head: TreeHead, signer: NoteSigner): string {
  const text = `${head.origin}\n${head.size}\n${encodeBase64(head.rootHash)}\n`;
  const signature = signer.sign(Buffer.from(text));
  const blob = Buffer.concat([signer.keyId.subarray(0, 4), signature]);
  return `${text}\n— ${signer.name} ${encodeBase64(blob)}\n`;
}
