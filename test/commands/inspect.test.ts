// `inspect`: says first that nothing is verified, shows everything, and survives any bundle.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { after, before, suite, test } from "node:test";
import { encodeInspected } from "../../src/commands/inspect-json.ts";
import { describeInspected } from "../../src/commands/inspect-text.ts";
import { parseBundle, type Bundle } from "../../src/sigstore/bundle.ts";
import { at, dig, list, text } from "../sandbox/wire.ts";
import { caseFile, Folder, identity, issuer, run, sha256 } from "./verify-run.ts";

let folder: Folder;
before(async () => {
  folder = await Folder.make();
});
after(() => folder.remove());

const first = /^Nothing here is verified: this is what the bundle says of itself\./;

suite("a bundle", () => {
  test("is shown after a line that says that nothing is verified", async () => {
    const { code, told } = await run(["inspect", caseFile("happy-path-v0.3")]);
    assert.equal(code, 0);
    assert.match(told.infos[0] ?? "", first);
    const shown = told.infos.slice(1).join("\n");
    for (const part of [identity, issuer, "79571823", "hashedrekord"]) {
      assert.ok(shown.includes(part), part);
    }
  });

  test("is JSON that says the same first", async () => {
    const { code, stdout, told } = await run(["inspect", "--json", caseFile("happy-path-v0.3")]);
    assert.equal(code, 0);
    assert.deepEqual(told.infos, []);
    assert.match(stdout, /^\{\n {2}"verified": false,\n {2}"warning": "Nothing here is verified/);
    const [bundle] = list(at(JSON.parse(stdout), "bundles"));
    assert.equal(dig(bundle, "signer", "certificate", "issuer"), issuer);
    assert.equal(dig(bundle, "content", "digest", "sha256"), sha256);
  });

  test("of many lines is shown line by line", async () => {
    const path = await folder.lines("two.jsonl", ["happy-path-v0.3", "rekor2-dsse-happy-path"]);
    const { stdout, code } = await run(["inspect", "--json", path]);
    assert.equal(code, 0);
    const bundles = list(at(JSON.parse(stdout), "bundles"));
    assert.deepEqual(
      bundles.map((bundle) => text(at(bundle, "bundle"))),
      [`${path}:1`, `${path}:2`],
    );
    assert.equal(dig(bundles[1], "content", "kind"), "dsse-envelope");
    assert.notEqual(dig(bundles[1], "content", "statement"), undefined);
  });

  test("with a managed key has no certificate to show", async () => {
    const { stdout } = await run(["inspect", "--json", caseFile("managed-key-happy-path")]);
    const [bundle] = list(at(JSON.parse(stdout), "bundles"));
    assert.notEqual(dig(bundle, "signer", "key"), undefined);
  });

  test("every one of the suite's that can be parsed is shown, wrong as it is", () => {
    const names = readdirSync(caseFile("", ""), { withFileTypes: true }).filter((entry) =>
      entry.isDirectory(),
    );
    let shown = 0;
    for (const { name } of names) {
      let bundle: Bundle;
      try {
        bundle = parseBundle(readFileSync(caseFile(name)), name);
      } catch {
        continue;
      }
      const lines = describeInspected(encodeInspected(bundle));
      assert.doesNotMatch(lines, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
      shown++;
    }
    assert.ok(shown > 30, `${shown}`);
  });
});

suite("what cannot be inspected", () => {
  test("no bundle is bad input", async () => {
    const { code, log } = await run(["inspect"]);
    assert.equal(code, 2);
    assert.match(log, /No bundle is given/);
  });

  test("an unknown flag is bad input", async () => {
    assert.equal((await run(["inspect", "--bundle=x"])).code, 2);
  });

  test("a bundle that is missing or broken fails, and the others are shown", async () => {
    const broken = await folder.write("broken.json", "{");
    const args = ["inspect", "--json", "none.json", broken, caseFile("happy-path-v0.3")];
    const { code, stdout } = await run(args);
    assert.equal(code, 1);
    const bundles = list(at(JSON.parse(stdout), "bundles"));
    assert.deepEqual(
      bundles.map((bundle) => dig(at(bundle, "error") ?? { code: "" }, "code")),
      ["BUNDLE_MISSING", "BUNDLE_INVALID", ""],
    );
  });

  test("help", async () => {
    const { code, stdout } = await run(["inspect", "--help"]);
    assert.equal(code, 0);
    assert.match(stdout, /^sigstep inspect: [\s\S]*Example:\n {2}sigstep inspect/);
    for (const line of stdout.split("\n")) assert.ok(line.length <= 100, line);
  });
});

suite("hostile content", () => {
  test("cannot break a line, steer a terminal or look like our own words", () => {
    const evil = "x\n\u001b[2J\u202e verified  by\r\u0007";
    const shown = describeInspected({ [evil]: evil, nested: { list: [evil, { [evil]: [evil] }] } });
    assert.doesNotMatch(shown, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/);
    assert.ok(shown.split("\n").every((line) => line.startsWith("  ")));
    assert.doesNotMatch(shown, /^\s*verified/m);
  });

  test("that is long or wide is cut", () => {
    const shown = describeInspected({
      long: "x".repeat(10_000),
      wide: Array<number>(10_000).fill(1),
    });
    assert.ok(shown.length < 5000);
    assert.match(shown, /and 9950 more/);
  });
});
