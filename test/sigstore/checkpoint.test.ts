// Checkpoints: real ones of both Rekors, cosigned ones, and each part wrong in turn.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { suite, test } from "node:test";
import fc from "fast-check";
import { encodeBase64 } from "../../src/encoding/base64.ts";
import { parseCheckpoint, verifyCheckpoint } from "../../src/sigstore/checkpoint.ts";
import { checkpointKeyIds } from "../../src/sigstore/log.ts";
import { parseTrustedRoot, type TrustedRoot } from "../../src/sigstore/trust.ts";
import { isContained, refuses, runs } from "../refusal.ts";
import { at, dig, list, text } from "../sandbox/wire.ts";
import {
  checkpointBody,
  makeCheckpoint,
  makeLog,
  type OwnLog,
  signatureLine,
  signBy,
} from "./own-log.ts";

const leaves = [Buffer.from("a"), Buffer.from("b"), Buffer.from("c")];
const v1 = makeLog(1);
const v2 = makeLog(2);

suite("a checkpoint of our own", () => {
  for (const own of [v1, v2]) {
    test(`by Rekor v${own.version} says origin, size and root, and they are proven`, () => {
      const note = makeCheckpoint(own, leaves);
      const parsed = parseCheckpoint(note);
      assert.equal(parsed.origin, own.origin);
      assert.equal(parsed.size, 3n);
      assert.equal(parsed.signatures.length, 1);
      assert.equal(Buffer.from(parsed.body).toString(), checkpointBody(own, leaves));
      const proven = verifyCheckpoint(note, own.log);
      assert.deepEqual(
        [proven.origin, proven.size, proven.rootHash, proven.log],
        [own.origin, 3n, parsed.rootHash, own.log],
      );
    });
  }

  test("keeps extension lines, which are signed", () => {
    const body = `${checkpointBody(v2, leaves)}Log frozen \u2014 see the next\nother\n`;
    verifyCheckpoint(`${body}\n${signatureLine(v2, body)}`, v2.log);
    const changed = body.replace("other", "another");
    refuses("LOG_ENTRY_INVALID", () =>
      verifyCheckpoint(`${changed}\n${signatureLine(v2, body)}`, v2.log),
    );
  });

  test("has a size below 2^63 as it is, beyond what a double holds", () => {
    const body = checkpointBody(v2, leaves).replace("\n3\n", "\n9007199254740993\n");
    const { size } = verifyCheckpoint(`${body}\n${signatureLine(v2, body)}`, v2.log);
    assert.equal(size, 9007199254740993n);
  });
});

suite("other signatures", () => {
  const body = checkpointBody(v2, leaves);
  const right = signatureLine(v2, body);
  const witness = signatureLine(makeLog(2, "witness.example"), body);
  const namesake = signatureLine(makeLog(2, v2.name), body);
  const twin = signatureLine(v2, body, { name: "other.example" });

  test("by witnesses stand before or after the log's", () => {
    for (const lines of [witness + right, right + witness, witness + right + witness]) {
      verifyCheckpoint(`${body}\n${lines}`, v2.log);
    }
  });

  test("by another key of the same name are passed over", () => {
    verifyCheckpoint(`${body}\n${namesake}${right}`, v2.log);
  });

  test("under another name are not the log's, even by its key", () => {
    verifyCheckpoint(`${body}\n${twin}${right}`, v2.log);
    refuses("LOG_ENTRY_INVALID", () => verifyCheckpoint(`${body}\n${twin}`, v2.log));
  });

  test("alone do not do", () => {
    for (const lines of [witness, namesake, witness + namesake]) {
      refuses("LOG_ENTRY_INVALID", () => verifyCheckpoint(`${body}\n${lines}`, v2.log));
    }
  });

  test("with the log's name and key id must be the log's, and only one is", () => {
    const forged = signatureLine(v2, body, { signature: signBy(v1, Buffer.from(body)) });
    for (const lines of [forged, forged + right, right + forged, right + right]) {
      refuses("LOG_ENTRY_INVALID", () => verifyCheckpoint(`${body}\n${lines}`, v2.log));
    }
  });

  test("may be 64 and no more", () => {
    verifyCheckpoint(`${body}\n${witness.repeat(63)}${right}`, v2.log);
    refuses("LOG_ENTRY_INVALID", () =>
      verifyCheckpoint(`${body}\n${witness.repeat(64)}${right}`, v2.log),
    );
  });
});

suite("names", () => {
  function resigned(own: OwnLog, origin: string, name: string): string {
    const body = checkpointBody({ ...own, origin }, leaves);
    return `${body}\n${signatureLine(own, body, { name })}`;
  }
  const wrong: Readonly<Record<string, readonly [string, string]>> = {
    "an origin of another log": ["other.example", v1.name],
    "an origin that contains the name": [`x${v1.name}`, v1.name],
    "an origin that begins with the name": [`${v1.name}.evil.example`, v1.name],
    "a tree id that is no number": [`${v1.name} - x`, v1.name],
    "two tree ids": [`${v1.name} - 1 - 2`, v1.name],
    "no space before the tree id": [`${v1.name}- 1`, v1.name],
    "an upper-case name": [v1.origin, v1.name.toUpperCase()],
    "the whole origin as name": [v1.origin, v1.origin.replaceAll(" ", "_")],
  };
  for (const [what, [origin, name]] of Object.entries(wrong)) {
    test(`${what} is refused although the key is right`, () =>
      refuses("LOG_ENTRY_INVALID", () => verifyCheckpoint(resigned(v1, origin, name), v1.log)));
  }

  test("of a Rekor v1 log may stand without tree id", () => {
    verifyCheckpoint(resigned(v1, v1.name, v1.name), v1.log);
  });

  test("are part of a C2SP key id: the key alone does not prove them", () => {
    const renamed = makeLog(2, "renamed.example");
    const body = checkpointBody(renamed, leaves);
    const note = `${body}\n${signatureLine(renamed, body)}`;
    verifyCheckpoint(note, renamed.log);
    refuses("LOG_ENTRY_INVALID", () =>
      verifyCheckpoint(note, { ...renamed.log, logId: v2.log.logId }),
    );
    assert.deepEqual(checkpointKeyIds(renamed.log, "other.example"), []);
    assert.equal(checkpointKeyIds(renamed.log, "renamed.example").length, 1);
  });

  test("do not matter to the id of an ECDSA key, which is its hash", () => {
    for (const name of ["a", "b"]) {
      assert.deepEqual(checkpointKeyIds(v1.log, name).map(encodeBase64), [
        encodeBase64(v1.log.logId),
      ]);
    }
    const foreign = { ...v1.log, logId: new Uint8Array(32) };
    assert.deepEqual(checkpointKeyIds(foreign, v1.name), []);
  });
});

suite("a checkpoint is refused", () => {
  const body = checkpointBody(v2, leaves);
  const line = signatureLine(v2, body);
  const [origin = "", size = "", root = ""] = body.split("\n");
  const signed = (text: string): string => `${text}\n${signatureLine(v2, text)}`;
  // Signed where the signature would not fit otherwise, so that the shape alone is why.
  const wrong: Readonly<Record<string, string>> = {
    "that is empty": "",
    "without signature block": body,
    "with an empty signature block": `${body}\n`,
    "without its last line feed": `${body}\n${line.trimEnd()}`,
    "without blank line": `${body}${line}`,
    "with a blank line at its end": `${body}\n${line}\n`,
    "with two blank lines": `${body}\n\n${line}`,
    "with CRLF": `${body}\n${line}`.replaceAll("\n", "\r\n"),
    "without origin": signed(`\n${size}\n${root}\n`),
    "without size": signed(`${origin}\n${root}\n`),
    "without root": signed(`${origin}\n${size}\n`),
    "with an empty root": signed(`${origin}\n${size}\n\n`),
    "with its origin alone": signed(`${origin}\n`),
    "with a size in hexadecimal": signed(`${origin}\n0x3\n${root}\n`),
    "with a size with leading zero": signed(`${origin}\n03\n${root}\n`),
    "with a negative size": signed(`${origin}\n-3\n${root}\n`),
    "with a size of 20 digits": signed(`${origin}\n${"9".repeat(20)}\n${root}\n`),
    "with white space after its size": signed(`${origin}\n3 \n${root}\n`),
    "with a root of 31 bytes": signed(`${origin}\n3\n${Buffer.alloc(31).toString("base64")}\n`),
    "with a root of 33 bytes": signed(`${origin}\n3\n${Buffer.alloc(33).toString("base64")}\n`),
    "with a root in hexadecimal": signed(`${origin}\n3\n${"00".repeat(32)}\n`),
    "with a root without padding": signed(`${origin}\n3\n${root.replace("=", "")}\n`),
    "with a hyphen for the dash": `${body}\n${line.replace("\u2014", "-")}`,
    "with two spaces after the dash": `${body}\n${line.replace(" ", "  ")}`,
    "with a nameless signature": `${body}\n${line.replace(` ${v2.name}`, "")}`,
    "with a plus in a name": `${body}\n${line}\u2014 a+b AAAAAAAA\n`,
    "with a signature that is not base64": `${body}\n${line}\u2014 a !!!!\n`,
    "with a signature without padding": `${body}\n${line}\u2014 a AAAAAAA\n`,
    "with a key id alone": `${body}\n${line}\u2014 a AAAAAA==\n`,
    "with three bytes for a signature": `${body}\n${line}\u2014 a AAAA\n`,
    "with text after a signature": `${body}\n${line.trimEnd()} x\n`,
    "with a line that is no signature": `${body}\n${line}x\n`,
    "of more than 16 KiB": signed(`${body}${"x".repeat(16_384)}\n`),
    "with a changed size": `${body.replace("\n3\n", "\n4\n")}\n${line}`,
    "with a changed origin": `x${body}\n${line}`,
    "with a changed root": `${body.replace(root, Buffer.alloc(32).toString("base64"))}\n${line}`,
    "with a signature over the text without its last line feed": `${body}\n${signatureLine(v2, body.trimEnd())}`,
    "with a signature over the text and the blank line": `${body}\n${signatureLine(v2, `${body}\n`)}`,
    "by another log": makeCheckpoint(v1, leaves),
  };
  for (const [name, note] of Object.entries(wrong)) {
    test(name, () => refuses("LOG_ENTRY_INVALID", () => verifyCheckpoint(note, v2.log)));
  }
});

suite("real ones", () => {
  const folder = new URL("../vectors/sigstore-conformance/", import.meta.url);
  const publicGood = new URL("../../src/sigstore/public-good/trusted_root.json", import.meta.url);

  function rootOf(name: string): TrustedRoot {
    const files = readdirSync(new URL(`${name}/`, folder));
    const own = files.includes("trusted_root.json");
    return parseTrustedRoot(
      readFileSync(own ? new URL(`${name}/trusted_root.json`, folder) : publicGood),
      name,
    );
  }

  /** The note of the first entry, and the log that its id names. */
  function verifyCase(name: string): ReturnType<typeof verifyCheckpoint> {
    const bundle: unknown = JSON.parse(
      readFileSync(new URL(`${name}/bundle.sigstore.json`, folder), "utf8"),
    );
    const [entry] = list(dig(bundle, "verificationMaterial", "tlogEntries"));
    const id = text(dig(entry, "logId", "keyId"));
    const log = rootOf(name).logs.find(({ logId }) => encodeBase64(logId) === id);
    assert.ok(log !== undefined, "the log is in the trusted root");
    return verifyCheckpoint(text(dig(at(entry, "inclusionProof"), "checkpoint", "envelope")), log);
  }

  const right: Readonly<Record<string, string>> = {
    "happy-path-v0.1": "rekor.sigstore.dev - 2605736670972794746",
    "happy-path-v0.3": "rekor.sigstore.dev - 2605736670972794746",
    "happy-path-v0.3-new-mediaType": "rekor.sigstore.dev - 2605736670972794746",
    "happy-path-intoto-in-dsse-v3": "rekor.sigstore.dev - 1193050959916656506",
    "bundle-with-sct-with-extensions": "rekor-local",
    "rekor2-happy-path": "log2025-alpha1.rekor.sigstage.dev",
    "rekor2-dsse-happy-path": "log2025-alpha3.rekor.sigstage.dev",
    "rekor2-checkpoint-cosigned": "log2025-alpha1.rekor.sigstage.dev",
    "rekor2-checkpoint-multiple-cosigs": "log2025-alpha1.rekor.sigstage.dev",
    "rekor2-checkpoint-two-sigs-cosigned": "log2025-alpha1.rekor.sigstage.dev",
    // Signed by the log, for another entry or root.
    "checkpoint-wrong-roothash_fail": "rekor.sigstore.dev - 2605736670972794746",
  };
  for (const [name, origin] of Object.entries(right)) {
    test(`${name} is signed by its log`, () => {
      const proven = verifyCase(name);
      assert.ok(proven.size > 0n);
      assert.equal(proven.origin, origin);
    });
  }

  for (const name of [
    "invalid-checkpoint-signature_fail",
    "rekor2-checkpoint-missing-log-signature_fail",
    "rekor2-checkpoint-missing-origin_fail",
    "rekor2-checkpoint-missing-root-hash_fail",
    "rekor2-checkpoint-no-matching-signature_fail",
  ]) {
    test(`${name} is refused`, () => refuses("LOG_ENTRY_INVALID", () => verifyCase(name)));
  }
});

suite("any text", () => {
  test("gives a checkpoint or our error", () => {
    const pieces = [
      v2.name,
      "\n",
      "\n\n",
      "3",
      "\u2014 ",
      " ",
      "AAAAAAAA",
      "=",
      "x",
      "\u0000",
      "\ud800",
    ];
    const parts = fc.array(fc.constantFrom(...pieces), { maxLength: 30 });
    fc.assert(
      fc.property(parts, (all) => isContained(() => parseCheckpoint(all.join("")))),
      { numRuns: runs },
    );
  });

  test("that differs from a right one by one character is refused", () => {
    const note = makeCheckpoint(v1, leaves);
    fc.assert(
      fc.property(fc.nat(note.length - 1), fc.string({ maxLength: 1 }), (at, character) => {
        const changed = note.slice(0, at) + character + note.slice(at + 1);
        if (changed === note) return;
        refuses("LOG_ENTRY_INVALID", () => verifyCheckpoint(changed, v1.log));
      }),
      { numRuns: runs },
    );
  });
});
