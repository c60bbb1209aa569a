import assert from "node:assert/strict";
import { createPublicKey, verify, type JsonWebKey } from "node:crypto";
import { after, before, describe, it } from "node:test";
import { startIssuer, type Issuer } from "../../src/sandbox/issuer.ts";
import { at, getJson, list, text } from "./wire.ts";

describe("the sandbox's issuer", () => {
  let issuer: Issuer;
  before(async () => {
    issuer = await startIssuer({ kind: "github" });
  });
  after(() => issuer.close());

  it("signs tokens that its published keys verify", async () => {
    const token = await issuer.token();
    const configuration = await getJson(`${issuer.url}/.well-known/openid-configuration`);
    assert.equal(at(configuration, "issuer"), issuer.url);
    const keys = list(at(await getJson(text(at(configuration, "jwks_uri"))), "keys"));
    const [header = "", payload = "", signature = ""] = token.split(".");
    const jwk = keys.find((key) => at(key, "kid") === at(decode(header), "kid"));
    assert.ok(
      verify(
        "sha256",
        Buffer.from(`${header}.${payload}`),
        createPublicKey({ key: rsa(jwk), format: "jwk" }),
        Buffer.from(signature, "base64url"),
      ),
    );
    assert.equal(at(decode(payload), "iss"), issuer.url);
    assert.equal(at(decode(payload), "aud"), "sigstore");
  });

  it("gives a job its token for the audience asked, and nobody else", async () => {
    const url = `${issuer.requestUrl}&audience=other`;
    const headers = { authorization: `Bearer ${issuer.requestToken}` };
    const answer = await getJson(url, headers);
    const payload = decode(text(at(answer, "value")).split(".")[1] ?? "");
    assert.equal(at(payload, "aud"), "other");
    assert.equal((await fetch(url)).status, 401);
    assert.equal((await fetch(url, { headers: { authorization: "Bearer x" } })).status, 403);
  });

  it("leaves out a claim that is given as undefined", async () => {
    const token = await issuer.token({ ref: undefined, sha: "abc" });
    const payload = decode(token.split(".")[1] ?? "");
    assert.equal(at(payload, "ref"), undefined);
    assert.equal(at(payload, "sha"), "abc");
  });
});

function decode(part: string): unknown {
  return JSON.parse(Buffer.from(part, "base64url").toString());
}

function rsa(jwk: unknown): JsonWebKey {
  return { kty: "RSA", n: text(at(jwk, "n")), e: text(at(jwk, "e")) };
}
