// The error class, and text from outside made fit for a message.
import assert from "node:assert/strict";
import { open } from "node:fs/promises";
import { suite, test } from "node:test";
import fc from "fast-check";
import {
  type ErrorCode,
  exitCodeOf,
  quote,
  SigstepError,
  systemCode,
  toSigstepError,
} from "../src/errors.ts";
import { runs } from "./refusal.ts";

suite("SigstepError", () => {
  test("has every part, empty where none was given", () => {
    const bare = new SigstepError("INTERNAL", "It broke.");
    const { code, message, hint, where, published, step } = bare;
    assert.deepEqual(
      { code, message, hint, where, published, step },
      {
        ...{ code: "INTERNAL", message: "It broke.", hint: "", where: "" },
        ...{ published: [], step: undefined },
      },
    );
    assert.ok(!("cause" in bare));
    assert.ok(bare instanceof Error);
    assert.equal(bare.name, "SigstepError");
    const cause = new Error("inner");
    const entry = { kind: "log-entry", what: "app", index: "1" } as const;
    const full = new SigstepError("CANCELLED", "m", {
      hint: "h",
      where: "w",
      published: [entry],
      step: { number: 5, name: "entry" },
      cause,
    });
    assert.deepEqual(
      [full.hint, full.where, full.published, full.step, full.cause],
      ["h", "w", [entry], { number: 5, name: "entry" }, cause],
    );
  });

  // Written out again: whoever moves a code to the other side has to say so here.
  const exitCodes: Readonly<Record<ErrorCode, 1 | 2>> = {
    INPUT_UNKNOWN: 2,
    INPUT_VALUE: 2,
    INPUT_MISSING: 2,
    INPUT_CONFLICT: 2,
    INPUT_NO_MATCH: 2,
    INPUT_NOT_A_FILE: 2,
    INPUT_UNREADABLE: 2,
    INPUT_NAME: 2,
    INPUT_NAME_CLASH: 2,
    INPUT_NOT_WRITABLE: 2,
    PREDICATE_INVALID: 2,
    SBOM_INVALID: 2,
    PERMISSION_MISSING: 1,
    STORE_NOT_OFFERED: 1,
    STORE_REFUSED: 1,
    RELEASE_UNUSABLE: 1,
    ASSET_EXISTS: 1,
    SIGNING_CONFIG_INVALID: 2,
    TRUSTED_ROOT_INVALID: 2,
    TUF_ROOT_INVALID: 2,
    POLICY_INVALID: 2,
    REFERENCE_INVALID: 2,
    CREDENTIALS_INVALID: 2,
    IDENTITY_UNAVAILABLE: 1,
    IDENTITY_INVALID: 1,
    IDENTITY_EXPIRED: 1,
    IDENTITY_REFUSED: 1,
    PUBLIC_LOG_NOT_ALLOWED: 1,
    SERVICE_UNAVAILABLE: 1,
    SERVICE_REFUSED: 1,
    SERVICE_ANSWER_INVALID: 1,
    INSECURE_URL: 1,
    CERTIFICATE_INVALID: 1,
    SCT_INVALID: 1,
    LOG_ENTRY_INVALID: 1,
    LOG_ENTRY_EXISTS: 1,
    TIMESTAMP_INVALID: 1,
    SIGNATURE_INVALID: 1,
    POLICY_NOT_SATISFIED: 1,
    BUNDLE_INVALID: 1,
    BUNDLE_MISSING: 1,
    STATEMENT_INVALID: 1,
    TRUST_UNAVAILABLE: 1,
    TRUST_INVALID: 1,
    FILE_CHANGED: 1,
    FILE_UNREADABLE: 1,
    WRITE_FAILED: 1,
    CANCELLED: 1,
    DEADLINE_REACHED: 1,
    ENCODING_INVALID: 1,
    REGISTRY_REFUSED: 1,
    REGISTRY_ANSWER_INVALID: 1,
    IMAGE_NOT_FOUND: 1,
    IMAGE_INVALID: 1,
    INTERNAL: 1,
  };
  const codes = Object.keys(exitCodes).filter((code): code is ErrorCode => code in exitCodes);
  for (const code of codes) {
    test(`${code} ends the process with ${exitCodes[code]}`, () => {
      assert.equal(exitCodeOf(new SigstepError(code, "m")), exitCodes[code]);
    });
  }
});

suite("toSigstepError", () => {
  test("passes our own through", () => {
    const error = new SigstepError("CANCELLED", "m");
    assert.equal(toSigstepError(error), error);
  });

  const strangers: readonly (readonly [unknown, string])[] = [
    [new TypeError("secret"), "TypeError"],
    [new RangeError("secret"), "RangeError"],
    ["secret", "string"],
    [undefined, "undefined"],
    [null, "object"],
    [{ message: "secret" }, "object"],
    [42, "number"],
  ];
  for (const [thrown, kind] of strangers) {
    test(`tells the kind of ${kind} and keeps its words as cause only`, () => {
      const error = toSigstepError(thrown);
      assert.equal(error.code, "INTERNAL");
      assert.ok(error.message.includes(kind));
      assert.ok(!error.message.includes("secret") && !error.hint.includes("secret"));
      assert.notEqual(error.hint, "");
      assert.equal(error.cause, thrown ?? error.cause);
    });
  }
});

test("systemCode is the system's name for it, or the error's, or the type's", async () => {
  const missing = await open("/nonexistent/file").catch((error: unknown) => error);
  assert.equal(systemCode(missing), "ENOENT");
  assert.equal(systemCode(new RangeError("x")), "RangeError");
  assert.equal(systemCode(Object.assign(new Error("x"), { code: 5 })), "Error");
  assert.equal(systemCode("x"), "string");
  assert.equal(systemCode(null), "object");
});

suite("quote", () => {
  const table: readonly (readonly [string, string])[] = [
    ["plain é 漢 😀", '"plain é 漢 😀"'],
    ["", '""'],
    ['a"b\\c', String.raw`"a\"b\\c"`],
    ["a\nb\r\tc", String.raw`"a\nb\r\tc"`],
    ["\u001b[31mred", String.raw`"\u{1b}[31mred"`],
    ["\u0000\u007f\u0085\u009b", String.raw`"\u{0}\u{7f}\u{85}\u{9b}"`],
    ["\u202egpj.exe", String.raw`"\u{202e}gpj.exe"`],
    ["\u2066\u200b\ufeff\u00ad", String.raw`"\u{2066}\u{200b}\u{feff}\u{ad}"`],
    ["\u{e0041}", String.raw`"\u{e0041}"`],
    ["\u2028\u2029", String.raw`"\u{2028}\u{2029}"`],
    ["\ud800 \udc00", String.raw`"\u{d800} \u{dc00}"`],
    ["::error::x", '"::error::x"'],
  ];
  for (const [text, expected] of table) {
    test(expected, () => assert.equal(quote(text), expected));
  }

  test("cuts what is longer than the limit and says so", () => {
    assert.equal(quote("abcdef", 6), '"abcdef"');
    assert.equal(quote("abcdefg", 6), '"abcdef…"');
    assert.equal(quote("x".repeat(1 << 20)).length, 123);
    // Half a pair at the cut is no character and is shown as what it is.
    assert.equal(quote("a😀", 2), String.raw`"a\u{d83d}…"`);
  });

  test("any text becomes one printable line that ends where it should", () => {
    const text = fc.oneof(fc.string({ unit: "binary" }), fc.string({ unit: "grapheme" }));
    fc.assert(
      fc.property(text, fc.integer({ min: 1, max: 40 }), (given, limit) => {
        const quoted = quote(given, limit);
        assert.ok(quoted.isWellFormed());
        assert.doesNotMatch(quoted, /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
        assert.match(quoted, /^"(?:[^"\\]|\\.)*"$/u);
      }),
      { numRuns: runs },
    );
  });
});
