// Raw texts → a request: every default, every right value, each wrong one.
import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { parseImageSigning } from "../../src/commands/image-run-request.ts";
import { imageInputs } from "../../src/commands/image-table.ts";
import { type InputName, signInputs } from "../../src/commands/input-table.ts";
import { parseSignRequest, type SignRequest } from "../../src/commands/request.ts";
import { refusal, refuses } from "../refusal.ts";

type Texts = Readonly<Partial<Record<InputName, string>>>;

function parse(texts: Texts, ...paths: string[]): SignRequest {
  const given = new Map(Object.entries(texts));
  return parseSignRequest((name) => given.get(name), paths);
}

const defaults: SignRequest = {
  items: [],
  bundleDir: undefined,
  stores: { gitHubToken: undefined, release: undefined, artifact: undefined },
  instance: { kind: "public-good", rekorVersion: 1 },
  token: { kind: "ambient" },
  audience: "sigstore",
  retryBudgetMs: 300_000,
  concurrency: undefined,
  force: false,
  allowPublicLog: false,
  insecureHosts: [],
  caFile: undefined,
  dryRun: false,
  showSummary: true,
};

test("nothing given is every default", () => assert.deepEqual(parse({}), defaults));

test("an empty text is the same as none, for every input", () => {
  const empty = Object.fromEntries(signInputs.map(({ name }) => [name, ""]));
  assert.deepEqual(parse(empty), defaults);
  for (const { name } of signInputs) assert.deepEqual(parse({ [name]: "" }), defaults);
});

test("paths come after the list, one item each, as they are", () => {
  assert.deepEqual(parse({ inputs: "a 'b c'" }, "d e", "*", "'").items, [
    "a",
    "b c",
    "d e",
    "*",
    "'",
  ]);
  assert.deepEqual(parse({ inputs: "a b\nc\r\n" }).items, ["a b", "c"]);
});

suite("right values", () => {
  const table: readonly (readonly [Texts, Partial<SignRequest>])[] = [
    [{ "bundle-dir": "out dir" }, { bundleDir: "out dir" }],
    [{ "rekor-version": "1" }, { instance: { kind: "public-good", rekorVersion: 1 } }],
    [{ "rekor-version": "2" }, { instance: { kind: "public-good", rekorVersion: 2 } }],
    [{ instance: "public-good" }, { instance: { kind: "public-good", rekorVersion: 1 } }],
    [{ instance: "staging" }, { instance: { kind: "staging", rekorVersion: undefined } }],
    [{ instance: "github" }, { instance: { kind: "github" } }],
    [
      { "tuf-mirror": "https://tuf.example/x", "tuf-root": "root.json", "rekor-version": "2" },
      {
        instance: {
          kind: "mirror",
          url: new URL("https://tuf.example/x"),
          root: "root.json",
          rekorVersion: 2,
        },
      },
    ],
    [{ audience: "https://sigstore.example" }, { audience: "https://sigstore.example" }],
    [{ "retry-budget": "0" }, { retryBudgetMs: 0 }],
    [{ "retry-budget": "3600" }, { retryBudgetMs: 3_600_000 }],
    [{ "retry-budget": " 10 " }, { retryBudgetMs: 10_000 }],
    [{ "retry-budget": "007" }, { retryBudgetMs: 7_000 }],
    [{ concurrency: "1" }, { concurrency: 1 }],
    [{ concurrency: "1024" }, { concurrency: 1024 }],
    [{ force: "true" }, { force: true }],
    [{ force: "True" }, { force: true }],
    [{ force: " TRUE " }, { force: true }],
    [{ force: "FALSE" }, { force: false }],
    [{ "allow-public-log": "true" }, { allowPublicLog: true }],
    [{ "dry-run": "true" }, { dryRun: true }],
    [{ "show-summary": "false" }, { showSummary: false }],
    [{ "ca-file": "ca.pem" }, { caFile: "ca.pem" }],
    [{ "allow-insecure-hosts": "a b:80" }, { insecureHosts: ["a", "b:80"] }],
    [{ "allow-insecure-hosts": "a\nb:80\n" }, { insecureHosts: ["a", "b:80"] }],
    [{ "identity-token": " a.b.c\n" }, { token: { kind: "given", token: "a.b.c" } }],
    [{ "identity-token-file": "t" }, { token: { kind: "file", path: "t" } }],
    [
      { "signing-config": "s", "trusted-root": "t" },
      {
        instance: { kind: "custom", signingConfig: "s", trustedRoot: "t", rekorVersion: undefined },
      },
    ],
    [
      { "signing-config": "s", "trusted-root": "t", "rekor-version": "1" },
      { instance: { kind: "custom", signingConfig: "s", trustedRoot: "t", rekorVersion: 1 } },
    ],
    [
      { "signing-config": "s", "trusted-root": "t", "rekor-version": "2" },
      { instance: { kind: "custom", signingConfig: "s", trustedRoot: "t", rekorVersion: 2 } },
    ],
    [
      { "signing-config": "s", "trusted-root": "t", "rekor-version": "" },
      {
        instance: { kind: "custom", signingConfig: "s", trustedRoot: "t", rekorVersion: undefined },
      },
    ],
  ];
  for (const [texts, expected] of table) {
    test(JSON.stringify(texts), () => assert.deepEqual(parse(texts), { ...defaults, ...expected }));
  }
});

suite("wrong values", () => {
  const booleans = ["yes", "no", "1", "0", "on", "truefalse", "true false", "tru"];
  const table: readonly (readonly [InputName, readonly string[]])[] = [
    ["rekor-version", ["0", "3", "v1", "1.0", "01", " 1", "12", "one"]],
    ["retry-budget", ["-1", "3601", "1.5", "1e3", "0x10", "ten", "1 2", "９", "9".repeat(400)]],
    ["concurrency", ["0", "1025", "-1", "32.0", "NaN", "Infinity", "+1"]],
    ["force", booleans],
    ["allow-public-log", booleans],
    ["dry-run", booleans],
    ["show-summary", booleans],
    ["inputs", ["'a", '"', "a\\"]],
    ["allow-insecure-hosts", ["'a"]],
  ];
  for (const [name, values] of table) {
    for (const value of values) {
      test(`${name} ${JSON.stringify(value.slice(0, 20))}`, () => {
        const error = refusal("INPUT_VALUE", () => parse({ [name]: value }));
        assert.notEqual(error.hint, "");
        assert.equal(error.where, name);
        assert.ok(error.message.length < 300);
      });
    }
  }

  const ofImages: ReadonlySet<string> = new Set(imageInputs.map(({ name }) => name));
  /** What is said of images is read with them alone. */
  const parseAny = (name: string, value: string): unknown => {
    if (!ofImages.has(name)) return parse({ [name]: value });
    const inputs: Record<string, string> = { "subject-images": "acme/app", [name]: value };
    return parseImageSigning((each) => inputs[each], { paths: [], jobFolder: undefined });
  };
  for (const { name } of signInputs) {
    test(`${name} with a NUL character`, () => {
      const { message } = refusal("INPUT_VALUE", () => parseAny(name, "geheim\0"));
      if (name === "identity-token") assert.doesNotMatch(message, /geheim/);
      assert.ok(!message.includes("\0"));
    });
  }

  test("cannot steer the log", () => {
    const value = "x\n::error::\u001b[2J\u202e";
    const { message } = refusal("INPUT_VALUE", () => parse({ "rekor-version": value }));
    assert.doesNotMatch(message, /[\p{Cc}\p{Cf}]/u);
  });
});

suite("inputs that do not go together", () => {
  test("a signing config without a trusted root, or the other way round", () => {
    for (const [given, missing] of [
      ["signing-config", "trusted-root"],
      ["trusted-root", "signing-config"],
    ] as const) {
      const error = refusal("INPUT_MISSING", () => parse({ [given]: "file" }));
      assert.equal(error.where, missing);
      assert.match(error.hint, /signing-config.*trusted-root/);
      refuses("INPUT_MISSING", () => parse({ [given]: "file", [missing]: "" }));
    }
  });

  test("two tokens", () => {
    const error = refusal("INPUT_CONFLICT", () =>
      parse({ "identity-token": "geheim-4711", "identity-token-file": "t" }),
    );
    assert.notEqual(error.hint, "");
    assert.ok(!JSON.stringify([error.message, error.hint, error.where]).includes("geheim"));
  });
});
