// `verify` with attestations: all that are required, what each claims, and JSON that says what was signed.
import assert from "node:assert/strict";
import { rm, writeFile } from "node:fs/promises";
import { after, before, suite, test } from "node:test";
import { encodeResult } from "../../src/commands/verify-result-json.ts";
import {
  isVerified,
  type RefusedResult,
  type VerifyResult,
} from "../../src/commands/verify-results.ts";
import { printVerifyResults } from "../../src/commands/verify-text.ts";
import { writeJson } from "../../src/encoding/json-write.ts";
import { exactly } from "../../src/sigstore/matcher.ts";
import { at, dig, list, text } from "../sandbox/wire.ts";
import { attest, attestBeside, hexOf, judge, judgeFile, requiring, types } from "./attested.ts";
import { makeWorld } from "./own-run.ts";
import { Folder } from "./verify-run.ts";

let folder: Folder;
before(async () => {
  folder = await Folder.make();
});
after(() => folder.remove());

function shown(result: VerifyResult): string {
  const { world, told } = makeWorld();
  printVerifyResults([result], world.runner);
  return [...told.infos, ...told.failures].join("\n");
}

function refused(result: VerifyResult): RefusedResult {
  assert.ok(!isVerified(result), shown(result));
  return result;
}

suite("several attestations at once", () => {
  test("each by a bundle beside the file", async () => {
    const path = await folder.write("all/app", "app");
    await attestBeside(path, "app", "provenance");
    await attestBeside(path, "app", "spdx");
    const result = await judgeFile(path, requiring("provenance", "sbom"));
    assert.ok(isVerified(result), shown(result));
    const satisfied = result.proofs.flatMap(({ attestations }) => attestations);
    assert.deepEqual(satisfied.map(({ name }) => name).sort(), ["provenance", "sbom"]);
  });

  test("a missing one is named, with what is there and why the others do not count", async () => {
    const path = await folder.write("some/app", "app");
    await attestBeside(path, "app", "provenance");
    await attestBeside(path, "app", "vex");
    const result = refused(await judgeFile(path, requiring("provenance", "spdx")));
    assert.deepEqual(result.missing, ["spdx"]);
    assert.equal(result.error.code, "POLICY_NOT_SATISFIED");
    assert.equal(result.error.step?.number, 12);
    assert.match(
      result.error.message,
      /^The policy requires "provenance" and "spdx": "spdx" is missing \("provenance" is there\)\. Of the bundles that do not count, .*predicate type is "https:\/\/openvex/,
    );
    assert.match(shown(result), /app\.vex\.sigstore\.json": step 12, statement: The statement's/);
    assert.deepEqual(at(encodeResult(result, String), "missing"), ["spdx"]);
  });

  test("one that is about another file is missing", async () => {
    const path = await folder.write("other/app", "app");
    await attestBeside(path, "app", "provenance");
    const spdx = await attest(types.spdx, { app: "another" });
    await writeFile(`${path}.spdx.sigstore.json`, spdx);
    const result = refused(await judgeFile(path, requiring("provenance", "spdx")));
    assert.deepEqual(result.missing, ["spdx"]);
  });

  test("one by a stranger is missing, however many there are", async () => {
    const path = await folder.write("stranger/app", "app");
    await attestBeside(path, "app", "spdx");
    const policy = requiring("spdx");
    const [mine] = policy.identities;
    assert.ok(mine !== undefined);
    const stranger = { ...mine, identity: exactly("https://example.com/me", "identity") };
    const result = refused(await judgeFile(path, { ...policy, identities: [stranger] }));
    assert.deepEqual(result.missing, ["spdx"]);
    assert.match(
      result.error.message,
      /"spdx" is missing\. Of the bundles that do not count, .*identity is/,
    );
  });

  test("any bundle file beside the file counts, a signature or a line of many", async () => {
    const path = await folder.write("mixed/app", "app");
    await writeFile(`${path}.sigstore.json`, await attest(types.vex, { app: "app" }));
    const lines = [types.provenance, types.spdx].map((type) => attest(type, { app: "app" }));
    await writeFile(`${path}.sigstore.jsonl`, (await Promise.all(lines)).join(""));
    const result = await judgeFile(path, requiring("provenance", "sbom"));
    assert.ok(isVerified(result), shown(result));
    assert.equal(result.proofs.length, 2);
    assert.equal(result.refusals.length, 1);
  });

  test("in bundle-dir by name and by content together", async () => {
    const path = await folder.write("dir/app", "app");
    const own = await attest(types.provenance, { app: "app" });
    await folder.write("dir/b/app.provenance.sigstore.json", own);
    const shared = await attest(types.spdx, { app: "app", other: "other" });
    await folder.write("dir/b/attestation.spdx.sigstore.json", shared);
    const place = { kind: "folder", path: folder.at("dir/b") } as const;
    const result = await judgeFile(path, requiring("provenance", "spdx"), place);
    assert.ok(isVerified(result), shown(result));
    const only = await judgeFile(path, { identities: requiring().identities }, place);
    assert.ok(isVerified(only));
    assert.equal(only.proofs.length, 1, "without a requirement the one of its name is enough");
  });

  test("of a digest", async () => {
    const bundles = ["provenance", "spdx"] as const;
    for (const short of bundles) {
      const bundle = await attest(types[short], { image: "image" });
      await folder.write(`digest/${short}.sigstore.json`, bundle);
    }
    const place = { kind: "folder", path: folder.at("digest") } as const;
    const item = `sha256:${hexOf("image")}`;
    const result = await judgeFile(item, requiring("provenance", "sbom"), place);
    assert.ok(isVerified(result), shown(result));
    await rm(folder.at("digest/spdx.sigstore.json"));
    refused(await judgeFile(item, requiring("provenance", "sbom"), place));
  });

  test("one without any bundle has no bundle", async () => {
    const path = await folder.write("none/app", "app");
    assert.equal(refused(await judgeFile(path, requiring("spdx"))).error.code, "BUNDLE_MISSING");
  });
});

suite("what is printed", () => {
  test("is one line a statement", async () => {
    const path = await folder.write("said/app", "app");
    const predicate = { spdxVersion: "SPDX-2.3", name: "app", packages: [{}, {}] };
    const bundle = await attest(types.spdx, { app: "app" }, predicate);
    await writeFile(`${path}.sigstore.json`, bundle);
    const lines = shown(await judgeFile(path, { identities: requiring().identities })).split("\n");
    assert.equal(lines.length, 2);
    assert.equal(lines[1], "  says SPDX 2.3: app, 2 packages");
  });
});

suite("JSON", () => {
  test("has the predicate's numbers and texts as they were signed", async () => {
    const token = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0.c2ln";
    const predicate = `{ "n": 12345678901234567890123, "f": 1.10, "t": "${token}" }`;
    const path = await folder.write("json/app", "app");
    const bundle = await attest("https://example.com/p/v1", { app: "app" }, predicate);
    await writeFile(`${path}.sigstore.json`, bundle);
    const result = await judgeFile(path, { identities: requiring().identities });
    const written = writeJson(encodeResult(result, () => "cut"));
    assert.ok(written.includes(`{"n":12345678901234567890123,"f":1.10,"t":"${token}"}`), written);
    const [one] = list(at(JSON.parse(written), "bundles"));
    assert.equal(dig(one, "statement", "predicateType"), "https://example.com/p/v1");
    assert.deepEqual(list(at(one, "claims")).map(text), ["https://example.com/p/v1"]);
  });

  test("has errors that are redacted", async () => {
    const path = await folder.write("bad/app", "app");
    await writeFile(`${path}.sigstore.json`, "eyJhbGciOiJub25lIn0");
    const result = await judgeFile(path, requiring("spdx"));
    const written = writeJson(encodeResult(result, (all) => all.replaceAll("bundle", "***")));
    assert.match(text(dig(JSON.parse(written), "error", "message")), /\*\*\*/);
  });
});

test("a manifest's bundle must hold what the manifest says", async () => {
  const path = await folder.write(
    "swapped/app.sigstore.json",
    await attest(types.vex, { app: "app" }),
  );
  const file = await folder.write("swapped/app", "app");
  const artifact = {
    kind: "file",
    name: file,
    file: { path: file, name: "app", size: 3 },
    bundles: [{ path, predicateType: types.spdx }],
  } as const;
  const { error } = refused(await judge(artifact, { identities: requiring().identities }));
  assert.equal(error.code, "STATEMENT_INVALID");
  assert.match(
    error.message,
    /holds "https:\/\/openvex.*the manifest says that it holds "https:\/\/spdx/,
  );
});
