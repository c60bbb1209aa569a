// Fulcio: the request that it gets, the answers that are taken, and what is said when it refuses.
import assert from "node:assert/strict";
import { suite, test } from "node:test";
import fc from "fast-check";
import { encodePem } from "../../src/encoding/pem.ts";
import { parseCertificateAnswer, requestCertificate } from "../../src/services/fulcio.ts";
import { isContained, refusal, refuses, rejection, runs } from "../refusal.ts";
import { answer, tokenOf } from "./answer.ts";
import { type Answer, openDoor, serve } from "./servers.ts";

const leaf = Buffer.from("leaf");
const issuer = Buffer.from("issuer");
const chain = { certificates: [encodePem(leaf, "CERTIFICATE"), encodePem(issuer, "CERTIFICATE")] };
const right = { signedCertificateEmbeddedSct: { chain } };

const question = {
  token: tokenOf(),
  publicKey: encodePem(Buffer.from("key"), "PUBLIC KEY"),
  proofOfPossession: Buffer.from("proof"),
};

suite("the request", () => {
  for (const [base, path] of [
    ["", "/api/v2/signingCert"],
    ["fulcio", "/fulcio/api/v2/signingCert"],
    ["fulcio/", "/fulcio/api/v2/signingCert"],
  ] as const) {
    test(`goes to ${path}`, async (t) => {
      const served = await serve(t, (response) => response.end(JSON.stringify(right)));
      const { certificates } = await requestCertificate(
        openDoor(t),
        new URL(base, served.url),
        question,
      );
      assert.deepEqual(certificates.map(String), ["leaf", "issuer"]);
      const [request, ...more] = served.seen;
      assert.equal(more.length, 0);
      assert.equal(`${request?.method ?? ""} ${request?.path ?? ""}`, `POST ${path}`);
      assert.equal(request?.headers["content-type"], "application/json");
      assert.equal(request.headers.authorization, undefined);
    });
  }

  test("holds token, key and proof as fulcio.proto has them, and nothing else", async (t) => {
    const bodies: unknown[] = [];
    const served = await serve(t, () => undefined);
    const door = openDoor(t);
    await requestCertificate(
      {
        request: (request) => {
          bodies.push(JSON.parse(String(request.body)));
          return Promise.resolve(answer(right));
        },
        close: () => door.close(),
      },
      served.url,
      question,
    );
    assert.deepEqual(bodies, [
      {
        credentials: { oidcIdentityToken: question.token.raw },
        publicKeyRequest: {
          publicKey: { algorithm: "ECDSA", content: question.publicKey },
          proofOfPossession: Buffer.from("proof").toString("base64"),
        },
      },
    ]);
  });

  test("is not begun after the token's end", async (t) => {
    const served = await serve(t, (response) => response.end(JSON.stringify(right)));
    const door = openDoor(t);
    door.pass(300_001);
    await rejection("DEADLINE_REACHED", requestCertificate(door, served.url, question));
    assert.equal(served.seen.length, 0);
  });
});

suite("a good answer", () => {
  test("embeds the SCT, or has it beside, or has none", () => {
    assert.equal(parseCertificateAnswer(answer(right)).detachedSct, undefined);
    for (const status of [200, 201]) parseCertificateAnswer(answer(right, status));
    const sct = Buffer.from('{"sct_version":0}');
    const detached = {
      signedCertificateDetachedSct: { chain, signedCertificateTimestamp: sct.toString("base64") },
    };
    assert.deepEqual(Buffer.from(parseCertificateAnswer(answer(detached)).detachedSct ?? []), sct);
    for (const none of ["", null, undefined]) {
      const bare = {
        signedCertificateDetachedSct: { chain, signedCertificateTimestamp: none },
      };
      assert.equal(parseCertificateAnswer(answer(bare)).detachedSct, undefined);
    }
  });

  test("passes over what it does not know, and nulls", () => {
    parseCertificateAnswer(
      answer({ ...right, signedCertificateDetachedSct: null, future: { a: 1 } }),
    );
  });

  test("has each certificate by itself, in PEM with any line ends", () => {
    const certificates = chain.certificates.map((pem) => pem.replaceAll("\n", "\r\n"));
    parseCertificateAnswer(answer({ signedCertificateEmbeddedSct: { chain: { certificates } } }));
  });
});

suite("an answer is refused", () => {
  const inChain = (...certificates: unknown[]): unknown => ({
    signedCertificateEmbeddedSct: { chain: { certificates } },
  });
  const [pem = ""] = chain.certificates;
  const wrong: Readonly<Record<string, unknown>> = {
    "that is empty": "",
    "that is HTML": "<!doctype html><h1>Bad gateway</h1>",
    "that is null": "null",
    "that is a list": [],
    "that has no certificate": {},
    "whose chain is empty": inChain(),
    "whose chain is no list": { signedCertificateEmbeddedSct: { chain: { certificates: pem } } },
    "without chain": { signedCertificateEmbeddedSct: {} },
    "of 11 certificates": inChain(...Array<string>(11).fill(pem)),
    "with two certificates in one text": inChain(pem + pem),
    "with a key for a certificate": inChain(encodePem(leaf, "PUBLIC KEY")),
    "with text around a certificate": inChain(`x\n${pem}`),
    "with DER for PEM": inChain(leaf.toString("base64")),
    "with an empty certificate": inChain(""),
    "with null for a certificate": inChain(null),
    "with a number for a certificate": inChain(7),
    "with an SCT that is not base64": {
      signedCertificateDetachedSct: { chain, signedCertificateTimestamp: "!" },
    },
    "with an SCT that is no text": {
      signedCertificateDetachedSct: { chain, signedCertificateTimestamp: {} },
    },
    "with a name twice": '{"signedCertificateEmbeddedSct":{},"signedCertificateEmbeddedSct":{}}',
    "of more than 256 KiB": { ...right, pad: "x".repeat(256 * 1024) },
  };
  for (const [name, body] of Object.entries(wrong)) {
    test(name, () => refuses("SERVICE_ANSWER_INVALID", () => parseCertificateAnswer(answer(body))));
  }

  test("whatever its bytes", () => {
    fc.assert(
      fc.property(fc.oneof(fc.json(), fc.string(), fc.base64String()), (body) =>
        isContained(() => parseCertificateAnswer(answer(body))),
      ),
      { numRuns: runs },
    );
  });

  for (const status of [100, 301, 302, 307, 400, 404, 500]) {
    test(`with status ${status}, whatever it holds`, () => {
      refusal("SERVICE_REFUSED", () => parseCertificateAnswer(answer(right, status)));
    });
  }
});

suite("a refusal", () => {
  /** Refuses certificates with `status` and answers the question for issuers with `configuration`. */
  async function ask(
    t: Parameters<typeof openDoor>[0],
    configuration: Answer,
    { token = tokenOf(), status = 400 } = {},
  ): Promise<Error & { code: string; hint: string }> {
    const served = await serve(t, (response, index, request) => {
      if (request.url?.endsWith("/api/v2/configuration") === true) {
        configuration(response, index, request);
        return;
      }
      response.writeHead(status, { "content-type": "application/json" });
      response.end('{"code":3,"message":"There was an error processing the identity token"}');
    });
    return rejection(
      "IDENTITY_REFUSED",
      requestCertificate(openDoor(t), served.url, { ...question, token }),
    );
  }
  const issuers =
    (...all: unknown[]): Answer =>
    (response) =>
      response.end(JSON.stringify({ issuers: all }));

  for (const status of [400, 401, 403]) {
    test(`of status ${status} says so, with Fulcio's own words and the issuer`, async (t) => {
      const { message } = await ask(t, issuers({ issuerUrl: "https://issuer.example" }), {
        status,
      });
      assert.match(message, new RegExp(`issuer\\.example.*${status}.*error processing`));
    });
  }

  for (const status of [301, 404, 405, 413, 418]) {
    test(`of status ${status} is not about the identity`, async (t) => {
      const served = await serve(t, (response) => response.writeHead(status).end("no"));
      await rejection("SERVICE_REFUSED", requestCertificate(openDoor(t), served.url, question));
      assert.equal(served.seen.length, 1);
    });
  }

  test("of an issuer that is known says that it is", async (t) => {
    const { hint } = await ask(
      t,
      issuers(
        { issuerUrl: "https://x.example" },
        { issuerUrl: "https://issuer.example", audience: "sigstore" },
      ),
    );
    assert.match(hint, /known there/);
  });

  test("of an issuer that wants another audience says which", async (t) => {
    const { hint } = await ask(
      t,
      issuers({ issuerUrl: "https://issuer.example", audience: "other" }),
    );
    assert.match(hint, /"other".*"sigstore"/);
  });

  test("of an issuer that is unknown names those that are known, ten at most", async (t) => {
    const many = Array.from({ length: 30 }, (_, i) => ({ issuerUrl: `https://${i}.example` }));
    const { hint } = await ask(t, issuers(...many));
    assert.match(hint, /does not know the issuer/);
    assert.match(hint, /0\.example/);
    assert.doesNotMatch(hint, /10\.example/);
    assert.match(hint, /signing-config and trusted-root/);
  });

  const wildcards: readonly (readonly [string, string, boolean])[] = [
    [
      "https://token.actions.githubusercontent.com/*",
      "https://token.actions.githubusercontent.com/acme",
      true,
    ],
    [
      "https://token.actions.githubusercontent.com/*",
      "https://token.actions.githubusercontent.com/",
      false,
    ],
    [
      "https://token.actions.githubusercontent.com/*",
      "https://token.actions.githubusercontent.com/a/b",
      false,
    ],
    [
      "https://oidc.eks.*.amazonaws.com/id/*",
      "https://oidc.eks.eu-west-1.amazonaws.com/id/ABC_1",
      true,
    ],
    [
      "https://oidc.eks.*.amazonaws.com/id/*",
      "https://oidc.eks.evil.example/.amazonaws.com/id/A",
      false,
    ],
    ["https://*.example", "https://a.example", true],
    ["https://*.example", "https://a.example.evil", false],
    ["https://*.example", "https://a.b.example", false],
    ["https://issuer.*", "https://issuerx.example", false],
  ];
  for (const [pattern, iss, matches] of wildcards) {
    test(`${pattern} ${matches ? "is" : "is not"} ${iss}`, async (t) => {
      const { hint } = await ask(t, issuers({ wildcardIssuerUrl: pattern }), {
        token: tokenOf({ iss }),
      });
      assert.equal(hint.includes("known there"), matches, hint);
    });
  }

  test("with a hostile list of issuers takes no time, and steers nothing", async (t) => {
    const iss = `https://${"a".repeat(400)}`;
    const started = process.cpuUsage();
    for (const name of [
      "*".repeat(60),
      `https://${"*a".repeat(50)}`,
      `${"*.".repeat(100)}x`,
      "https://\u001b[2J\n::error::\u202e",
    ]) {
      const { hint } = await ask(t, issuers({ issuerUrl: name, audience: "\n::error::" }), {
        token: tokenOf({ iss }),
      });
      assert.doesNotMatch(hint, /[\p{Cc}\p{Cf}]/u);
      assert.ok(hint.length < 1000);
    }
    assert.ok(process.cpuUsage(started).user < 2_000_000);
  });

  const broken: Readonly<Record<string, Answer>> = {
    "is HTML": (response) => response.end("<html>"),
    "is refused": (response) => response.writeHead(404).end(),
    fails: (response) => response.writeHead(500).end(),
    "is no list": (response) => response.end('{"issuers":{}}'),
    "is cut": (response) => response.destroy(),
    "has nameless issuers": (response) => response.end('{"issuers":[{},{"issuerUrl":7}]}'),
    "is larger than allowed": (response) => response.end(`{"a":"${"x".repeat(300_000)}"}`),
  };
  for (const [name, configuration] of Object.entries(broken)) {
    test(`whose list of issuers ${name} is told all the same`, async (t) => {
      assert.notEqual((await ask(t, configuration)).hint, "");
    });
  }

  test("never repeats the token, even where Fulcio does", async (t) => {
    const token = tokenOf();
    const served = await serve(t, (response) => response.writeHead(400).end(`bad: ${token.raw}`));
    const error = await rejection(
      "IDENTITY_REFUSED",
      requestCertificate(openDoor(t), served.url, { ...question, token }),
    );
    for (const part of token.raw.split(".")) {
      assert.ok(!JSON.stringify([error.message, error.hint, error]).includes(part));
    }
  });
});
