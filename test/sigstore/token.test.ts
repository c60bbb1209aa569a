// Identity tokens: which are refused and why, what is read of them, and that no message gives one away.
import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { inspect } from "node:util";
import fc from "fast-check";
import { SigstepError } from "../../src/errors.ts";
import { type IdentityToken, parseIdentityToken } from "../../src/sigstore/token.ts";
import { refusal, refuses, runs } from "../refusal.ts";

const now = new Date("2026-11-20T12:00:00Z");
const seconds = now.getTime() / 1000;
const claims = {
  iss: "https://token.actions.githubusercontent.com",
  sub: "repo:acme@3003/widget@2002:ref:refs/heads/main",
  aud: "sigstore",
  exp: seconds + 300,
};

function encode(payload: unknown): string {
  const text = typeof payload === "string" ? payload : JSON.stringify(payload);
  const part = (value: string): string => Buffer.from(value).toString("base64url");
  return `${part('{"alg":"RS256"}')}.${part(text)}.${part("signature")}`;
}

function parse(more: Record<string, unknown> = {}, audience = "sigstore"): IdentityToken {
  return parseIdentityToken(encode({ ...claims, ...more }), audience, now);
}

test("gives issuer, subject, end and every claim that is text", () => {
  const token = parse({
    repository: "acme/widget",
    runner_id: 6006,
    ref_protected: true,
    nothing: null,
    list: ["x"],
    inner: { a: 1 },
    __proto__: "x",
    constructor: "own",
  });
  assert.equal(token.issuer, claims.iss);
  assert.equal(token.subject, claims.sub);
  assert.equal(token.expires.getTime(), now.getTime() + 300_000);
  assert.deepEqual(
    [...token.claims],
    [
      ["iss", claims.iss],
      ["sub", claims.sub],
      ["aud", "sigstore"],
      ["exp", String(claims.exp)],
      ["repository", "acme/widget"],
      ["runner_id", "6006"],
      ["ref_protected", "true"],
      ["constructor", "own"],
    ],
  );
  assert.equal(token.claims.get("toString"), undefined);
});

suite("the audience", () => {
  const taken: readonly (readonly [unknown, string])[] = [
    ["sigstore", "sigstore"],
    [["sigstore"], "sigstore"],
    [["other", "sigstore"], "sigstore"],
    ["https://sigstore.example/a?b", "https://sigstore.example/a?b"],
  ];
  for (const [aud, audience] of taken) {
    test(`${JSON.stringify(aud)} has ${audience}`, () => void parse({ aud }, audience));
  }
  const refused: readonly unknown[] = [
    "other",
    "Sigstore",
    "sigstore ",
    "",
    [],
    ["other", "another"],
    [["sigstore"]],
    [7],
    Array(101).fill("sigstore"),
    undefined,
    null,
    7,
    { sigstore: true },
  ];
  for (const aud of refused) {
    test(`${inspect(aud).slice(0, 40)} has not sigstore`, () => {
      const { hint } = refusal("IDENTITY_INVALID", () => parse({ aud }));
      assert.notEqual(hint, "");
    });
  }

  test("is said, both the one found and the one wanted, with what to write on GitLab", () => {
    const { message, hint } = refusal("IDENTITY_INVALID", () => parse({ aud: "found" }, "wanted"));
    assert.match(message, /found.*wanted/);
    assert.match(hint, /id_tokens:\n.*\n.*aud: wanted/);
  });

  test("cannot steer the log", () => {
    const aud = "\u001b[2J\n::error::x";
    assert.doesNotMatch(refusal("IDENTITY_INVALID", () => parse({ aud })).message, /[\n\u001b]/);
  });
});

suite("the end", () => {
  test("must lie ahead", () => {
    parse({ exp: seconds + 1 });
    for (const exp of [seconds, seconds - 1, 0, -1]) {
      const { hint } = refusal("IDENTITY_EXPIRED", () => parse({ exp }));
      assert.notEqual(hint, "");
    }
  });

  for (const exp of [undefined, null, "", String(seconds + 300), 1e300, 1e15, seconds + 0.5, [1]]) {
    test(`${inspect(exp)} is none`, () => {
      assert.notEqual(refusal("IDENTITY_INVALID", () => parse({ exp })).hint, "");
    });
  }
});

suite("issuer and subject", () => {
  for (const name of ["iss", "sub"]) {
    for (const value of [undefined, null, 7, {}, []]) {
      test(`${name} may not be ${inspect(value)}`, () => {
        assert.notEqual(refusal("IDENTITY_INVALID", () => parse({ [name]: value })).hint, "");
      });
    }
  }

  test("are taken byte for byte", () => {
    const sub = 'repo:ü/漢:ref:\u0000 \\ " e\u0301';
    assert.equal(parse({ sub }).challenge, sub);
    assert.equal(parse({ sub: "" }).challenge, "");
  });
});

suite("the challenge", () => {
  test("is the subject, else a verified address", () => {
    assert.equal(parse().challenge, claims.sub);
    assert.equal(parse({ email: null }).challenge, claims.sub);
    // GitLab's claim of another name is none.
    assert.equal(parse({ user_email: "a@b.example" }).challenge, claims.sub);
    for (const email_verified of [true, "true"]) {
      assert.equal(parse({ email: "a@b.example", email_verified }).challenge, "a@b.example");
    }
  });

  for (const email_verified of [false, "false", undefined, null, 1, "TRUE", "yes"]) {
    test(`is no address whose email_verified is ${inspect(email_verified)}`, () => {
      const { hint } = refusal("IDENTITY_INVALID", () =>
        parse({ email: "a@b.example", email_verified }),
      );
      assert.notEqual(hint, "");
    });
  }

  test("is no address that is no text", () => {
    refuses("IDENTITY_INVALID", () => parse({ email: ["a@b"], email_verified: true }));
  });
});

test("the place behind Dex is read where there is one, and nothing is made of anything else", () => {
  const connector_id = "https://accounts.google.com";
  assert.equal(parse({ federated_claims: { connector_id } }).federatedIssuer, connector_id);
  for (const federated_claims of [undefined, null, "x", 7, [], {}, { connector_id: 7 }]) {
    assert.equal(parse({ federated_claims }).federatedIssuer, undefined);
  }
});

suite("no token", () => {
  const [header = "", payload = "", signature = ""] = encode(claims).split(".");
  const wrong: Readonly<Record<string, string>> = {
    nothing: "",
    "a word": "token",
    "two parts": `${header}.${payload}`,
    "four parts": `${header}.${payload}.${signature}.x`,
    "five parts, encrypted": `${header}..${payload}.x.y`,
    "an empty payload": `${header}..${signature}`,
    "a payload in base64": `${header}.${payload}==.${signature}`,
    "a payload with white space": `${header}.${payload} .${signature}`,
    "a payload that is a list": encode("[]"),
    "a payload that is null": encode("null"),
    "a payload that is text": encode('"x"'),
    "a payload that is no JSON": encode("{"),
    "a payload of two values": encode("{}{}"),
    "a claim twice": encode('{"aud":"sigstore","aud":"other"}'),
    "a claim twice, once in escapes": encode('{"aud":"x","\\u0061ud":"sigstore"}'),
    "a payload that is not UTF-8": `${header}.${Buffer.of(0x22, 0xff, 0x22).toString("base64url")}.${signature}`,
    "HTML instead": "<html>. .</html>",
    "more than 64 KiB": encode({ ...claims, pad: "x".repeat(64 * 1024) }),
  };
  for (const [name, raw] of Object.entries(wrong)) {
    test(name, () => refuses("IDENTITY_INVALID", () => parseIdentityToken(raw, "sigstore", now)));
  }
});

suite("no message gives a token away", () => {
  const secret = "geheim-4711";
  function everythingIn(action: () => unknown): string {
    try {
      action();
    } catch (error) {
      assert.ok(error instanceof SigstepError);
      return inspect(error, { depth: Infinity, showHidden: true }) + JSON.stringify(error);
    }
    return assert.fail("nothing was refused");
  }
  const wrong: Readonly<Record<string, string>> = {
    "that is no JWT": secret,
    "with two parts": `${secret}.${secret}`,
    "that is not base64url": `${secret}.${secret}!.${secret}`,
    "whose payload is no JSON": encode(secret),
    "whose payload is cut": encode(`{"aud":"${secret}`),
    "whose payload is a text": encode(`"${secret}"`),
    "of another audience": encode({ ...claims, aud: "x", jti: secret }),
    "that has expired": encode({ ...claims, exp: 1, jti: secret }),
    "without subject": encode({ ...claims, sub: undefined, jti: secret }),
    "with an address that is not verified": encode({ ...claims, email: "a@b", jti: secret }),
  };
  for (const [name, raw] of Object.entries(wrong)) {
    test(name, () => {
      const all = everythingIn(() => parseIdentityToken(raw, "sigstore", now));
      assert.ok(!all.includes(secret));
      for (const part of raw.split(".").filter((one) => one.length > 8)) {
        assert.ok(!all.includes(part), "a part of the token");
      }
    });
  }

  test("whatever is wrong with it", () => {
    const payloads = fc.oneof(fc.string(), fc.json(), fc.constant(JSON.stringify(claims)));
    fc.assert(
      fc.property(payloads, fc.string(), (payload, extra) => {
        const raw = encode(payload).replace(/$/, extra);
        try {
          parseIdentityToken(raw, "another audience", now);
        } catch (error) {
          assert.ok(error instanceof SigstepError && error.code !== "INTERNAL");
          const all = inspect(error, { depth: Infinity, showHidden: true });
          const [, encoded = ""] = raw.split(".");
          assert.ok(encoded.length < 8 || !all.includes(encoded));
        }
      }),
      { numRuns: runs },
    );
  });
});
