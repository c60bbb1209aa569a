// A transparency log as the trusted root describes it, and how its keys are named.
import { computeDigest } from "../crypto/digest.ts";
import type { PublicKey } from "../crypto/keys.ts";
import { equalBytes } from "../encoding/base64.ts";
import type { ValidityRange } from "./validity.ts";

/** One log that the trusted root knows. URLs are labels: only `logId` and `publicKey` decide. */
export interface TransparencyLog {
  readonly baseUrl: string;
  /** 32 bytes: SHA-256 of the key (Rekor v1, RFC 6962) or the C2SP key id (Rekor v2). */
  readonly logId: Uint8Array;
  readonly publicKey: PublicKey;
  readonly validFor: ValidityRange;
  /** Who runs it, for thresholds; the URL where the file does not say. */
  readonly operator: string;
}

const ed25519Prefix = Buffer.from("302a300506032b6570032100", "hex");

/**
 * The ids under which `log` may sign a note as `name`; empty when the name cannot be the log's.
 *
 * A C2SP Ed25519 id covers the name, so it proves the name too; the other kind is SHA-256 of the key.
 *
 * @see https://c2sp.org/signed-note#signatures
 */
export function checkpointKeyIds(log: TransparencyLog, name: string): Uint8Array[] {
  const possible = [computeDigest("sha256", log.publicKey.spki).bytes];
  const { spki } = log.publicKey;
  if (equalBytes(spki.subarray(0, ed25519Prefix.length), ed25519Prefix)) {
    const label = Buffer.from(`${name}\n\u0001`, "utf8");
    possible.push(computeDigest("sha256", label, spki.subarray(ed25519Prefix.length)).bytes);
  }
  return possible.filter((id) => equalBytes(id, log.logId));
}
