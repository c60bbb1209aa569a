// PEM: blocks of one label and nothing between them.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { suite, test } from "node:test";
import fc from "fast-check";
import { equalBytes } from "../../src/encoding/base64.ts";
import { encodePem, parsePem } from "../../src/encoding/pem.ts";
import { isContained, refuses, runs } from "../refusal.ts";

const one = encodePem(Buffer.alloc(100, 7), "CERTIFICATE");

test("is written as node and openssl write it", () => {
  const { publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const der = publicKey.export({ format: "der", type: "spki" });
  const pem = publicKey.export({ format: "pem", type: "spki" });
  assert.equal(encodePem(der, "PUBLIC KEY"), pem);
  const again = execFileSync("openssl", ["pkey", "-pubin"], {
    input: encodePem(der, "PUBLIC KEY"),
  });
  assert.equal(again.toString(), pem);
});

test("has lines of 64 characters, the last one of the rest", () => {
  for (const [bytes, lengths] of [
    [1, [4]],
    [48, [64]],
    [49, [64, 4]],
    [96, [64, 64]],
  ] as const) {
    const lines = encodePem(new Uint8Array(bytes), "X").split("\n").slice(1, -2);
    assert.deepEqual(
      lines.map((line) => line.length),
      lengths,
    );
  }
});

suite("takes", () => {
  const right: Readonly<Record<string, readonly [string, number]>> = {
    "one block": [one, 1],
    "CRLF line ends": [one.replaceAll("\n", "\r\n"), 1],
    "white space around": [` \n\t${one}\n\n `, 1],
    "no line end at the end": [one.trimEnd(), 1],
    "blocks one after another": [one + one, 2],
    "blank lines between blocks": [`${one}\n\r\n${one}`, 2],
    nothing: ["", 0],
  };
  for (const [name, [text, count]] of Object.entries(right)) {
    test(name, () => {
      const blocks = parsePem(text, "CERTIFICATE");
      assert.equal(blocks.length, count);
      for (const block of blocks) assert.ok(equalBytes(block, Buffer.alloc(100, 7)));
    });
  }
});

suite("refuses", () => {
  const [first = "", second = "", third = ""] = one.split("\n");
  const wrong: Readonly<Record<string, string>> = {
    "another label": one.replaceAll("CERTIFICATE", "PUBLIC KEY"),
    "another label after the right one": `${one}${one.replaceAll("CERTIFICATE", "X")}`,
    "a label in lower case": one.replaceAll("CERTIFICATE", "certificate"),
    "labels that differ": one.replace("END CERTIFICATE", "END X"),
    "text before": `x${one}`,
    "a subject line before, as openssl writes": `subject=CN=x\n${one}`,
    "text after": `${one}x`,
    "text between": `${one}x\n${one}`,
    "headers inside": one.replace("\n", "\nProc-Type: 4,ENCRYPTED\n\n"),
    "a blank line inside":
      [first, "", second, third].join("\n") + one.slice(one.indexOf("-----END")),
    "white space inside a line": one.replace(second, `${second.slice(0, 4)} ${second.slice(4)}`),
    "white space at the end of a line": one.replace(second, `${second} `),
    "no end": one.slice(0, one.indexOf("-----END")),
    "no begin": one.slice(one.indexOf("\n") + 1),
    "no body": "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n",
    "a cut marker": one.replace("-----BEGIN", "----BEGIN"),
    "padding inside": one.replace(second, `${second.slice(0, -1)}=`),
    "no padding": one.replace(/=+\n-/, "\n-"),
    "bits after the end": one.replace(/.==\n-/, "9==\n-"),
    "old Mac line ends": one.replaceAll("\n", "\r"),
    "a byte order mark": `\uFEFFx${one}`,
    "white space alone": " \n",
    base64: "AAAA",
  };
  for (const [name, text] of Object.entries(wrong)) {
    test(name, () => {
      assert.notEqual(text, one);
      refuses("ENCODING_INVALID", () => parsePem(text, "CERTIFICATE"));
    });
  }
});

suite("properties", () => {
  test("parse undoes encode", () => {
    const all = fc.array(fc.uint8Array({ minLength: 1, maxLength: 200 }), { maxLength: 4 });
    fc.assert(
      fc.property(all, (blocks) => {
        const text = blocks.map((bytes) => encodePem(bytes, "CERTIFICATE")).join("");
        const again = parsePem(text, "CERTIFICATE");
        assert.equal(again.length, blocks.length);
        blocks.forEach((bytes, i) => assert.ok(equalBytes(bytes, again[i] ?? new Uint8Array())));
      }),
      { numRuns: runs },
    );
  });

  test("any text gives blocks or our error", () => {
    const pieces = [
      "-----BEGIN CERTIFICATE-----",
      "-----END CERTIFICATE-----",
      "\n",
      "\r\n",
      "AAAA",
      "=",
      " ",
      "x",
    ];
    const text = fc.array(fc.constantFrom(...pieces), { maxLength: 20 }).map((all) => all.join(""));
    fc.assert(
      fc.property(text, (given) => isContained(() => parsePem(given, "CERTIFICATE"))),
      { numRuns: runs },
    );
  });

  test("large texts take linear time and no deep stack", () => {
    const large = 4 << 20;
    const begin = "-----BEGIN CERTIFICATE-----\n";
    const started = process.cpuUsage();
    for (const text of [
      " ".repeat(large),
      `${one}${"\n".repeat(large)}x`,
      begin + "A".repeat(large),
      begin + "A\n".repeat(large / 2),
      begin.repeat(large / begin.length),
      one.repeat(large / one.length),
      `${begin}${"\r\n".repeat(large / 2)}`,
    ]) {
      assert.ok(isContained(() => parsePem(text, "CERTIFICATE")));
    }
    const { user } = process.cpuUsage(started);
    assert.ok(user < 5_000_000, `${user / 1e6} s`);
  });
});
