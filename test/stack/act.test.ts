// The packaging, run by a runner: a workflow with `uses: ./`, whose outputs a second job takes over.
import assert from "node:assert/strict";
import { mkdtemp, readFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, suite, test } from "node:test";
import { at, text } from "../sandbox/wire.ts";
import { checkout, makeRepository, runAct } from "./act.ts";
import { judges } from "./judges.ts";
import { startStack, type Stack } from "./start.ts";

const identity = "https://github.com/acme/widget/.github/workflows/release.yml@refs/tags/v1.0.0";

const workflow = (keep: string, issuer: string): string => `
on: push
jobs:
  sign:
    runs-on: ubuntu-latest
    permissions:
      contents: read
      id-token: write
    outputs:
      status: \${{ steps.sign.outputs.status }}
      bundles: \${{ steps.sign.outputs.bundle-paths }}
      identity: \${{ steps.sign.outputs.certificate-identity }}
      manifest: \${{ steps.sign.outputs.manifest-path }}
    steps:
      - uses: ${checkout}
      - run: mkdir release && echo one > 'release/app one.txt' && echo two > release/two.txt
      - id: sign
        uses: ./
        with:
          inputs: release/*
          bundle-dir: ${keep}
      - run: cp release/* ${keep}/
  verify:
    needs: sign
    runs-on: ubuntu-latest
    steps:
      - env:
          RESULT: \${{ toJSON(needs.sign.outputs) }}
        run: printf '%s' "$RESULT" > ${keep}/outputs.json
      - uses: ${checkout}
      - id: verify
        uses: ./verify
        with:
          manifest: \${{ needs.sign.outputs.manifest }}
          certificate-identity: ${identity}
          certificate-oidc-issuer: ${issuer}
      - env:
          RESULT: \${{ toJSON(steps.verify.outputs) }}
        run: printf '%s' "$RESULT" > ${keep}/verified.json
`;

suite("the action under act", () => {
  let stack: Stack;
  before(async () => {
    stack = await startStack();
  });
  after(async () => {
    await stack.stop();
  });

  test("signs, and hands its outputs to the next job, which verifies", async () => {
    const home = await mkdtemp(join(stack.directory, "act-"));
    const keep = join(home, "kept");
    const folder = await makeRepository(stack, workflow(keep, stack.urls.github));
    const { output, code } = await runAct(stack, { folder, home });
    assert.equal(code, 0, output);
    const outputs: unknown = JSON.parse(await readFile(join(keep, "outputs.json"), "utf8"));
    const names = ["app one.txt", "two.txt"];
    assert.deepEqual(outputs, {
      status: "signed",
      bundles: names.map((name) => join(keep, `${name}.sigstore.json`)).join("\n"),
      identity,
      manifest: join(keep, "sigstep-manifest.json"),
    });
    const verified: unknown = JSON.parse(await readFile(join(keep, "verified.json"), "utf8"));
    const resultsPath = text(at(verified, "results-path"));
    assert.deepEqual(verified, {
      verified: "true",
      identity,
      issuer: stack.urls.github,
      repository: "https://github.com/acme/widget",
      commit: text(at(verified, "commit")),
      images: "",
      "results-path": resultsPath,
    });
    assert.match(output, /verified {2}".*app one\.txt" {2}by /);
    assert.ok(!/eyJ[\w-]+\.[\w-]+\.[\w-]+/.test(output.replaceAll(/::add-mask::\S+/g, "")), output);
    for (const name of names) {
      for (const judge of judges.filter((candidate) => candidate.name === "cosign")) {
        const file = join(keep, name);
        const bundle = `${file}.sigstore.json`;
        const verdict = await judge.verifyBlob({
          stack,
          bundle,
          file,
          identity,
          issuer: stack.urls.github,
        });
        assert.ok(verdict.accepted, verdict.output);
      }
    }
  });
});
