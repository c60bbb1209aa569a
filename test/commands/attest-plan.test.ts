// The plan of `attest`: which statements, under which names, with which instance; decided before anything is
// asked, by the request and the subjects alone.
import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { chooseByVisibility } from "../../src/commands/attest-instance.ts";
import { nameStatements, stemOf } from "../../src/commands/attest-names.ts";
import { planStatements, type AttestShape } from "../../src/commands/attest-plan.ts";
import { collectPredicates, type PlannedPredicate } from "../../src/commands/attest-predicates.ts";
import type { InstanceChoice } from "../../src/commands/instance-choice.ts";
import type { Subject } from "../../src/subjects/subject.ts";
import { refusal } from "../refusal.ts";

const shape: AttestShape = {
  ...{ bundleName: "attestation", singleSubject: false, oversize: "fail" },
  ...{ maxEnvelopeBytes: 33_554_432, concurrency: undefined },
};

function subjectsOf(...names: readonly string[]): Subject[] {
  return names.map((name) => ({ name, digests: new Map([["sha256", "a".repeat(64)]]) }));
}

async function predicatesOf(yaml: string | undefined): Promise<PlannedPredicate[]> {
  return collectPredicates({
    ...{ sbomPaths: [], sbomTypeUri: "gh", predicates: yaml },
    ...{ predicateType: undefined, predicate: undefined, predicatePath: undefined },
  });
}

async function planned(
  names: readonly string[],
  yaml?: string,
  more: Partial<AttestShape> = {},
): Promise<string[]> {
  const predicates = await predicatesOf(yaml);
  const parts = { subjects: subjectsOf(...names), predicates, bundleDir: "out" };
  const { files } = planStatements(parts, { ...shape, ...more });
  return files.map(({ bundlePath, subjects }) => {
    return `${bundlePath}: ${subjects.map(({ name }) => name).join(" ")}`;
  });
}

const custom = (subjects: string): string =>
  `- {type: custom, predicate: {a: 1}, subjects: ${subjects}}`;

suite("statements", () => {
  test("are provenance of all when nothing else is asked for", async () => {
    const plan = await planned(["a", "b"]);
    assert.deepEqual(plan, ["out/attestation.provenance.sigstore.json: a b"]);
  });

  test("are named after the only subject", async () => {
    assert.deepEqual(await planned(["a.zip"]), ["out/a.zip.provenance.sigstore.json: a.zip"]);
  });

  test("are one a subject when that is asked for", async () => {
    const plan = await planned(["a", "b"], undefined, { singleSubject: true });
    assert.deepEqual(plan, [
      "out/a.provenance.sigstore.json: a",
      "out/b.provenance.sigstore.json: b",
    ]);
  });

  test("are shards of 1,024 subjects, in order", async () => {
    const names = Array.from({ length: 1025 }, (_, index) => `f${index}`);
    const [first = "", second = "", ...more] = await planned(names);
    assert.deepEqual(more, []);
    assert.equal(first.split(" ").length, 1025);
    assert.match(first, /^out\/attestation-1\.provenance\.sigstore\.json: f0 f1 .* f1023$/);
    assert.equal(second, "out/attestation-2.provenance.sigstore.json: f1024");
  });

  test("are not sharded at 1,024", async () => {
    const names = Array.from({ length: 1024 }, (_, index) => `f${index}`);
    assert.equal((await planned(names)).length, 1);
  });

  const choices: Readonly<Record<string, readonly string[]>> = {
    "a.zip": ["a.zip"],
    '"*.zip"': ["a.zip", "b.zip"],
    '"?.zip"': ["a.zip", "b.zip"],
    '["b.zip", "a.zip"]': ["a.zip", "b.zip"],
    '["*.zip", "a*"]': ["a.zip", "b.zip", "a.rpm"],
    '"*"': ["a.zip", "b.zip", "a.rpm", "dir/c*.txt"],
    '"dir/c*.txt"': ["dir/c*.txt"],
    '"*c**txt"': ["dir/c*.txt"],
  };
  for (const [yaml, names] of Object.entries(choices)) {
    test(`are about the subjects ${yaml}`, async () => {
      const [plan = ""] = await planned(["a.zip", "b.zip", "a.rpm", "dir/c*.txt"], custom(yaml));
      assert.equal(plan.replace(/^[^:]*: /, ""), names.join(" "));
    });
  }

  for (const yaml of ["A.zip", '"*.deb"', '["*.zip", "gone"]', '"??.zip"']) {
    test(`are refused about ${yaml}, which is not there`, async () => {
      const predicates = await predicatesOf(custom(yaml));
      const parts = { subjects: subjectsOf("a.zip"), predicates, bundleDir: "out" };
      const error = refusal("INPUT_NO_MATCH", () => planStatements(parts, shape));
      assert.match(error.hint, /Subjects are "a\.zip"/);
    });
  }

  test("a hostile pattern takes no time", async () => {
    const yaml = custom(`"${"*a".repeat(200)}b"`);
    const predicates = await predicatesOf(yaml);
    const parts = { subjects: subjectsOf("a".repeat(4000)), predicates, bundleDir: "out" };
    const started = performance.now();
    refusal("INPUT_NO_MATCH", () => planStatements(parts, shape));
    assert.ok(performance.now() - started < 1000);
  });
});

suite("names of bundles", () => {
  const of = (shortType: string, ...subjects: readonly string[]) => ({ subjects, shortType });
  const rows = [
    [
      [of("spdx", "a"), of("vuln", "a")],
      ["a.spdx", "a.vuln"],
    ],
    [
      [of("spdx", "a"), of("spdx", "a")],
      ["a-1.spdx", "a-2.spdx"],
    ],
    [
      [of("spdx", "A"), of("spdx", "a")],
      ["A-1.spdx", "a-2.spdx"],
    ],
    [
      [of("spdx", "a"), of("spdx", "a"), of("spdx", "a-1")],
      ["a-1.spdx", "a-2.spdx", "a-1-1.spdx"],
    ],
    [[of("spdx", "a", "b")], ["base.spdx"]],
    [[of("spdx", "ghcr.io/acme/app")], ["app.spdx"]],
    [[of("spdx", "..\\..\\app")], ["app.spdx"]],
    [[of("spdx", "../..")], ["base.spdx"]],
    [[of("spdx", "a:b?c*")], ["a-b-c-.spdx"]],
    [[of("spdx", "/")], ["base.spdx"]],
    [
      [of("spdx", "caf\u00e9"), of("spdx", "cafe\u0301")],
      ["caf\u00e9-1.spdx", "cafe\u0301-2.spdx"],
    ],
  ] as const;
  for (const [statements, names] of rows) {
    test(names.join(", "), () => {
      const wanted = names.map((name) => `${name}.sigstore.json`);
      assert.deepEqual(nameStatements(statements, "base"), wanted);
    });
  }

  test("are no longer than a file's may be, and are whole characters", () => {
    const stem = stemOf(["\u{1f600}".repeat(1000)], "base");
    assert.ok(Buffer.byteLength(stem) <= 180);
    assert.ok(stem.isWellFormed());
  });
});

suite("the instance", () => {
  const gitHub = "https://token.actions.githubusercontent.com";
  const instance: InstanceChoice = { kind: "public-good", rekorVersion: 1 };
  const rows = [
    ["public", gitHub, false, "public-good"],
    ["private", gitHub, false, "github"],
    ["internal", gitHub, false, "github"],
    ["private", `${gitHub}/acme`, false, "github"],
    ["private", gitHub, true, "public-good"],
    [undefined, gitHub, false, "public-good"],
    ["private", `${gitHub}.evil.example`, false, "public-good"],
    ["private", "https://gitlab.com", false, "public-good"],
  ] as const;
  for (const [visibility, issuer, allowPublicLog, kind] of rows) {
    const allowed = allowPublicLog ? ", public log allowed" : "";
    test(`for ${visibility ?? "no visibility"} by ${issuer}${allowed} is ${kind}`, () => {
      const entries =
        visibility === undefined ? [] : [["repository_visibility", visibility] as const];
      const chosen = chooseByVisibility(
        { issuer, claims: new Map(entries) },
        { instance, allowPublicLog },
      );
      assert.equal(chosen.kind, kind);
    });
  }
});
