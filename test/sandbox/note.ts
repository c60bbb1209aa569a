// Opens a signed note with one signature, by the letter of https://c2sp.org/signed-note.
import assert from "node:assert/strict";
import { createPublicKey, verify } from "node:crypto";
import { sha256 } from "./rfc6962.ts";

export interface OpenedNote {
  readonly origin: string;
  readonly size: number;
  readonly rootHash: Buffer;
  /** Name in the signature line. */
  readonly signer: string;
  readonly keyId: Buffer;
  readonly verified: boolean;
}

/** `spki`: the key that is to have signed. */
export function openNote(note: string, spki: Buffer): OpenedNote {
  const [, body, origin, size, root, signer, encoded] = layout.exec(note)?.map(String) ?? [];
  assert.ok(body !== undefined && signer !== undefined);
  const blob = Buffer.from(encoded ?? "", "base64");
  const key = createPublicKey({ key: spki, format: "der", type: "spki" });
  const ed25519 = key.asymmetricKeyType === "ed25519";
  const keyId = ed25519
    ? sha256(Buffer.from(`${signer}\n`), Buffer.of(1), spki.subarray(-32))
    : sha256(spki);
  const signed = verify(ed25519 ? null : "sha256", Buffer.from(body), key, blob.subarray(4));
  return {
    origin: String(origin),
    size: Number(size),
    rootHash: Buffer.from(String(root), "base64"),
    signer,
    keyId,
    verified: signed && keyId.subarray(0, 4).equals(blob.subarray(0, 4)),
  };
}

const layout = /^((.+)\n(\d+)\n(\S+)\n)\n— (\S+) (\S+)\n$/;
