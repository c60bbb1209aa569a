// Inputs of `verify`: what goes together, what contradicts itself, and what the tables say.
import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { parseVerifyRequest, type VerifyRequest } from "../../src/commands/verify-request.ts";
import { verifyHelp } from "../../src/commands/verify-help.ts";
import { verifyInputs, verifyOutputs } from "../../src/commands/verify-table.ts";
import type { InputSpec } from "../../src/commands/input-table.ts";
import { environmentName } from "../../src/runner/runner.ts";
import { refusal } from "../refusal.ts";
import { run } from "./verify-run.ts";

const who = { repo: "acme/widget" };

function parse(inputs: Readonly<Record<string, string>>, ...paths: string[]): VerifyRequest {
  const all: Readonly<Record<string, string>> = { ...who, ...inputs };
  return parseVerifyRequest((name) => all[name], paths);
}

test("defaults", () => {
  const { policy, ...rest } = parse({}, "a");
  assert.equal(policy.kind, "policy");
  assert.deepEqual(rest, {
    items: ["a"],
    images: {
      ...{ images: [], platform: undefined },
      registry: {
        ...{ registry: undefined, username: undefined, password: undefined },
        ...{ realms: [], insecureHosts: [] },
      },
    },
    manifest: undefined,
    bundles: { kind: "beside" },
    keyFile: undefined,
    trust: { kind: "default" },
    offline: false,
    insecureHosts: [],
    caFile: undefined,
    concurrency: 8,
    resultsPath: undefined,
    showSummary: true,
  });
});

suite("what two inputs say twice is refused", () => {
  for (const inputs of [
    { bundle: "a", "bundle-dir": "b" },
    { manifest: "m", inputs: "a" },
    { manifest: "m", bundle: "b" },
    { manifest: "m", "bundle-dir": "b" },
    { manifest: "m", images: "a/b" },
    { images: "a/b", bundle: "b" },
    { "trusted-root": "r", instance: "staging" },
    { "trusted-root": "r", "tuf-mirror": "https://tuf.example", "tuf-root": "r" },
    { instance: "github", "tuf-mirror": "https://tuf.example", "tuf-root": "r" },
  ]) {
    test(Object.keys(inputs).join(" and "), () => {
      const { message, hint } = refusal("INPUT_CONFLICT", () => parse(inputs));
      assert.match(message, /^Inputs .* and .* are both given\.$/);
      assert.notEqual(hint, "");
    });
  }

  test("manifest and a path of the command line", () => {
    refusal("INPUT_CONFLICT", () => parse({ manifest: "m" }, "a"));
  });

  test("key and an identity", () => {
    const { message } = refusal("POLICY_INVALID", () => parse({ key: "k" }, "a"));
    assert.match(message, /key.*repo/);
  });
});

suite("whom to believe", () => {
  for (const instance of ["public-good", "staging", "github"] as const) {
    test(instance, () => assert.deepEqual(parse({ instance }).trust, { kind: instance }));
  }

  test("a file", () => {
    assert.deepEqual(parse({ "trusted-root": "r" }).trust, { kind: "file", path: "r" });
  });

  test("a mirror needs both its inputs", () => {
    refusal("INPUT_MISSING", () => parse({ "tuf-mirror": "https://tuf.example" }));
    const { trust } = parse({ "tuf-mirror": "https://tuf.example", "tuf-root": "r" });
    assert.equal(trust.kind, "mirror");
  });
});

suite("values", () => {
  for (const inputs of [
    { concurrency: "0" },
    { concurrency: "257" },
    { offline: "maybe" },
    { instance: "other" },
    { inputs: "'open" },
  ]) {
    test(JSON.stringify(inputs), () => {
      refusal("INPUT_VALUE", () => parse(inputs));
    });
  }
});

suite("tables", () => {
  test("names are single, in kebab case, with a sentence each", () => {
    for (const table of [verifyInputs, verifyOutputs]) {
      const names = table.map(({ name }) => name);
      assert.equal(new Set<string>(names).size, names.length);
      for (const name of names) assert.match(name, /^[a-z]+(-[a-z]+)*$/);
      for (const { help } of table) assert.match(help, /\.$/);
    }
  });

  test("help names every flag, fits a terminal, and has an example", () => {
    const help = verifyHelp();
    const specs: readonly InputSpec[] = verifyInputs;
    for (const { name, secret } of specs) {
      const head = secret === true ? environmentName(name) : `--${name}`;
      assert.match(help, new RegExp(`^ {2}${head} `, "m"), name);
    }
    for (const line of help.split("\n")) assert.ok(line.length <= 92, line);
    assert.match(help, /Example:\n {2}sigstep verify/);
  });

  test("--help is printed, and needs no policy", async () => {
    const { code, stdout } = await run(["verify", "--help"]);
    assert.equal(code, 0);
    assert.equal(stdout, verifyHelp());
  });

  test("an unknown flag is bad input, with the near one", async () => {
    const { code, log } = await run(["verify", "--bundel=x", "a"]);
    assert.equal(code, 2);
    assert.match(log, /Did you mean --bundle\?/);
  });

  test("an unknown command names those that there are", async () => {
    const { code, log } = await run(["verfy"]);
    assert.equal(code, 2);
    assert.match(log, /Commands are sign, attest, verify, inspect and demo/);
  });
});
