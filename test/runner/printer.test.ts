// What is never printed, and how.
import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { Printer } from "../../src/runner/printer.ts";

function make(): { printer: Printer; printed: () => string } {
  let text = "";
  const printer = new Printer((more) => (text += more));
  return { printer, printed: () => text };
}

const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url");
const token = `${encode({ alg: "RS256", kid: "x" })}.${encode({ sub: "a", aud: "sigstore" })}.c2lnbmF0dXJl`;

suite("a token that nobody has registered", () => {
  const [header = "", payload = ""] = token.split(".");
  const pieces: readonly (readonly [what: string, text: string])[] = [
    ["whole", token],
    ["without signature", `${header}.${payload}`],
    ["the header", header],
    ["cut in the header", header.slice(0, 14)],
    ["cut in the payload", token.slice(0, header.length + 9)],
    ["the payload", payload],
    ["without its end", token.slice(0, -4)],
  ];
  for (const [what, text] of pieces) {
    test(`${what} is cut out wherever it is printed`, () => {
      const { printer, printed } = make();
      printer.print(`before ${text} after\n${text}`);
      printer.command("error", `"${text}"`);
      printer.raw(JSON.stringify({ text }));
      assert.equal(
        printed(),
        `before *** after\n***\n::error::"***"\n${JSON.stringify({ text: "***" })}`,
      );
    });
  }

  test("words that begin alike stay", () => {
    const { printer } = make();
    for (const text of ["eyJafjalla", "keyJar", "eyJ", "eyJ.eyJ"]) {
      assert.equal(printer.redact(text), text);
    }
  });
});

test("a mask shows the secret whole, so that the runner can hide it, and nothing else does", () => {
  const { printer, printed } = make();
  printer.hide(token.slice(0, 20));
  printer.mask(token);
  printer.hide(token);
  printer.print(token);
  assert.equal(printed(), `::add-mask::${token}\n***\n`);
});

test("a secret that is part of another does not save the rest of it", () => {
  const { printer } = make();
  printer.hide("pass");
  printer.hide("user:password");
  assert.equal(printer.redact("user:password, pass"), "***, ***");
});
