// Arguments: every form of a flag, what is a path, and what is refused with which hint.
import assert from "node:assert/strict";
import { suite, test } from "node:test";
import fc from "fast-check";
import { type Flags, parseFlags } from "../../src/commands/flags.ts";
import { signInputs } from "../../src/commands/input-table.ts";
import { isContained, refusal, refuses, runs } from "../refusal.ts";

const parse = (...args: string[]): Flags => parseFlags(args, signInputs);

interface Shown {
  values?: Record<string, string>;
  paths?: string[];
  json?: boolean;
  help?: boolean;
}

function shown({ values, paths, json, help }: Flags): Required<Shown> {
  return { values: Object.fromEntries(values), paths: [...paths], json, help };
}

suite("taken", () => {
  const table: readonly (readonly [readonly string[], Shown])[] = [
    [[], {}],
    [["a", "b"], { paths: ["a", "b"] }],
    [["--bundle-dir", "out", "a"], { values: { "bundle-dir": "out" }, paths: ["a"] }],
    [["--bundle-dir=out", "a"], { values: { "bundle-dir": "out" }, paths: ["a"] }],
    [["a", "--bundle-dir", "out"], { values: { "bundle-dir": "out" }, paths: ["a"] }],
    [["--bundle-dir="], { values: { "bundle-dir": "" } }],
    [["--bundle-dir", ""], { values: { "bundle-dir": "" } }],
    [["--bundle-dir=a=b"], { values: { "bundle-dir": "a=b" } }],
    [["--bundle-dir=a\nb"], { values: { "bundle-dir": "a\nb" } }],
    [["--bundle-dir=--force"], { values: { "bundle-dir": "--force" } }],
    [["--bundle-dir", "-odd"], { values: { "bundle-dir": "-odd" } }],
    [["--bundle-dir", "-"], { values: { "bundle-dir": "-" } }],
    [["--retry-budget", "-1"], { values: { "retry-budget": "-1" } }],
    // Booleans: alone, or with true or false after them; any other word is a path.
    [["--force"], { values: { force: "true" } }],
    [["--force", "a"], { values: { force: "true" }, paths: ["a"] }],
    [["--force", "true", "a"], { values: { force: "true" }, paths: ["a"] }],
    [["--force", "false", "a"], { values: { force: "false" }, paths: ["a"] }],
    [["--force=false", "a"], { values: { force: "false" }, paths: ["a"] }],
    [["--force=maybe"], { values: { force: "maybe" } }],
    [["--force", "TRUE"], { values: { force: "true" }, paths: ["TRUE"] }],
    [["--force", "--dry-run"], { values: { force: "true", "dry-run": "true" } }],
    [["--force", "--", "true"], { values: { force: "true" }, paths: ["true"] }],
    // Switches.
    [["--json", "a"], { json: true, paths: ["a"] }],
    [["--json", "--json"], { json: true }],
    [["--json=true", "a"], { json: true, paths: ["a"] }],
    [["--json=false", "a"], { paths: ["a"] }],
    [["--json", "true", "a"], { json: true, paths: ["a"] }],
    [["--json", "false", "a"], { paths: ["a"] }],
    [["--json", "--json=false"], {}],
    [["--json=false", "--json"], { json: true }],
    [["--", "--json"], { paths: ["--json"] }],
    [["--bundle-dir=--json"], { values: { "bundle-dir": "--json" } }],
    [["--help=false", "a"], { paths: ["a"] }],
    [["--help", "--json"], { help: true }],
    [["--json", "-h"], { help: true }],
    [["--help"], { help: true }],
    [["-h"], { help: true }],
    [["a", "--help"], { help: true, paths: ["a"] }],
    // Paths.
    [["-"], { paths: ["-"] }],
    [["--", "-x", "--force", "--", "-h"], { paths: ["-x", "--force", "--", "-h"] }],
    [["a", "--", "b"], { paths: ["a", "b"] }],
    [["./-x", "a b", "", "*"], { paths: ["./-x", "a b", "", "*"] }],
    [["::x", "a=b", "é"], { paths: ["::x", "a=b", "é"] }],
  ];
  for (const [args, expected] of table) {
    test(JSON.stringify(args), () => {
      const whole = { values: {}, paths: [], json: false, help: false, ...expected };
      assert.deepEqual(shown(parse(...args)), whole);
    });
  }

  test("every input that is no secret, in both forms", () => {
    for (const spec of signInputs) {
      if ("secret" in spec) continue;
      assert.equal(parse(`--${spec.name}=x`).values.get(spec.name), "x");
      if (spec.kind.type === "boolean") continue;
      assert.equal(parse(`--${spec.name}`, "x").values.get(spec.name), "x");
    }
  });
});

suite("refused", () => {
  for (const args of [
    ["--bundle-dir"],
    ["--bundle-dir", "--"],
    ["a", "--audience"],
    ["--bundle-dir", "--force", "a"],
    ["--bundle-dir", "--json"],
    ["--inputs", "--bundle-dir=x"],
  ]) {
    test(`${args.join(" ")}: a value is missing`, () => {
      const { hint } = refusal("INPUT_MISSING", () => parse(...args));
      assert.match(hint, /=VALUE/);
    });
  }

  for (const args of [
    ["--force", "--force"],
    ["--bundle-dir=a", "--bundle-dir", "b"],
    ["--audience=a", "x", "--audience=a"],
  ]) {
    test(`${args.join(" ")}: twice`, () => {
      assert.notEqual(refusal("INPUT_CONFLICT", () => parse(...args)).hint, "");
    });
  }

  for (const arg of [
    ...["--nothing", "--nothing=x", "-x", "-rf", "-1", "---", "--=x", "--Force", "--FORCE"],
    ...["--jsn=true", "--no-force", "--bundle_dir", "--toString", "--__proto__=x"],
    ...["--bundle-dir\n", "--bundle dir", "--é", "-–force", "--constructor"],
  ]) {
    test(`${JSON.stringify(arg)}: unknown`, () => {
      const { hint, message } = refusal("INPUT_UNKNOWN", () => parse(arg));
      assert.notEqual(hint, "");
      assert.doesNotMatch(message, /\p{Cc}/u);
    });
  }

  for (const arg of ["--json=yes", "--json=", "--json=TRUE", "--help=x"]) {
    test(`${arg}: neither true nor false`, () => {
      assert.match(refusal("INPUT_VALUE", () => parse(arg)).message, /not true or false\.$/);
    });
  }

  for (const [given, meant] of [
    ["--forse", "--force"],
    ["--focre", "--force"],
    ["--forc", "--force"],
    ["--forcee", "--force"],
    ["--Force", "--force"],
    ["--bundle_dir", "--bundle-dir"],
    ["--bundledir=x", "--bundle-dir"],
    ["--dryrun", "--dry-run"],
    ["--cafile", "--ca-file"],
  ] as const) {
    test(`${given} is near ${meant}`, () => {
      assert.match(refusal("INPUT_UNKNOWN", () => parse(given)).hint, new RegExp(`${meant}\\?$`));
    });
  }

  test("no hint leads to a secret's flag", () => {
    for (const given of ["--identity-toke", "--identitytoken", "--identity_token"]) {
      const { hint } = refusal("INPUT_UNKNOWN", () => parse(given));
      assert.doesNotMatch(hint, /--identity-token\?/);
    }
  });

  const secret = "geheim-4711";
  for (const args of [
    [`--identity-token=${secret}`],
    ["--identity-token", secret],
    ["--identity-token"],
    [`--identity-tokn=${secret}`],
    [`--identity-token-value=${secret}`],
  ]) {
    test(`${args[0]?.split("=")[0] ?? ""}: a secret is no argument, and is not repeated`, () => {
      try {
        parse(...args);
        assert.fail("nothing was refused");
      } catch (error) {
        assert.ok(error instanceof Error && "hint" in error);
        assert.ok(!JSON.stringify([error.message, error.hint, error]).includes(secret));
      }
    });
  }

  test("the hint for a secret names the ways there are", () => {
    const { hint } = refusal("INPUT_VALUE", () => parse(`--identity-token=${secret}`));
    assert.match(hint, /SIGSTEP_IDENTITY_TOKEN.*--identity-token-file/);
  });
});

test("any arguments give flags or our error", () => {
  const arg = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.constantFrom("--", "-", "--force", "--bundle-dir", "--json", "true", "--audience=x"),
    fc.string().map((text) => `--${text}`),
  );
  fc.assert(
    fc.property(fc.array(arg, { maxLength: 6 }), (args) => isContained(() => parse(...args))),
    { numRuns: runs },
  );
  const started = process.cpuUsage();
  refuses("INPUT_UNKNOWN", () => parse(`--${"a".repeat(1 << 20)}`));
  refuses("INPUT_UNKNOWN", () => parse(`--${"a-".repeat(1 << 19)}=`));
  assert.ok(process.cpuUsage(started).user < 2_000_000);
});
