// `verify --manifest` of an attest run: every attestation for each of its subjects, files and others.
import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";
import { isVerified, type VerifyResult } from "../../src/commands/verify-results.ts";
import { readManifest } from "../../src/commands/verify-manifest.ts";
import type { Policy } from "../../src/sigstore/policy.ts";
import { rejection } from "../refusal.ts";
import { identity } from "../sigstore/own-bundle.ts";
import { attest, hexOf, judge, requiring, types } from "./attested.ts";
import { Folder } from "./verify-run.ts";

let folder: Folder;
before(async () => {
  folder = await Folder.make();
});
after(() => folder.remove());

type Subjects = Readonly<Record<string, string>>;

const anyType: Policy = { identities: [identity] };

function listed(bundle: string, predicateType: string, subjects: Subjects): unknown {
  return {
    ...{ predicateType, bundle, bundlePath: `/elsewhere/${bundle}` },
    subjects: Object.entries(subjects).map(([name, content]) => ({
      name,
      digest: { sha256: hexOf(content) },
    })),
  };
}

function manifest(name: string, attestations: readonly unknown[]): Promise<string> {
  const json = { schemaVersion: 1, subjects: [], failures: [], attestations };
  return folder.write(`${name}/sigstep-manifest.json`, JSON.stringify(json));
}

async function verdicts(path: string, policy: Policy = anyType): Promise<VerifyResult[]> {
  const { artifacts, refused } = await readManifest(path);
  return [...(await Promise.all(artifacts.map((each) => judge(each, policy)))), ...refused];
}

suite("attestations of a manifest", () => {
  test("are proven for each file, all bundles of it together", async () => {
    const subjects = { "a.zip": "a", "b.zip": "b" };
    for (const [name, content] of Object.entries(subjects)) {
      await folder.write(`files/${name}`, content);
    }
    for (const short of ["provenance", "spdx"] as const) {
      const bundle = await attest(types[short], subjects);
      await folder.write(`files/attestation.${short}.sigstore.json`, bundle);
    }
    const path = await manifest("files", [
      listed("attestation.provenance.sigstore.json", types.provenance, subjects),
      listed("attestation.spdx.sigstore.json", types.spdx, subjects),
    ]);
    for (const policy of [anyType, requiring("provenance", "sbom")]) {
      const results = await verdicts(path, policy);
      assert.equal(results.length, 2);
      for (const result of results) {
        assert.ok(isVerified(result));
        assert.equal(result.proofs.length, 2);
      }
    }
    const results = await verdicts(path, requiring("provenance", "sbom", "openvex"));
    assert.ok(results.every((result) => result.kind === "refused"));
  });

  test("one of which does not hold refuses its subject, whatever the others prove", async () => {
    await folder.write("one/a.zip", "a");
    await folder.write("one/p.sigstore.json", await attest(types.provenance, { "a.zip": "a" }));
    await folder.write("one/s.sigstore.json", await attest(types.spdx, { "a.zip": "other" }));
    const path = await manifest("one", [
      listed("p.sigstore.json", types.provenance, { "a.zip": "a" }),
      listed("s.sigstore.json", types.spdx, { "a.zip": "a" }),
    ]);
    const [result, ...others] = await verdicts(path);
    assert.equal(others.length, 0);
    assert.ok(result?.kind === "refused");
    assert.match(
      result.error.message,
      /^Only 1 of 2 bundles is accepted; .*not about the artifact/,
    );
  });

  test("about a file that was changed are refused by name", async () => {
    await folder.write("changed/a.zip", "changed");
    await folder.write("changed/p.sigstore.json", await attest(types.vex, { "a.zip": "a" }));
    const path = await manifest("changed", [
      listed("p.sigstore.json", types.vex, { "a.zip": "a" }),
    ]);
    const [result] = await verdicts(path);
    assert.ok(result?.kind === "refused");
    assert.equal(result.error.code, "FILE_CHANGED");
  });

  test("about what is no file here are proven by digest, and the result says so", async () => {
    const subjects = { "ghcr.io/acme/app": "image" };
    await folder.write("image/i.sigstore.json", await attest(types.provenance, subjects));
    const path = await manifest("image", [listed("i.sigstore.json", types.provenance, subjects)]);
    const [result] = await verdicts(path);
    assert.ok(result !== undefined && isVerified(result));
    const name = `ghcr.io/acme/app sha256:${hexOf("image")} (no file here, by digest alone)`;
    assert.equal(result.name, name);
    const other = { "ghcr.io/acme/app": "another image" };
    const wrong = await manifest("image", [listed("i.sigstore.json", types.provenance, other)]);
    const [refused] = await verdicts(wrong);
    assert.ok(refused?.kind === "refused");
    assert.equal(refused.error.step?.number, 12);
  });

  test("lead nowhere outside: neither by a bundle's path nor by a subject's name", async () => {
    await folder.write("outside/secret", "secret");
    await folder.write("outside/b.sigstore.json", await attest(types.vex, { a: "a" }));
    const bundle = "../outside/b.sigstore.json";
    const [result] = await verdicts(await manifest("in", [listed(bundle, types.vex, { a: "a" })]));
    assert.ok(result?.kind === "refused");
    assert.equal(result.error.code, "BUNDLE_MISSING");
    const subjects = { "../outside/secret": "secret", [folder.at("outside/secret")]: "secret" };
    await folder.write("in/b.sigstore.json", await attest(types.vex, subjects));
    const path = await manifest("in", [listed("b.sigstore.json", types.vex, subjects)]);
    for (const each of await verdicts(path)) assert.match(each.name, /no file here/);
  });

  for (const [what, item, says] of [
    ["without subjects", listed("b.json", types.vex, {}), /subjects .* is empty/],
    ["of a file of many", listed("b.jsonl", types.vex, { a: "a" }), /bundle .* is not a bundle/],
    ["without type", listed("b.json", "", { a: "a" }), /predicateType .* is empty/],
    [
      "with a short digest",
      { predicateType: "x:y", bundle: "b", subjects: [{ name: "a", digest: { sha256: "ab" } }] },
      /is not a sha256 digest/,
    ],
  ] as const) {
    test(`${what} are no manifest's`, async () => {
      const path = await manifest("broken", [item]);
      const { message } = await rejection("BUNDLE_INVALID", readManifest(path));
      assert.match(message, says);
    });
  }
});
