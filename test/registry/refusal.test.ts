// What a refusal of a registry is said to mean: credentials that are wrong, or that lack a right.
import assert from "node:assert/strict";
import { suite, test, type TestContext } from "node:test";
import type { SigstepError } from "../../src/errors.ts";
import { describe } from "../../src/registry/descriptor.ts";
import { putBlob } from "../../src/registry/upload.ts";
import { rejection } from "../refusal.ts";
import { openClient, serveRegistry } from "./fake-registry.ts";

const scopeHint = /lacks the scope repository:acme\/app:pull,push/;

/** Writes to a registry that gives out tokens and refuses each with 401 and `error` in its challenge. */
async function refusedWrite(
  t: TestContext,
  { error, anonymous = false }: { readonly error: string; readonly anonymous?: boolean },
): Promise<SigstepError> {
  const registry = await serveRegistry(t, {
    intercept: ({ path, headers }, response) => {
      if (path.startsWith("/token")) response.end('{"token":"t1"}');
      else {
        const realm = `Bearer realm="http://${headers.host ?? ""}/token",service="s"`;
        response.writeHead(401, { "www-authenticate": `${realm}${error}` }).end("{}");
      }
      return true;
    },
  });
  const login = { registry: registry.host, username: "user", password: "geheim" };
  const client = openClient(t, { keychain: { explicit: anonymous ? [] : [login] } });
  const bytes = Buffer.from("new");
  const repository = client.open(`${registry.host}/acme/app`);
  return rejection("REGISTRY_REFUSED", putBlob(repository, describe("a/b", bytes), bytes));
}

suite("a refusal with 401", () => {
  test("of a log-in that may not write names the scope", async (t) => {
    const { hint } = await refusedWrite(t, { error: ',error="insufficient_scope"' });
    assert.match(hint, scopeHint);
  });

  test("for any other reason doubts the credentials", async (t) => {
    for (const error of ["", ',error="invalid_token"']) {
      assert.match((await refusedWrite(t, { error })).hint, /Check that these credentials/);
    }
  });

  test("of nobody asks for a log-in", async (t) => {
    const question = { error: ',error="insufficient_scope"', anonymous: true };
    assert.match((await refusedWrite(t, question)).hint, /docker login/);
  });
});
