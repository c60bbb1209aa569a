// Artifacts of the run: who gets which credential, and every way in which it fails. That GitHub's protocol
// is met is judged by act's server, in test/stack.
import assert from "node:assert/strict";
import type http from "node:http";
import { suite, test, type TestContext } from "node:test";
import type { ErrorCode } from "../../src/errors.ts";
import { uploadArtifact, type WorkflowArtifact } from "../../src/stores/workflow-artifact.ts";
import { rejection } from "../refusal.ts";
import { everythingIn, openDoor, serve, type Served } from "../services/servers.ts";

const files = [{ name: "app.sigstore.json", content: Buffer.from("{}") }];

function tokenOf(claims: unknown): string {
  return `eyJhbGciOiJub25lIn0.${Buffer.from(JSON.stringify(claims)).toString("base64url")}.geheim`;
}
const token = tokenOf({ scp: "Actions.GenericRead:x Actions.Results:run-1:job-2" });
const secretPart = "sig=a%2Bb%3D";

type Reply = (response: http.ServerResponse, request: http.IncomingMessage) => boolean;

interface ArtifactWorld {
  readonly results: Served;
  readonly storage: Served;
  readonly upload: (more?: { name?: string; token?: string }) => Promise<WorkflowArtifact>;
}

/** Both servers; `reply` says true when it has answered. */
async function open(t: TestContext, reply: Reply = () => false): Promise<ArtifactWorld> {
  const storage = await serve(t, (response, _index, request) => {
    if (!reply(response, request)) response.writeHead(201).end();
  });
  const results = await serve(t, (response, _index, request) => {
    if (reply(response, request)) return;
    const signed_upload_url = `${storage.url.href}container/blob?sv=1&${secretPart}`;
    const created = { ok: true, signed_upload_url };
    const isCreate = request.url?.endsWith("/CreateArtifact") === true;
    response.end(JSON.stringify(isCreate ? created : { ok: true, artifact_id: "77" }));
  });
  const door = openDoor(t);
  return {
    results,
    storage,
    upload: ({ name = "bundles", ...service } = {}) =>
      uploadArtifact(door, { url: results.url, token, ...service }, { name, files }),
  };
}

test("creates, puts the blocks, names them, ends", async (t) => {
  const { results, storage, upload } = await open(t);
  const { id, digest } = await upload();
  assert.equal(id, "77");
  assert.match(digest, /^[0-9a-f]{64}$/);
  assert.deepEqual(
    results.seen.map(({ path, headers }) => [path.split("/").at(-1), headers.authorization]),
    [
      ["CreateArtifact", `Bearer ${token}`],
      ["FinalizeArtifact", `Bearer ${token}`],
    ],
  );
  assert.deepEqual(
    storage.seen.map(({ method, path, headers }) => [method, path, headers.authorization]),
    [
      ["PUT", `/container/blob?sv=1&${secretPart}&comp=block&blockid=MDAwMDAwMDA%3D`, undefined],
      ["PUT", `/container/blob?sv=1&${secretPart}&comp=blocklist`, undefined],
    ],
  );
});

suite("fails", () => {
  const at = (end: string, status: number, body = ""): Reply => {
    return (response, { url = "" }) => {
      if (!url.includes(end)) return false;
      response.writeHead(status).end(body);
      return true;
    };
  };
  const wrong: readonly (readonly [name: string, code: ErrorCode, reply: Reply])[] = [
    ["the name is taken", "ASSET_EXISTS", at("CreateArtifact", 409, '{"code":"already_exists"}')],
    ["the quota is used up", "SERVICE_REFUSED", at("CreateArtifact", 403, '{"msg":"quota"}')],
    [
      "not ok",
      "SERVICE_ANSWER_INVALID",
      at("CreateArtifact", 200, '{"ok":false,"signed_upload_url":"http://127.0.0.1:1/x"}'),
    ],
    ["no address", "SERVICE_ANSWER_INVALID", at("CreateArtifact", 200, '{"ok":true}')],
    [
      "no real address",
      "SERVICE_ANSWER_INVALID",
      at("CreateArtifact", 200, '{"ok":true,"signed_upload_url":"x"}'),
    ],
    [
      "plain http elsewhere",
      "INSECURE_URL",
      at("CreateArtifact", 200, '{"ok":true,"signed_upload_url":"http://blob.example/x"}'),
    ],
    ["a page", "SERVICE_ANSWER_INVALID", at("CreateArtifact", 200, "<html>")],
    ["the storage refuses", "SERVICE_REFUSED", at("comp=block&", 403, "AuthenticationFailed")],
    ["the storage refuses the list", "SERVICE_REFUSED", at("comp=blocklist", 400, "bad")],
    ["the storage is down", "SERVICE_UNAVAILABLE", at("comp=block&", 503)],
    ["no id at the end", "SERVICE_ANSWER_INVALID", at("FinalizeArtifact", 200, '{"ok":true}')],
  ];
  for (const [name, code, reply] of wrong) {
    test(name, async (t) => {
      const { upload } = await open(t, reply);
      const text = everythingIn(await rejection(code, upload()));
      assert.ok(!text.includes(token) && !text.includes(secretPart), text);
    });
  }

  for (const [name, value] of [
    ["no token", ""],
    ["no scope", tokenOf({})],
    ["a scope without results", tokenOf({ scp: "Actions.Results:only-run" })],
    ["a scope of another kind", tokenOf({ scp: ["Actions.Results:a:b"] })],
    ["no JSON", "a.AAAA.b"],
  ] as const) {
    test(name, async (t) => {
      const { results, upload } = await open(t);
      const error = await rejection("PERMISSION_MISSING", upload({ token: value }));
      assert.equal(results.seen.length, 0);
      assert.ok(value === "" || !everythingIn(error).includes(value));
    });
  }

  for (const name of ["", "a/b", "a:b", "a\nb", "x".repeat(257)]) {
    test(`the name ${JSON.stringify(name.slice(0, 9))}`, async (t) => {
      const { results, upload } = await open(t);
      await rejection("INPUT_NAME", upload({ name }));
      assert.equal(results.seen.length, 0);
    });
  }
});
