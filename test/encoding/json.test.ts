// JSON from outside: what is refused, what a field may hold, and that any bytes give a value or our error.
import assert from "node:assert/strict";
import { suite, test } from "node:test";
import fc from "fast-check";
import { type JsonValue, parseJson } from "../../src/encoding/json.ts";
import { isContained, refusal, refuses, runs } from "../refusal.ts";

const code = "BUNDLE_INVALID";

function parse(text: string | Uint8Array, maxBytes = 16 << 20): JsonValue {
  return parseJson(typeof text === "string" ? Buffer.from(text) : text, {
    label: "thing",
    code,
    maxBytes,
  });
}

suite("the text", () => {
  const wrong: Readonly<Record<string, string | Uint8Array>> = {
    nothing: "",
    "white space": " \n",
    "two values": "{} {}",
    "a cut text": '{"a":[1,2',
    "a comment": '{"a":1/**/}',
    "a trailing comma": "[1,]",
    "single quotes": "{'a':1}",
    NaN: "NaN",
    "a number with a leading zero": "[01]",
    "a control character in a string": '"\u0001"',
    "a half surrogate spelled wrongly": '"\\ud8"',
    "a byte order mark": "\uFEFF{}",
    "invalid UTF-8": Uint8Array.of(0x22, 0xff, 0x22),
    "an overlong sequence": Uint8Array.of(0x22, 0xc0, 0xaf, 0x22),
    "an encoded surrogate": Uint8Array.of(0x22, 0xed, 0xa0, 0x80, 0x22),
    "a cut sequence": Uint8Array.of(0x22, 0xe2, 0x82),
    "UTF-16": Buffer.from("{}", "utf16le"),
    HTML: "<!doctype html><title>502</title>",
  };
  for (const [name, text] of Object.entries(wrong)) {
    test(`refuses ${name}`, () => refuses(code, () => parse(text)));
  }

  test("may be of any type, with white space around", () => {
    for (const value of ['"a"', "1", "null", "true", "[]", "{}"]) parse(` \t\r\n${value}\n`);
  });

  test("is as large as allowed and no larger", () => {
    parse('"1234567"', 9);
    refuses(code, () => parse('"12345678"', 9));
  });

  test("is nested 64 levels deep and no deeper", () => {
    const nest = (open: string, close: string, levels: number): string =>
      open.repeat(levels) + "1" + close.repeat(levels);
    parse(nest("[", "]", 64));
    parse(nest('{"a":', "}", 64));
    refuses(code, () => parse(nest("[", "]", 65)));
    refuses(code, () => parse(nest('{"a":', "}", 65)));
    refuses(code, () => parse(nest('[{"a":', "}]", 33)));
    parse(`[${nest("[", "]", 63)},${nest("[", "]", 63)}]`);
    parse(JSON.stringify("[".repeat(100)));
  });

  test("names what it was and does not repeat it", () => {
    const error = refusal(code, () => parse('{"secret-text": }'));
    assert.match(error.message, /thing/);
    assert.equal(error.where, "thing");
    assert.doesNotMatch(error.message, /secret-text/);
  });
});

suite("names", () => {
  const twice = {
    plainly: '{"a":1,"a":1}',
    "in an escape": String.raw`{"a":1,"\u0061":2}`,
    "in an escape first": String.raw`{"\u0061":1,"b":0,"a":2}`,
    "in escapes of different case": String.raw`{"\u00e9":1,"\u00E9":2}`,
    "with a pair and its escapes": String.raw`{"😀":1,"\ud83d\ude00":2}`,
    "with an escaped solidus": String.raw`{"a/b":1,"a\/b":2}`,
    "being empty": '{"":1,"":2}',
    "inside a list": '[{"a":1,"a":2}]',
    "after an object": '{"a":{"a":1},"a":2}',
    "after a list": '{"a":[1,"a"],"a":2}',
    "being __proto__": '{"__proto__":1,"__proto__":2}',
    "being constructor": '{"constructor":1,"constructor":2}',
    "with a quote in it": String.raw`{"\"":1,"\"":2}`,
    "with a backslash at its end": String.raw`{"\\":1,"\\":2}`,
  };
  for (const [how, text] of Object.entries(twice)) {
    test(`stand once in an object, not twice ${how}`, () => refuses(code, () => parse(text)));
  }

  test("may come again in another object, or as a value", () => {
    parse('{"a":{"a":1},"b":{"a":1}}');
    parse('[{"a":1},{"a":1}]');
    parse('{"a":"a","b":"a"}');
    parse('{"a":1,"A":2,"a ":3}');
    parse(String.raw`{"a":":\"a\":","b":"\\"}`);
  });

  test("that every object inherits are members only when written", () => {
    const inherited = ["toString", "constructor", "__proto__", "hasOwnProperty", "valueOf"];
    for (const name of inherited) {
      const absent = parse('{"a":1}').get(name);
      assert.equal(absent.present, false);
      assert.equal(absent.optional(), undefined);
      refuses(code, () => absent.string());
      const present = parse(`{"${name}":"own"}`).get(name);
      assert.equal(present.string(), "own");
    }
  });

  test("called __proto__ change no object", () => {
    const value = parse('{"__proto__":{"admin":true},"a":1}');
    assert.equal(value.get("admin").present, false);
    assert.deepEqual(Object.keys(value.members()), ["__proto__", "a"]);
    assert.equal(value.get("__proto__").get("admin").raw, true);
    assert.equal(Reflect.get({}, "admin"), undefined);
    refuses(code, () => value.only("a"));
    assert.equal(value.only("a", "__proto__"), value);
  });

  test("from outside cannot steer the message that shows them", () => {
    const name = `\u001b[2J\n::error::${"x".repeat(1000)}\u202e`;
    const value = parse(JSON.stringify({ [name]: {} }));
    const error = refusal(code, () => value.get(name).get("a").string());
    assert.doesNotMatch(error.message + error.where, /[\u0000-\u001f\u202e]/);
    assert.ok(error.message.length < 300);
  });
});

suite("a field", () => {
  const value = parse(
    '{"text":"t","number":1,"half":0.5,"huge":9007199254740992,"list":[1,"b"],"object":{},"nothing":null,"yes":true}',
  );

  test("is what it is asked for, or refused by its path", () => {
    assert.equal(value.get("text").string(), "t");
    assert.equal(value.get("number").integer(), 1);
    assert.deepEqual(value.get("object").members(), {});
    assert.equal(value.get("list").items(2)[1]?.string(), "b");
    const error = refusal(code, () => value.get("list").items(2)[1]?.integer());
    assert.match(error.message, /field list\[1\] of/);
    assert.equal(error.where, "thing list[1]");
    const deep = refusal(code, () =>
      parse('{"a":[{"b c":{}}]}').get("a").items(1)[0]?.get("b c").string(),
    );
    assert.equal(deep.where, 'thing a[0]."b c"');
    for (const name of ["text", "number", "list", "nothing", "absent", "yes"]) {
      refuses(code, () => value.get(name).members());
    }
    for (const name of ["number", "list", "object", "nothing", "absent", "yes"]) {
      refuses(code, () => value.get(name).string());
    }
    for (const name of ["text", "number", "object", "nothing", "absent", "yes"]) {
      refuses(code, () => value.get(name).items(9));
    }
    for (const name of ["text", "half", "huge", "list", "object", "nothing", "absent", "yes"]) {
      refuses(code, () => value.get(name).integer());
    }
  });

  test("is absent when it is null", () => {
    for (const name of ["nothing", "absent"]) {
      assert.equal(value.get(name).optional(), undefined);
      assert.deepEqual(value.get(name).itemsOrNone(1), []);
    }
    refuses(code, () => value.get("text").get("length"));
    refuses(code, () => value.get("list").get("0"));
    refuses(code, () => value.get("absent").get("a"));
  });

  test("is a list of at most as many items", () => {
    refuses(code, () => value.get("list").items(1));
    refuses(code, () => value.get("list").itemsOrNone(1));
    refuses(code, () => value.get("text").itemsOrNone(1));
  });

  const int64s: readonly (readonly [string, bigint | undefined])[] = [
    ['"0"', 0n],
    ["0", 0n],
    ["-0", 0n],
    ["1e2", 100n],
    ['"9223372036854775807"', (1n << 63n) - 1n],
    ['"9007199254740993"', 9007199254740993n],
    ["9007199254740991", 9007199254740991n],
    ["9007199254740992", undefined],
    ["9223372036854775807", undefined],
    ['"9223372036854775808"', undefined],
    ['"18446744073709551615"', undefined],
    ['"99999999999999999999"', undefined],
    ["1e21", undefined],
    ["1e400", undefined],
    ["-1", undefined],
    ['"-1"', undefined],
    ['"-0"', undefined],
    ['"+1"', undefined],
    ['"01"', undefined],
    ['"00"', undefined],
    ['""', undefined],
    ['" 1"', undefined],
    ['"1\\n"', undefined],
    ['"1.0"', undefined],
    ['"1e2"', undefined],
    ['"0x10"', undefined],
    ['"１"', undefined],
    ["1.5", undefined],
    ["true", undefined],
    ["null", undefined],
    ["[1]", undefined],
    ["{}", undefined],
  ];
  for (const [text, expected] of int64s) {
    test(`int64 ${text}`, () => {
      const field = parse(text);
      if (expected === undefined) refuses(code, () => field.int64());
      else assert.equal(field.int64(), expected);
    });
  }

  const dates: readonly (readonly [string, string | undefined])[] = [
    ["2025-01-02T03:04:05Z", "2025-01-02T03:04:05.000Z"],
    ["2025-01-02T03:04:05.678Z", "2025-01-02T03:04:05.678Z"],
    ["2025-01-02T03:04:05.678999999Z", "2025-01-02T03:04:05.678Z"],
    ["2025-01-02T03:04:05+02:30", "2025-01-02T00:34:05.000Z"],
    ["2025-01-02T03:04:05-00:00", "2025-01-02T03:04:05.000Z"],
    ["2024-02-29T00:00:00Z", "2024-02-29T00:00:00.000Z"],
    ["0000-01-01T00:00:00Z", "0000-01-01T00:00:00.000Z"],
    ["9999-12-31T23:59:59Z", "9999-12-31T23:59:59.000Z"],
    ["2025-02-29T00:00:00Z", undefined],
    ["2025-02-30T00:00:00Z", undefined],
    ["2025-04-31T00:00:00Z", undefined],
    ["2025-13-01T00:00:00Z", undefined],
    ["2025-00-01T00:00:00Z", undefined],
    ["2025-01-00T00:00:00Z", undefined],
    ["2025-01-01T24:00:00Z", undefined],
    ["2025-01-01T23:60:00Z", undefined],
    ["2025-01-01T23:59:60Z", undefined],
    ["2025-01-01T00:00:00+24:00", undefined],
    ["2025-01-01T00:00:00+0100", undefined],
    ["2025-01-01T00:00:00", undefined],
    ["2025-01-01 00:00:00Z", undefined],
    ["2025-01-01T00:00Z", undefined],
    ["2025-01-01", undefined],
    ["2025-01-01T00:00:00.Z", undefined],
    ["2025-01-01T00:00:00,5Z", undefined],
    ["2025-01-01T00:00:00.1234567890Z", undefined],
    ["+002025-01-01T00:00:00Z", undefined],
    ["2025-01-01T00:00:00Z ", undefined],
    ["2025-01-01T00:00:00Z\n", undefined],
    ["Wed, 01 Jan 2025 00:00:00 GMT", undefined],
    ["1735689600", undefined],
    ["", undefined],
  ];
  for (const [text, expected] of dates) {
    test(`time ${JSON.stringify(text)}`, () => {
      const field = parse(JSON.stringify(text));
      if (expected === undefined) refuses(code, () => field.date());
      else assert.equal(field.date().toISOString(), expected);
    });
  }

  test("that is not text is no time and no base64", () => {
    for (const text of ["1", "null", "[]"]) {
      refuses(code, () => parse(text).date());
      refuses(code, () => parse(text).base64());
    }
  });

  test("is base64 in its one spelling", () => {
    assert.deepEqual([...parse('"AP8="').base64()], [0, 255]);
    assert.deepEqual([...parse('""').base64()], []);
    for (const text of ["AP8", "AP9=", "AP8=\\n", "_w==", " AP8="]) {
      refuses(code, () => parse(`"${text}"`).base64());
    }
  });
});

test("a field is hexadecimal in its one spelling", () => {
  assert.deepEqual([...parse('"00ff"').hex()], [0, 255]);
  for (const text of ['"00FF"', '"0"', '"0x00"', '"00 "', '"zz"', "1", "null"]) {
    refuses(code, () => parse(text).hex());
  }
});

suite("properties", () => {
  test("any bytes give a value or our error", () => {
    const text = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      fc.string({ unit: "binary", maxLength: 200 }).map((s) => Buffer.from(s)),
      fc
        .array(
          fc.constantFrom("{", "}", "[", "]", ":", ",", '"', "\\", "u0061", " ", "1", "null", "é"),
          { maxLength: 60 },
        )
        .map((parts) => Buffer.from(parts.join(""))),
    );
    fc.assert(
      fc.property(text, (bytes) => isContained(() => parse(bytes))),
      { numRuns: runs },
    );
  });

  test("what JSON.stringify writes is read as it was", () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 10 }), (text) => {
        const wanted: unknown = JSON.parse(text);
        assert.deepEqual(parse(JSON.stringify(wanted)).raw, wanted);
      }),
      { numRuns: runs },
    );
  });

  test("a name that comes again is found wherever it stands and however it is written", () => {
    // Every code unit of a name as an escape.
    const escape = (name: string): string =>
      `"${Array.from({ length: name.length }, (_, i) => `\\u${name.charCodeAt(i).toString(16).padStart(4, "0")}`).join("")}"`;
    const names = fc.uniqueArray(fc.string({ unit: "binary", maxLength: 5 }), {
      minLength: 1,
      maxLength: 8,
    });
    fc.assert(
      fc.property(names, fc.nat(), (all, at) => {
        const members = all.map((name) => `${JSON.stringify(name)}:{"a":[]}`);
        parse(`{${members.join()}}`);
        const again = escape(all[at % all.length] ?? "");
        refuses(code, () => parse(`{${members.join()},${again}:0}`));
      }),
      { numRuns: runs },
    );
  });

  test("large texts of every kind take linear time and no deep stack", () => {
    const large = 1 << 20;
    const texts = [
      JSON.stringify("a".repeat(12 * large)),
      JSON.stringify('"'.repeat(6 * large)),
      JSON.stringify("\\".repeat(6 * large)),
      `{"${"a".repeat(12 * large)}":1}`,
      '"'.repeat(large),
      '"'.repeat(large + 1),
      "[".repeat(large),
      "[".repeat(large / 2) + "]".repeat(large / 2),
      '{"":'.repeat(large / 4),
      `[${Array(large / 8)
        .fill('{"":0}')
        .join()}]`,
      `{${Array.from({ length: large / 8 }, (_, i) => `"${i * 65536}":0`).join()}}`,
      `${" ".repeat(large)}<`,
      `${"\n".repeat(large)}<!`,
      "\\".repeat(large),
    ];
    const started = process.cpuUsage();
    for (const text of texts) assert.ok(isContained(() => parse(text)));
    const { user } = process.cpuUsage(started);
    assert.ok(user < 5_000_000, `${user / 1e6} s`);
  });
});
