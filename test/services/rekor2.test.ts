// Rekor v2: the request, its answer, a conflict without proof and a log that is frozen.
import assert from "node:assert/strict";
import { suite, test, type TestContext } from "node:test";
import { computeDigest } from "../../src/crypto/digest.ts";
import { requestEntry2 } from "../../src/services/rekor2.ts";
import { materialOf } from "../../src/sigstore/entry-body.ts";
import { encodeHashedRekord2 } from "../../src/sigstore/entry-request.ts";
import { encodeLogEntry, type LogEntry } from "../../src/sigstore/entry.ts";
import { verifyEntry } from "../../src/sigstore/verify-entry.ts";
import { rejection } from "../refusal.ts";
import { makeEntry, makeLog } from "../sigstore/own-log.ts";
import { type Answer, openDoor, serve, type Served } from "./servers.ts";

const own = makeLog(2);
const signed = {
  digest: computeDigest("sha256", Buffer.from("artifact")),
  signature: Buffer.from("signature"),
  certificate: Buffer.from("certificate"),
};
/** As the server writes it: zeros and nulls included. */
const right = {
  ...encodeLogEntry(makeEntry(own, signed)),
  integratedTime: "0",
  inclusionPromise: null,
};
const body = encodeHashedRekord2(signed, "PKIX_ECDSA_P256_SHA_256");
const options = { deadline: new Date("2026-11-20T12:10:00Z"), onRetry: () => undefined, body };

async function post(
  t: TestContext,
  reply: Answer,
  path = "",
): Promise<{ result: LogEntry | "exists"; served: Served }> {
  const served = await serve(t, reply);
  const result = await requestEntry2(openDoor(t), new URL(path, served.url), options);
  return { result, served };
}

const json =
  (value: unknown, status = 201): Answer =>
  (response) =>
    response.writeHead(status, { "x-log-index": "5" }).end(JSON.stringify(value));

for (const path of ["", "rekor", "rekor/"]) {
  test(`one POST below ${path === "" ? "the root" : path} gives an entry that can be proven`, async (t) => {
    const { result, served } = await post(t, json(right), path);
    assert.ok(result !== "exists");
    verifyEntry(result, materialOf(signed), { logs: [own.log] });
    const asked = served.seen.map((one) => `${one.method} ${one.path}`);
    assert.deepEqual(asked, [`POST ${path === "" ? "" : "/rekor"}/api/v2/log/entries`]);
    assert.equal(served.seen[0]?.headers["content-type"], "application/json");
    assert.equal(Number(served.seen[0].headers["content-length"]), body.length);
  });
}

test("a time is passed over: this log tells none", async (t) => {
  const { result } = await post(t, json({ ...right, integratedTime: "1750000000" }));
  assert.ok(result !== "exists");
  assert.equal(result.integratedTime, undefined);
});

test("a conflict says that the entry exists, and no more", async (t) => {
  const { result, served } = await post(t, json({ code: 6, message: "exists" }, 409));
  assert.equal(result, "exists");
  assert.equal(served.seen.length, 1);
});

test("a frozen log says where to go", async (t) => {
  const served = await serve(t, json({ message: "This log has been frozen" }, 405));
  const error = await rejection("SERVICE_REFUSED", requestEntry2(openDoor(t), served.url, options));
  assert.match(error.hint, /signing config/);
  assert.equal(served.seen.length, 1);
});

test("push-back is waited for", async (t) => {
  const reasons: (number | undefined)[] = [];
  const served = await serve(t, (response, index, request) =>
    json(right, index < 2 ? 503 : 201)(response, index, request),
  );
  await requestEntry2(openDoor(t), served.url, {
    ...options,
    onRetry: ({ status }) => reasons.push(status),
  });
  assert.deepEqual(reasons, [503, 503]);
});

test("nothing is begun after the certificate's end", async (t) => {
  const served = await serve(t, json(right));
  const door = openDoor(t);
  door.pass(600_001);
  await rejection("DEADLINE_REACHED", requestEntry2(door, served.url, options));
  assert.equal(served.seen.length, 0);
});

suite("an answer is refused", () => {
  const wrong: Readonly<Record<string, unknown>> = {
    "that is empty": "",
    "that is null": null,
    "that is a list": [right],
    "with a promise": { ...right, inclusionPromise: { signedEntryTimestamp: "AAAA" } },
    "with an empty promise": { ...right, inclusionPromise: { signedEntryTimestamp: "" } },
    "without body": { ...right, canonicalizedBody: undefined },
    "without kind": { ...right, kindVersion: null },
    "without log": { ...right, logId: null },
    "with a proof that is none": { ...right, inclusionProof: {} },
    "with an index of Rekor v1's form": { ...right, logIndex: { value: 1 } },
    "of Rekor v1": { abc: { body: "AAAA", logIndex: 1 } },
  };
  for (const [name, value] of Object.entries(wrong)) {
    test(name, async (t) => {
      const served = await serve(t, json(value));
      const asked = requestEntry2(openDoor(t), served.url, options);
      await rejection("SERVICE_ANSWER_INVALID", asked);
      assert.equal(served.seen.length, 1);
    });
  }

  for (const status of [301, 302, 400, 401, 403, 404, 413, 501]) {
    test(`of status ${status}`, async (t) => {
      const served = await serve(t, json(right, status));
      await rejection("SERVICE_REFUSED", requestEntry2(openDoor(t), served.url, options));
      assert.equal(served.seen.length, 1);
    });
  }

  test("that is HTML or larger than 1 MiB", async (t) => {
    for (const text of ["<html>", JSON.stringify({ ...right, pad: "x".repeat(1 << 20) })]) {
      const served = await serve(t, (response) => response.end(text));
      const asked = requestEntry2(openDoor(t), served.url, options);
      await rejection("SERVICE_ANSWER_INVALID", asked);
    }
  });
});
