// The search for secrets must find them, or every scenario's silence proves nothing.
import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { describe, it } from "node:test";
import { Secrets } from "./secrets.ts";

const payload = Buffer.from(JSON.stringify({ sub: "someone", mark: "m".repeat(40) }));
const token = `eyJhbGciOiJSUzI1NiJ9.${payload.toString("base64url")}.${"s1gnature".repeat(30)}`;
const scalar = Buffer.from("a scalar of exactly thirty-two b").toString("base64url");

function holds(text: string | Buffer): boolean {
  const secrets = new Secrets();
  secrets.add("request token", "sandbox-request-1");
  secrets.addToken(token);
  secrets.addKey(scalar);
  try {
    secrets.assertAbsent(Buffer.from(text), "here");
    return false;
  } catch {
    return true;
  }
}

describe("the search for secrets", () => {
  it("finds nothing where nothing is", () => {
    for (const text of ["", "request", token.slice(0, 20), scalar.slice(0, 8)]) {
      assert.ok(!holds(text), text);
    }
  });

  it("finds a token, whole or in its parts", () => {
    const [, claims = "", signature = ""] = token.split(".");
    for (const part of [token, claims, signature, "sandbox-request-1"]) {
      assert.ok(holds(`{"x":"${part}"}`), part);
    }
  });

  it("finds a key in bytes, hex and base64", () => {
    const bytes = Buffer.from(scalar, "base64url");
    assert.ok(holds(Buffer.concat([Buffer.of(4, 32), bytes])));
    assert.ok(holds(`d=${bytes.toString("hex").toUpperCase()}`));
    assert.ok(holds(scalar));
  });

  it("finds a key in PEM, however its lines are broken", () => {
    const pair = generateKeyPairSync("ec", { namedCurve: "P-256" });
    const pem = pair.privateKey.export({ format: "pem", type: "pkcs8" });
    const secrets = new Secrets();
    secrets.addKey(pair.privateKey.export({ format: "jwk" }).d ?? "");
    for (const text of [String(pem), JSON.stringify(pem), String(pem).replaceAll("\n", "%0A")]) {
      assert.throws(() => secrets.assertAbsent(Buffer.from(text), "here"), /holds the private key/);
    }
  });

  it("finds a token that a summary has escaped", () => {
    const escaped = "sandbox-request-1".replaceAll("-", "&#45;");
    assert.ok(holds(`| <code>${escaped}</code> |`));
  });

  it("finds what stands anywhere inside other base64", () => {
    for (const secret of [token, "sandbox-request-1", Buffer.from(scalar, "base64url")]) {
      for (let before = 0; before < 6; before++) {
        for (let after = 0; after < 4; after++) {
          const parts = [Buffer.alloc(before, "b"), Buffer.from(secret), Buffer.alloc(after, "a")];
          const bytes = Buffer.concat(parts);
          assert.ok(holds(bytes.toString("base64")), `${before} before, ${after} after`);
          assert.ok(holds(bytes.toString("base64url")), `${before} before, ${after} after`);
        }
      }
    }
  });
});
