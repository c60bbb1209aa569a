// What the sandbox's logs answer beside what the real ones answer to the same requests: status, the
// headers that clients use, and every name and type in the JSON.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { startSandbox, type Sandbox } from "../../src/sandbox/sandbox.ts";
import { startStack, type Stack } from "../stack/start.ts";
import { hashedRekord1, hashedRekord2, newKey, signArtifact, type Reply } from "./client.ts";
import { getJson, onlyMember, postJson } from "./wire.ts";

describe("the sandbox answers like the real", () => {
  const key = newKey();
  const foreign = newKey();
  let sandbox: Sandbox;
  let stack: Stack;
  before(async () => {
    stack = await startStack();
    sandbox = await startSandbox();
  });
  after(async () => {
    await sandbox.close();
    await stack.stop();
  });

  it("Rekor v1", async () => {
    const answers = async (base: string): Promise<unknown> => {
      const url = `${base}/api/v1/log/entries`;
      await postJson(url, hashedRekord1(signArtifact(key, "before"), key));
      const entry = hashedRekord1(signArtifact(key, "file"), key);
      const created = await postJson(url, entry);
      const conflict = await postJson(url, entry);
      const location = conflict.headers.get("location") ?? "";
      const refused = await postJson(url, hashedRekord1(signArtifact(foreign, "file"), key));
      return {
        created: [created.status, shapeOf(onlyMember(created.body))],
        address: location.replace(/[0-9a-f]{80}$/, "UUID"),
        etag: /^[0-9a-f]{80}$/.test((created.headers.get("etag") ?? "").replaceAll('"', "")),
        conflict: describeReply(conflict),
        found: shapeOf(onlyMember(await getJson(new URL(location, base).href))),
        refused: describeReply(refused),
        log: shapeOf(await getJson(`${base}/api/v1/log`)),
      };
    };
    assert.deepEqual(await answers(sandbox.urls.rekor1), await answers(stack.urls.rekor1));
  });

  it("Rekor v2", async () => {
    const answers = async (base: string): Promise<unknown> => {
      const url = `${base}/api/v2/log/entries`;
      await postJson(url, hashedRekord2(signArtifact(key, "before"), key));
      const request = hashedRekord2(signArtifact(key, "file"), key);
      const created = await postJson(url, request);
      const conflict = await postJson(url, request);
      return {
        created: describeReply(created),
        conflict: [describeReply(conflict), conflict.headers.has("x-log-index")],
        unknown: describeReply(await postJson(url, { ...request, extra: 1 })),
        forged: describeReply(
          await postJson(url, hashedRekord2(signArtifact(foreign, "file"), key)),
        ),
      };
    };
    assert.deepEqual(await answers(sandbox.urls.rekor2), await answers(stack.urls.rekor2));
  });
});

function describeReply({ status, body }: Reply): unknown {
  return [status, shapeOf(body)];
}

/** Names and types; the values and the number of hashes may differ. */
function shapeOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.slice(0, 1).map(shapeOf);
  if (typeof value !== "object" || value === null) return typeof value;
  const members = Object.entries(value).map(([name, member]): [string, unknown] => {
    return [name, shapeOf(member)];
  });
  return Object.fromEntries(members);
}
