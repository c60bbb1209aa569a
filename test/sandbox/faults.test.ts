import assert from "node:assert/strict";
import { after, afterEach, before, describe, it } from "node:test";
import type { Fault } from "../../src/sandbox/faults.ts";
import { startSandbox, type Sandbox } from "../../src/sandbox/sandbox.ts";

describe("the fault dial", () => {
  let sandbox: Sandbox;
  let url: string;
  before(async () => {
    sandbox = await startSandbox();
    url = `${sandbox.urls.fulcio}/api/v2/configuration`;
  });
  afterEach(() => sandbox.faults.clear());
  after(() => sandbox.close());
  const once = (fault: Fault): void => sandbox.faults.add({ service: "fulcio", times: 1, fault });
  const statuses = async (count: number): Promise<number[]> => {
    const found: number[] = [];
    for (let round = 0; round < count; round += 1) found.push((await fetch(url)).status);
    return found;
  };

  it("answers with a status, a body and headers", async () => {
    const headers = { "retry-after": "1" };
    once({ kind: "status", status: 429, body: "slowly", headers });
    const answer = await fetch(url);
    assert.equal(answer.status, 429);
    assert.equal(answer.headers.get("retry-after"), "1");
    assert.equal(await answer.text(), "slowly");
    assert.deepEqual(await statuses(1), [200]);
  });

  it("plays several rules one after the other, and lets requests pass first", async () => {
    once({ kind: "status", status: 503 });
    once({ kind: "status", status: 429 });
    assert.deepEqual(await statuses(3), [503, 429, 200]);
    sandbox.faults.clear();
    const fault = { kind: "status", status: 500 } as const;
    sandbox.faults.add({ service: "fulcio", after: 1, times: 2, fault });
    assert.deepEqual(await statuses(4), [200, 500, 500, 200]);
  });

  it("hits only the requests that match, and only the service meant", async () => {
    const fault = { kind: "status", status: 500 } as const;
    sandbox.faults.add({ service: "tsa", fault });
    sandbox.faults.add({ service: "fulcio", match: ({ path }) => path.endsWith("Bundle"), fault });
    assert.deepEqual(await statuses(1), [200]);
    assert.equal((await fetch(`${sandbox.urls.fulcio}/api/v2/trustBundle`)).status, 500);
  });

  it("delays, and works all the same", async () => {
    const begin = performance.now();
    once({ kind: "delay", ms: 120 });
    once({ kind: "status", status: 502 });
    assert.deepEqual(await statuses(1), [502]);
    assert.ok(performance.now() - begin >= 100);
  });

  it("hangs until the client goes away", async () => {
    once({ kind: "hang" });
    await assert.rejects(fetch(url, { signal: AbortSignal.timeout(100) }), {
      name: "TimeoutError",
    });
  });

  it("cuts the connection in the middle of an answer, or after the work", async () => {
    once({ kind: "cut" });
    await assert.rejects((await fetch(url)).text());
    once({ kind: "lost" });
    await assert.rejects(fetch(url));
  });

  it("answers with HTML, with too much, and with headers that are too large", async () => {
    once({ kind: "html" });
    const html = await fetch(url);
    assert.equal(html.status, 502);
    assert.match(await html.text(), /<html>/);
    once({ kind: "huge", bytes: 1 << 20 });
    assert.ok((await (await fetch(url)).arrayBuffer()).byteLength >= 1 << 20);
    once({ kind: "large-header" });
    await assert.rejects(fetch(url));
  });

  it("falsifies the tokens of a job's endpoint", async () => {
    const { requestUrl, requestToken } = sandbox.issuers.github;
    const value = async (): Promise<string> => {
      const headers = { authorization: `Bearer ${requestToken}` };
      return (await fetch(`${requestUrl}&audience=sigstore`, { headers })).text();
    };
    const corrupted = async (
      what: "wrong-audience" | "expired" | "missing-claim",
    ): Promise<string> => {
      sandbox.faults.add({ service: "issuer", times: 1, fault: { kind: "corrupt", what } });
      const token = (await value()).split(".")[1] ?? "";
      return Buffer.from(token, "base64url").toString();
    };
    assert.match(await corrupted("wrong-audience"), /"aud":"somebody-else"/);
    assert.match(await corrupted("expired"), new RegExp(`"exp":${String(Date.now()).slice(0, 4)}`));
    assert.doesNotMatch(await corrupted("missing-claim"), /job_workflow_ref/);
    for (const [what, expected] of [
      ["not-json", "not JSON"],
      ["empty", '{"value":""}'],
    ] as const) {
      sandbox.faults.add({ service: "issuer", times: 1, fault: { kind: "corrupt", what } });
      assert.equal(await value(), expected);
    }
  });
});
