// What is never printed, and how.
import assert from "node:assert/strict";
import { suite, test } from "node:test";
import fc from "fast-check";
import { Printer } from "../../src/runner/printer.ts";
import { hostile } from "../commands/made-results.ts";
import { runs } from "../refusal.ts";

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

suite("lines", () => {
  for (const [what, text] of Object.entries(hostile)) {
    test(`with ${what} steer nothing`, () => {
      const { printer, printed } = make();
      printer.print(`${text}\nlast`);
      for (const line of printed().split("\n")) {
        assert.doesNotMatch(line, /^\s*::/);
        assert.doesNotMatch(line, /##\w*\[/);
        assert.doesNotMatch(line.replaceAll("\t", ""), /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u);
      }
      assert.ok(printed().endsWith("\nlast\n"));
    });

    test(`as a command's value, ${what} ends no command and begins none`, () => {
      const { printer, printed } = make();
      printer.command("error", text);
      assert.equal(printed().indexOf("\n"), printed().length - 1);
      assert.match(printed(), /^::error::/);
      assert.doesNotMatch(printed().slice(0, -1), /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u);
    });
  }

  test("keep their words, tabs and other scripts", () => {
    const { printer, printed } = make();
    printer.print("a\tb é 漢字 😀 : :x a::b\n\n  c");
    assert.equal(printed(), "a\tb é 漢字 😀 : :x a::b\n\n  c\n");
  });

  test("begin no workflow command after any white space that the runner trims", () => {
    for (const space of [
      "",
      " ",
      "\t",
      "\u00a0",
      "\u2003",
      "\u3000",
      "\u2028",
      "\ufeff",
      "\u0085",
    ]) {
      const { printer, printed } = make();
      printer.print(`${space}::error::x`);
      assert.doesNotMatch(printed(), /^\s*::/);
    }
  });

  test("of a command are decoded by the runner to what they were", () => {
    const { printer, printed } = make();
    printer.command("error", "100% a\r\nb%0A");
    assert.equal(printed(), "::error::100%25 a%0D%0Ab%250A\n");
  });
});

suite("a secret", () => {
  const secret = 'geh"eim/4711+ü?%';
  const bytes = Buffer.from(secret);
  const encodings: Readonly<Record<string, string>> = {
    itself: secret,
    "as part of a URL": encodeURIComponent(secret),
    "in base64": bytes.toString("base64"),
    "in base64 without padding": bytes.toString("base64").replace(/=+$/, ""),
    "in base64url": bytes.toString("base64url"),
    "in hexadecimal": bytes.toString("hex"),
    "in JSON": JSON.stringify(secret).slice(1, -1),
  };
  for (const [what, text] of Object.entries(encodings)) {
    test(`${what} is printed nowhere`, () => {
      const { printer, printed } = make();
      printer.hide(secret);
      printer.print(`a ${text} b`);
      printer.command("error", `a ${text} b`);
      printer.raw(`a ${text} b`);
      assert.ok(!printed().includes(text), printed());
      assert.ok(!printer.redact(`${text}${text}`).includes(text));
      assert.match(printer.redact(`a ${text} b`), /^a \*\*\*=* b$/);
    });
  }

  test("of several lines is none in any of them", () => {
    const { printer } = make();
    printer.hide("first line\r\nsecond line\nabc\n");
    assert.equal(printer.redact("x first line y second line z abc"), "x *** y *** z abc");
    assert.ok(!printer.redact("first line\r\nsecond line\nabc\n").includes("line"));
    assert.ok(printer.hides("second line"));
  });

  test("too short to be one hides nothing: it would blot out the log", () => {
    const { printer } = make();
    for (const value of ["", " ", "abc", "  a ", "\n\n", "\r\n"]) printer.hide(value);
    assert.equal(printer.redact("a abc  a \n\n"), "a abc  a \n\n");
  });

  test("of half characters is hidden like any other", () => {
    const { printer, printed } = make();
    printer.hide("geheim\ud800");
    printer.mask("geheim\ud800");
    assert.equal(printer.redact("geheim\ud800"), "***");
    assert.ok(printed().isWellFormed());
  });

  test("may hold anything: its characters are no pattern", () => {
    const texts = fc.string({ unit: "binary", minLength: 4 });
    fc.assert(
      fc.property(fc.array(texts, { minLength: 1, maxLength: 4 }), (secrets) => {
        const { printer } = make();
        for (const one of secrets) printer.hide(one);
        const clean = printer.redact(secrets.join(" | "));
        for (const one of secrets) {
          if (one.trim().length < 4 || /^[*| ]*$/.test(one)) continue;
          assert.ok(!clean.includes(one), JSON.stringify({ one, clean }));
        }
      }),
      { numRuns: runs },
    );
  });

  test("is found in a long text in good time", () => {
    const { printer } = make();
    for (let i = 0; i < 20; i++) printer.hide(`secret number ${i}`);
    const started = process.cpuUsage();
    printer.redact("secret number ".repeat(100_000));
    printer.redact("eyJ".repeat(300_000));
    printer.redact(`eyJ${"a".repeat(1 << 20)}.${"b".repeat(1 << 20)}`);
    printer.print(`${" ".repeat(1 << 20)}x`);
    assert.ok(process.cpuUsage(started).user < 3_000_000);
  });
});

test("what only looks like a token stays in what is proven; what was hidden does not", () => {
  const { printer } = make();
  const hidden = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJoaWRkZW4ifQ.c2ln";
  printer.hide(hidden);
  const other = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJvdGhlciJ9.c2ln";
  assert.equal(printer.redactKnown(`${other} ${hidden}`), `${other} ***`);
  assert.equal(printer.redact(`${other} ${hidden}`), "*** ***");
});
