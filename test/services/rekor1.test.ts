// Rekor v1: the request, its answer in hexadecimal, and the entry that was there already.
import assert from "node:assert/strict";
import { suite, test, type TestContext } from "node:test";
import fc from "fast-check";
import { computeDigest } from "../../src/crypto/digest.ts";
import { parseEntryAnswer, requestEntry1 } from "../../src/services/rekor1.ts";
import { materialOf } from "../../src/sigstore/entry-body.ts";
import { encodeHashedRekord1 } from "../../src/sigstore/entry-request.ts";
import type { LogEntry } from "../../src/sigstore/entry.ts";
import { verifyEntry } from "../../src/sigstore/verify-entry.ts";
import { isContained, refuses, rejection, runs } from "../refusal.ts";
import { makeEntry, makeLog } from "../sigstore/own-log.ts";
import { answer } from "./answer.ts";
import { type Answer, openDoor, serve, type Served } from "./servers.ts";

const own = makeLog(1);
const signed = {
  digest: computeDigest("sha256", Buffer.from("artifact")),
  signature: Buffer.from("signature"),
  certificate: Buffer.from("certificate"),
};
const entry = makeEntry(own, signed, { logIndex: 9_007_199_254_740n });
const id = "0123456789abcdef".repeat(5);

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString("base64");

/** The entry as Rekor answers it. */
function written(made: LogEntry): Record<string, unknown> {
  const { inclusionProof: proof } = made;
  return {
    body: base64(made.canonicalizedBody),
    integratedTime: Number(made.integratedTime),
    logID: hex(made.logId),
    logIndex: Number(made.logIndex),
    verification: {
      signedEntryTimestamp: base64(made.inclusionPromise ?? new Uint8Array()),
      inclusionProof: {
        checkpoint: proof?.checkpoint,
        hashes: proof?.hashes.map(hex),
        logIndex: Number(proof?.logIndex),
        rootHash: hex(proof?.rootHash ?? new Uint8Array()),
        treeSize: Number(proof?.treeSize),
      },
    },
  };
}

const right = { [id]: written(entry) };

const options = { deadline: new Date("2026-11-20T12:10:00Z"), onRetry: () => undefined };

async function post(
  t: TestContext,
  reply: Answer,
  path = "",
): Promise<{ result: LogEntry; served: Served }> {
  const served = await serve(t, reply);
  const body = encodeHashedRekord1(signed);
  const result = await requestEntry1(openDoor(t), new URL(path, served.url), { ...options, body });
  return { result, served };
}

suite("the request", () => {
  for (const path of ["", "rekor", "rekor/"]) {
    test(`is one POST below ${path === "" ? "the root" : path}`, async (t) => {
      const { result, served } = await post(
        t,
        (response) => response.writeHead(201).end(JSON.stringify(right)),
        path,
      );
      assert.equal(result.logIndex, 9_007_199_254_740n);
      assert.deepEqual(
        served.seen.map(({ method, path: asked }) => `${method} ${asked}`),
        [`POST ${path === "" ? "" : "/rekor"}/api/v1/log/entries`],
      );
      assert.equal(served.seen[0]?.headers["content-type"], "application/json");
      assert.equal(
        Number(served.seen[0].headers["content-length"]),
        encodeHashedRekord1(signed).length,
      );
    });
  }
});

suite("the answer", () => {
  test("is an entry that can be proven, in bytes", () => {
    const parsed = parseEntryAnswer(answer(right, 201));
    assert.equal(
      verifyEntry(parsed, materialOf(signed), { logs: [own.log] }).time?.toISOString(),
      "2025-06-01T12:00:00.000Z",
    );
  });

  test("of a first entry has an index of zero and no hash", () => {
    const first = makeEntry(own, signed, { index: 0, size: 1 });
    const parsed = parseEntryAnswer(answer({ [id]: written(first) }, 201));
    assert.equal(parsed.logIndex, 0n);
    assert.deepEqual(parsed.inclusionProof?.hashes, []);
    verifyEntry(parsed, materialOf(signed), { logs: [own.log] });
  });

  const whole = written(entry);
  const { verification } = whole;
  assert.ok(typeof verification === "object" && verification !== null);
  const proof: unknown = Reflect.get(verification, "inclusionProof");
  assert.ok(typeof proof === "object" && proof !== null);
  const withEntry = (more: object): unknown => ({ [id]: { ...whole, ...more } });
  const withProof = (more: object): unknown =>
    withEntry({ verification: { ...verification, inclusionProof: { ...proof, ...more } } });
  const wrong: Readonly<Record<string, unknown>> = {
    empty: "",
    HTML: "<html>",
    null: "null",
    "a list": [right],
    "no entry": {},
    "two entries": { ...right, other: written(entry) },
    "an entry that is null": { [id]: null },
    "an entry that is text": { [id]: "x" },
    "without body": withEntry({ body: undefined }),
    "with a body that is not base64": withEntry({ body: "{}" }),
    "with a body that is no JSON": withEntry({ body: base64(Buffer.from("x")) }),
    "with a body without kind": withEntry({ body: base64(Buffer.from('{"apiVersion":"0.0.1"}')) }),
    "with a body with a name twice": withEntry({
      body: base64(Buffer.from('{"kind":"a","kind":"b","apiVersion":"0.0.1"}')),
    }),
    "without index": withEntry({ logIndex: undefined }),
    "with a negative index": withEntry({ logIndex: -1 }),
    "with an index beyond a double": withEntry({ logIndex: 2 ** 60 }),
    "without log": withEntry({ logID: undefined }),
    "with a log in base64": withEntry({ logID: base64(entry.logId) }),
    "with a log in capitals": withEntry({ logID: hex(entry.logId).toUpperCase() }),
    "without time": withEntry({ integratedTime: undefined }),
    "with a time that is text": withEntry({ integratedTime: "now" }),
    "without verification": withEntry({ verification: undefined }),
    "without promise": withEntry({ verification: { inclusionProof: proof } }),
    "without proof": withEntry({ verification: { ...verification, inclusionProof: null } }),
    "with a proof without checkpoint": withProof({ checkpoint: undefined }),
    "with a proof without root": withProof({ rootHash: undefined }),
    "with a root in base64": withProof({ rootHash: base64(Buffer.alloc(32, 255)) }),
    "with 65 hashes": withProof({ hashes: Array(65).fill("00") }),
    "with a hash that is not hexadecimal": withProof({ hashes: ["zz"] }),
    "with hashes that are no list": withProof({ hashes: "00" }),
  };
  for (const [name, body] of Object.entries(wrong)) {
    test(`is refused ${name}`, () =>
      refuses("SERVICE_ANSWER_INVALID", () => parseEntryAnswer(answer(body, 201))));
  }

  test("has an id that steers no message", () => {
    const name = `\u001b[2J\n::error::${"x".repeat(100_000)}`;
    try {
      parseEntryAnswer(answer({ [name]: {} }, 201));
      assert.fail("nothing was refused");
    } catch (error) {
      assert.ok(error instanceof Error && error.message.length < 400);
      assert.doesNotMatch(error.message, /\p{Cc}/u);
    }
    refuses("SERVICE_ANSWER_INVALID", () => parseEntryAnswer(answer({ __proto__x: {} }, 201)));
    refuses("SERVICE_ANSWER_INVALID", () => parseEntryAnswer(answer('{"__proto__":{}}', 201)));
  });

  for (const status of [301, 400, 404, 409, 413, 500]) {
    test(`of status ${status} is a refusal`, () =>
      refuses("SERVICE_REFUSED", () => parseEntryAnswer(answer(right, status))));
  }

  test("of any bytes is an entry or our error", () => {
    const bodies = fc.oneof(
      fc.json(),
      fc.string(),
      fc.json().map((json) => `{"${id}":${json}}`),
    );
    fc.assert(
      fc.property(bodies, (body) => isContained(() => parseEntryAnswer(answer(body, 201)))),
      { numRuns: runs },
    );
  });
});

suite("an entry that is there already", () => {
  const conflict =
    (
      location: string | undefined,
      found: Answer = (response) => response.end(JSON.stringify(right)),
    ): Answer =>
    (response, index, request) => {
      if (request.method === "GET") found(response, index, request);
      else response.writeHead(409, location === undefined ? {} : { location }).end('{"code":409}');
    };

  for (const [what, location, path] of [
    ["by its path", `/api/v1/log/entries/${id}`, ""],
    ["by the hash of its leaf alone", `/api/v1/log/entries/${id.slice(16)}`, ""],
    ["behind a proxy, which the log does not know", `/api/v1/log/entries/${id}`, "rekor/"],
    ["behind a proxy, which the log knows", `/rekor/api/v1/log/entries/${id}`, "rekor"],
    ["relative to the request", `entries/../../log/../../../api/v1/log/entries/${id}`, ""],
  ] as const) {
    test(`is fetched ${what}`, async (t) => {
      const { result, served } = await post(t, conflict(location), path);
      verifyEntry(result, materialOf(signed), { logs: [own.log] });
      const base = path === "" ? "" : "/rekor";
      assert.deepEqual(
        served.seen.map(({ method, path: asked }) => `${method} ${asked}`),
        [
          `POST ${base}/api/v1/log/entries`,
          `GET ${base}/api/v1/log/entries/${location.split("/").at(-1) ?? ""}`,
        ],
      );
    });
  }

  test("is fetched by its whole address when that is the log's own", async (t) => {
    const served: Served = await serve(t, (response, index, request) =>
      conflict(`${served.url.href}api/v1/log/entries/${id}?x=y#z`)(response, index, request),
    );
    const body = encodeHashedRekord1(signed);
    await requestEntry1(openDoor(t), served.url, { ...options, body });
    assert.equal(served.seen[1]?.path, `/api/v1/log/entries/${id}`);
  });

  for (const [what, location] of [
    ["nowhere", undefined],
    ["nowhere, in so many words", ""],
    ["on another host", `https://evil.example/api/v1/log/entries/${id}`],
    ["on another host, without scheme", `//evil.example/api/v1/log/entries/${id}`],
    ["on another port", `http://127.0.0.1:1/api/v1/log/entries/${id}`],
    ["over another scheme", `https://127.0.0.1/api/v1/log/entries/${id}`],
    ["in a file", `file:///api/v1/log/entries/${id}`],
    ["at another path", `/api/v1/log/publicKey`],
    ["at a path that only begins alike", `/api/v1/log/entriesX/${id}`],
    ["above the entries", `/api/v1/log/entries/../publicKey`],
    ["under no id", "/api/v1/log/entries/"],
    ["under an id that is none", "/api/v1/log/entries/x"],
    ["under an id in capitals", `/api/v1/log/entries/${id.toUpperCase()}`],
    ["under an id that is longer", `/api/v1/log/entries/${id}0`],
    ["at no URL", "http://"],
    ["at a text that steers", "::error::x"],
  ] as const) {
    test(`${what} is refused, and nobody else is asked`, async (t) => {
      const served = await serve(t, conflict(location));
      const body = encodeHashedRekord1(signed);
      const asked = requestEntry1(openDoor(t), served.url, { ...options, body });
      const { message } = await rejection("SERVICE_ANSWER_INVALID", asked);
      assert.doesNotMatch(message, /\p{Cc}/u);
      assert.equal(served.seen.length, 1);
    });
  }

  test("and cannot be fetched is a failure, not a success", async (t) => {
    for (const [found, code] of [
      [(response) => response.writeHead(404).end(), "SERVICE_REFUSED"],
      [(response) => response.writeHead(409).end(), "SERVICE_REFUSED"],
      [(response) => response.writeHead(302, { location: "/x" }).end(), "SERVICE_REFUSED"],
      [(response) => response.end("{}"), "SERVICE_ANSWER_INVALID"],
    ] as const satisfies readonly (readonly [Answer, string])[]) {
      const served = await serve(t, conflict(`/api/v1/log/entries/${id}`, found));
      const body = encodeHashedRekord1(signed);
      await rejection(code, requestEntry1(openDoor(t), served.url, { ...options, body }));
      assert.equal(served.seen.length, 2);
    }
  });
});

test("a lost answer is asked for again with the same bytes", async (t) => {
  const bodies: number[] = [];
  const { result } = await post(t, (response, index, request) => {
    bodies.push(Number(request.headers["content-length"]));
    if (index === 0) response.destroy();
    else if (index === 1) response.writeHead(503).end();
    else response.writeHead(201).end(JSON.stringify(right));
  });
  assert.equal(result.logIndex, entry.logIndex);
  assert.equal(bodies.length, 3);
  assert.equal(new Set(bodies).size, 1);
});

test("what was refused is not tried again", async (t) => {
  for (const status of [400, 401, 403, 404, 413, 422]) {
    const served = await serve(t, (response) => response.writeHead(status).end('{"message":"no"}'));
    const asked = requestEntry1(openDoor(t), served.url, { ...options, body: "{}" });
    const { message } = await rejection("SERVICE_REFUSED", asked);
    assert.match(message, new RegExp(`${status}.*"no"`));
    assert.equal(served.seen.length, 1);
  }
});
