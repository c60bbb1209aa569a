// Rekor v1 and bodies that are too large for it: what stands before a log answers them 413, or the 502 that
// it would also give in an outage.
import assert from "node:assert/strict";
import { suite, test, type TestContext } from "node:test";
import { requestEntry1 } from "../../src/services/rekor1.ts";
import { rejection } from "../refusal.ts";
import { openDoor, serve } from "./servers.ts";

const largeBytes = 1024 * 1024;

interface Asked {
  readonly error: Error & { readonly hint: string };
  readonly tries: number;
  readonly retries: readonly (number | undefined)[];
}

/** Statuses in the order of the tries; the last for all others. */
async function post(
  t: TestContext,
  statuses: readonly number[],
  { bytes, code }: { bytes: number; code: "SERVICE_REFUSED" | "SERVICE_UNAVAILABLE" },
): Promise<Asked> {
  const served = await serve(t, (response, index) => {
    response.writeHead(statuses[index] ?? statuses.at(-1) ?? 500).end("<html>");
  });
  const retries: (number | undefined)[] = [];
  const asked = requestEntry1(openDoor(t, { budgetMs: 3000 }), served.url, {
    body: "x".repeat(bytes),
    deadline: new Date(Date.now() + 600_000),
    onRetry: ({ status }) => retries.push(status),
  });
  return { error: await rejection(code, asked), tries: served.seen.length, retries };
}

suite("a body above 1 MiB", () => {
  const large = { bytes: largeBytes + 1, code: "SERVICE_REFUSED" } as const;

  test("is sent twice when it is answered 502, and told as too large", async (t) => {
    const { error, tries, retries } = await post(t, [502], large);
    assert.equal(tries, 2);
    assert.deepEqual(retries, [502, 502]);
    assert.equal(
      error.message,
      "Rekor answered 502 to an entry of 1048577 bytes: it seems too large for this log.",
    );
    assert.match(error.hint, /rekor-version: 2/);
    assert.match(error.hint, /oversize: reference/);
  });

  test("is sent once when it is answered 413", async (t) => {
    const { error, tries } = await post(t, [413], large);
    assert.equal(tries, 1);
    assert.match(error.message, /answered 413 to an entry of 1048577 bytes/);
  });

  test("is sent on through an outage that says 503", async (t) => {
    const { tries } = await post(t, [503, 502, 503, 502], large);
    assert.equal(tries, 4);
  });

  test("is refused in the log's own words otherwise", async (t) => {
    const { error, tries } = await post(t, [502, 400], large);
    assert.equal(tries, 2);
    assert.match(error.message, /refused the request with status 400/);
  });
});

test("a body of 1 MiB is not too large: 502 is an outage, which is waited for", async (t) => {
  const { tries } = await post(t, [502], { bytes: largeBytes, code: "SERVICE_UNAVAILABLE" });
  assert.ok(tries > 2, `${tries} tries`);
});
