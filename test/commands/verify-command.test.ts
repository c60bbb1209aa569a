// The command to verify with: a real shell must read back each word as it was.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { suite, test } from "node:test";
import fc from "fast-check";
import type { InstanceChoice } from "../../src/commands/instance-choice.ts";
import { verifyCommand } from "../../src/commands/verify-command.ts";
import { hostile, signed } from "./made-results.ts";

const publicGood: InstanceChoice = { kind: "public-good", rekorVersion: 1 };

/** The words that bash makes of commands, one list each; `cosign` there only tells its arguments. */
function readByShell(commands: readonly string[]): string[][] {
  const script = ['cosign() { printf \'%s\\0\' "$#" "$@"; }', ...commands].join("\n");
  const words = execFileSync("bash", ["-s"], { input: script }).toString().split("\0");
  return commands.map(() => words.splice(0, Number(words.shift())));
}

function commandFor(path: string, bundlePath: string, identity: string): string {
  const file = { path, name: path, size: 1, bundlePath };
  return verifyCommand(
    signed("x", { file, certificate: { identity, issuer: "https://issuer.example" } }),
    publicGood,
  );
}

test("is cosign's, with identity and issuer", () => {
  assert.equal(
    verifyCommand(signed("dist/app.tar.gz"), publicGood),
    "cosign verify-blob --bundle dist/app.tar.gz.sigstore.json --certificate-identity https://github.com/acme/widget/.github/workflows/release.yml@refs/heads/main --certificate-oidc-issuer https://token.actions.githubusercontent.com dist/app.tar.gz",
  );
});

test("names the trusted root of one's own instance", () => {
  const own = {
    kind: "custom",
    signingConfig: "config.json",
    trustedRoot: "trust root.json",
    rekorVersion: undefined,
  } as const;
  const command = verifyCommand(signed("a"), own);
  assert.match(command, / --trusted-root 'trust root\.json' a$/);
});

suite("a shell reads back", () => {
  const names: Readonly<Record<string, string>> = {
    ...hostile,
    "all of ASCII": allAscii(),
    "a digit after a byte": "\n7",
    // No shell can hold half a character, and no file has it in its name.
    "half a character": "\ufffd",
  };
  for (const [what, name] of Object.entries(names)) {
    test(what, () => {
      const command = commandFor(name, `${name}.sigstore.json`, name);
      assert.ok(!command.includes("\n") && !command.includes("\r"));
      assert.doesNotMatch(command, /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
      const [words = []] = readByShell([command]);
      assert.equal(words[0], "verify-blob");
      assert.equal(words[2], `${name}.sigstore.json`);
      assert.equal(words[4], name);
      assert.equal(words[7], name.startsWith("-") ? `./${name}` : name);
      assert.equal(words.length, 8);
    });
  }

  test("any name", () => {
    const any = fc.string({ unit: "binary" }).filter((text) => !text.includes("\0"));
    const samples = fc.sample(any, { numRuns: 300, seed: 7 });
    const commands = samples.map((name) => commandFor(name, `b${name}`, `i${name}`));
    readByShell(commands).forEach((words, i) => {
      assert.equal(words[2], `b${samples[i] ?? ""}`);
      assert.equal(words[4], `i${samples[i] ?? ""}`);
    });
  });
});

function allAscii(): string {
  return Array.from({ length: 127 }, (_, i) => String.fromCharCode(i + 1)).join("");
}
