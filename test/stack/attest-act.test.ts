// The examples in the README of actions/attest, run by a runner with `uses:` changed and nothing else; of the
// container image all but push-to-registry. github.com/actions/attest#examples
import assert from "node:assert/strict";
import { mkdtemp, readFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, suite, test } from "node:test";
import { at, dig, list, text } from "../sandbox/wire.ts";
import { checkout, makeRepository, runAct } from "./act.ts";
import { attestationJudges } from "./judges.ts";
import { startStack, type Stack } from "./start.ts";

const identity = "https://github.com/acme/widget/.github/workflows/release.yml@refs/tags/v1.0.0";
const custom = "https://example.com/predicate/v1";
const provenance = "https://slsa.dev/provenance/v1";
const release = "https://in-toto.io/attestation/release/v0.1";
const digest = "b569bf992b287f55d78bf8ee476497e9b7e9d2bf1c338860bfb905016218c740";

const workflow = (keep: string): string => `
name: build-attest

on: push

jobs:
  build:
    runs-on: ubuntu-latest
    permissions:
      id-token: write
      contents: read
      attestations: write

    steps:
      - name: Checkout
        uses: ${checkout}
      - name: Build artifact
        run: |
          mkdir -p dist/linux ${keep}
          for name in my-app dist/linux/my-bin-1 dist/my-bin-2 dist/foo dist/bar foo_0.0.1_a; do
            echo "$name" > "$name"
          done
          cp my-app dist/foo foo_0.0.1_a ${keep}/
      - name: Attest
        id: path
        uses: ./
        with:
          subject-path: '\${{ github.workspace }}/my-app'
          predicate-type: 'https://example.com/predicate/v1'
          predicate: '{}'
      - id: glob
        uses: ./
        with:
          subject-path: 'dist/**/my-bin-*'
          predicate-type: 'https://example.com/predicate/v1'
          predicate: '{}'
      - id: commas
        uses: ./
        with:
          subject-path: 'dist/foo, dist/bar'
      - id: lines
        uses: ./
        with:
          subject-path: |
            dist/foo
            dist/bar
      - name: Calculate artifact digests
        run: |
          sha256sum foo_0.0.1_* > subject.checksums.txt
      - id: checksums
        uses: ./
        with:
          subject-checksums: subject.checksums.txt
          predicate-type: 'https://example.com/predicate/v1'
          predicate: '{}'
      - id: image
        uses: ./
        with:
          subject-name: ghcr.io/acme/widget
          subject-digest: sha256:${digest}
          predicate-type: 'https://in-toto.io/attestation/release/v0.1'
          predicate: '{"purl":"pkg:oci/..."}'
      - env:
          RESULT: \${{ toJSON(steps) }}
        run: |
          printf '%s' "$RESULT" > ${keep}/steps.json
          cp "\${{ steps.path.outputs.bundle-path }}" ${keep}/path.json
          cp "\${{ steps.glob.outputs.bundle-path }}" ${keep}/glob.json
          cp "\${{ steps.commas.outputs.bundle-path }}" ${keep}/commas.json
          cp "\${{ steps.lines.outputs.bundle-path }}" ${keep}/lines.json
          cp "\${{ steps.checksums.outputs.bundle-path }}" ${keep}/checksums.json
          cp "\${{ steps.image.outputs.bundle-path }}" ${keep}/image.json
          cp "$RUNNER_TEMP/created_attestation_paths.txt" ${keep}/
`;

/** Step → its subjects, and the type of its predicate. */
const wanted: Readonly<Record<string, readonly [names: readonly string[], type: string]>> = {
  path: [["my-app"], custom],
  glob: [["my-bin-1", "my-bin-2"], custom],
  commas: [["foo", "bar"], provenance],
  lines: [["foo", "bar"], provenance],
  checksums: [["foo_0.0.1_a"], custom],
  image: [["ghcr.io/acme/widget"], release],
};

/** Step → a file that its attestation is about. */
const files = { path: "my-app", commas: "foo", lines: "foo", checksums: "foo_0.0.1_a" } as const;

suite("the examples of actions/attest under act", () => {
  let stack: Stack;
  before(async () => {
    stack = await startStack();
  });
  after(async () => {
    await stack.stop();
  });

  test("attest the same subjects, and leave the same outputs and files", async () => {
    const home = await mkdtemp(join(stack.directory, "act-"));
    const keep = join(home, "kept");
    const folder = await makeRepository(stack, workflow(keep));
    const { output, code } = await runAct(stack, { folder, home });
    assert.equal(code, 0, output);
    const steps: unknown = JSON.parse(await readFile(join(keep, "steps.json"), "utf8"));
    const paths: string[] = [];
    for (const [step, [names, type]] of Object.entries(wanted)) {
      const statement = await readStatement(join(keep, `${step}.json`));
      assert.deepEqual(
        list(at(statement, "subject"))
          .map((subject) => text(at(subject, "name")))
          .toSorted(),
        names.toSorted(),
      );
      assert.equal(at(statement, "predicateType"), type);
      paths.push(text(dig(steps, step, "outputs", "bundle-path")));
      assert.equal(dig(steps, step, "outputs", "status"), "signed");
    }
    const created = await readFile(join(keep, "created_attestation_paths.txt"), "utf8");
    assert.equal(created, `${paths.join("\n")}\n`);
    assert.equal(new Set(paths).size, paths.length, "a fresh folder each");
    assert.ok(paths.every((path) => path.endsWith("/attestation.json")));
    for (const judge of attestationJudges.filter(
      ({ name }) => name === "gh" || name === "cosign",
    )) {
      for (const [step, file] of Object.entries(files)) {
        const verdict = await judge.verifyAttestation({
          ...{ stack, identity, issuer: stack.urls.github },
          bundle: join(keep, `${step}.json`),
          file: join(keep, file),
          predicateType: wanted[step]?.[1] ?? "",
        });
        assert.ok(verdict.accepted, `${judge.name}, ${step}: ${verdict.output}`);
      }
    }
  });
});

async function readStatement(bundle: string): Promise<unknown> {
  const json: unknown = JSON.parse(await readFile(bundle, "utf8"));
  const payload = Buffer.from(text(dig(json, "dsseEnvelope", "payload")), "base64");
  return JSON.parse(payload.toString("utf8"));
}
