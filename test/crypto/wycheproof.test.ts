// Every case of the Wycheproof files, with both back ends: node:crypto over the message, and the
// prehashed path (noble, or RSA opened by hand) over its digest. They must agree, case by case.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { computeDigest, type DigestAlgorithm } from "../../src/crypto/digest.ts";
import { encodeEcdsaSignature } from "../../src/crypto/ecdsa.ts";
import { parsePublicKey, type PublicKey } from "../../src/crypto/keys.ts";
import { isEd25519Signature } from "../../src/crypto/prehashed.ts";
import { parseHex } from "../../src/encoding/base64.ts";
import { type JsonValue, parseJson } from "../../src/encoding/json.ts";

const folder = new URL("../vectors/wycheproof/", import.meta.url);
const digests: Readonly<Record<string, DigestAlgorithm>> = {
  "SHA-256": "sha256",
  "SHA-384": "sha384",
  "SHA-512": "sha512",
};

interface Case {
  readonly id: string;
  readonly key: PublicKey;
  readonly digest: DigestAlgorithm | undefined;
  readonly message: Uint8Array;
  readonly signature: Uint8Array;
  readonly valid: boolean;
}

function readCases(file: string): Case[] {
  const bytes = readFileSync(new URL(file, folder));
  const json = parseJson(bytes, { label: file, code: "INTERNAL", maxBytes: 1 << 24 });
  const groups = json.get("testGroups").items(1000);
  const cases = groups.flatMap((group) => {
    const key = parsePublicKey(parseHex(group.get("publicKeyDer").string(), "key"));
    const sha = group.get("sha").optional()?.string();
    const digest = sha === undefined ? undefined : digests[sha];
    return group
      .get("tests")
      .items(10_000)
      .map((item) => readCase(item, { key, digest }));
  });
  assert.equal(cases.length, json.get("numberOfTests").integer());
  return cases;
}

function readCase(item: JsonValue, shared: Pick<Case, "key" | "digest">): Case {
  const flags = item
    .get("flags")
    .items(20)
    .map((flag) => flag.string());
  return {
    ...shared,
    id: `${item.get("tcId").integer()} ${item.get("comment").string()}`,
    message: parseHex(item.get("msg").string(), "message"),
    signature: parseHex(item.get("sig").string(), "signature"),
    // "acceptable" is one case a key: a DigestInfo without its NULL, which RFC 8017 lets a verifier refuse.
    valid: item.get("result").string() === "valid" && !flags.includes("MissingNull"),
  };
}

function size(key: PublicKey): number {
  return 2 * Math.ceil(key.facts.bits / 8);
}

/** Raw signatures come to us only as DER; what has another length than its curve's has none. */
function toDer({ key, signature }: Case): Uint8Array {
  return signature.length === size(key) ? encodeEcdsaSignature(signature) : new Uint8Array();
}

async function check(item: Case, signature: Uint8Array): Promise<void> {
  const { key, digest, message, valid, id } = item;
  assert.equal(key.verify(message, signature, digest), valid, `node:crypto, ${id}`);
  const second =
    digest === undefined
      ? isEd25519Signature(key.spki.subarray(-32), message, signature)
      : await key.verifyDigest(computeDigest(digest, message), signature);
  assert.equal(second, valid, `prehashed, ${id}`);
}

for (const file of readdirSync(folder).filter((name) => name.endsWith(".json"))) {
  test(file, async (context) => {
    const cases = readCases(file);
    for (const item of cases) {
      await check(item, file.includes("p1363") ? toDer(item) : item.signature);
    }
    context.diagnostic(`${cases.length} cases`);
  });
}
