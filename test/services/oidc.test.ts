// GitHub's identity endpoint: the token it gives, and what is said when it gives none.
import assert from "node:assert/strict";
import { suite, test, type TestContext } from "node:test";
import { requestGitHubToken } from "../../src/services/oidc.ts";
import { rejection } from "../refusal.ts";
import { type Answer, everythingIn, openDoor, serve, type Served } from "./servers.ts";

const bearer = "bearer-geheim-4711";

async function ask(
  t: TestContext,
  reply: Answer,
  query = "?api-version=2.0",
): Promise<{ served: Served; asked: Promise<string> }> {
  const served = await serve(t, reply);
  const endpoint = { url: new URL(`token${query}`, served.url), token: bearer };
  return { served, asked: requestGitHubToken(openDoor(t), endpoint, "sig store&x=y") };
}

const json =
  (value: unknown, status = 200): Answer =>
  (response) =>
    response.writeHead(status).end(typeof value === "string" ? value : JSON.stringify(value));

test("a GET with the bearer and the audience gives the token, byte for byte", async (t) => {
  const { served, asked } = await ask(t, json({ count: 1, value: "a.b.c " }));
  assert.equal(await asked, "a.b.c ");
  const [request, ...more] = served.seen;
  assert.equal(more.length, 0);
  assert.equal(request?.method, "GET");
  assert.equal(request.headers.authorization, `Bearer ${bearer}`);
  const url = new URL(request.path, served.url);
  assert.equal(url.pathname, "/token");
  assert.deepEqual(
    [...url.searchParams],
    [
      ["api-version", "2.0"],
      ["audience", "sig store&x=y"],
    ],
  );
});

test("an audience that the URL has already is replaced", async (t) => {
  const { served, asked } = await ask(t, json({ value: "x" }), "?audience=other&audience=third");
  await asked;
  const url = new URL(served.seen[0]?.path ?? "", served.url);
  assert.deepEqual(url.searchParams.getAll("audience"), ["sig store&x=y"]);
});

suite("without a token", () => {
  const answers: Readonly<Record<string, Answer>> = {
    "an empty value": json({ value: "" }),
    "a value of null": json({ value: null }),
    "no value": json({}),
  };
  for (const [name, reply] of Object.entries(answers)) {
    test(`${name} says so, and what to do`, async (t) => {
      const { asked } = await ask(t, reply);
      assert.notEqual((await rejection("IDENTITY_UNAVAILABLE", asked)).hint, "");
    });
  }

  const wrong: Readonly<Record<string, Answer>> = {
    "a value that is no text": json({ value: 7 }),
    "a value that is a list": json({ value: ["x"] }),
    "no JSON": json("token"),
    HTML: json("<html>"),
    nothing: json(""),
    "a list": json([]),
    "a value twice": json('{"value":"a","value":"b"}'),
    "too much": json({ value: "x".repeat(300_000) }),
  };
  for (const [name, reply] of Object.entries(wrong)) {
    test(`${name} is no answer`, async (t) => {
      const { asked } = await ask(t, reply);
      await rejection("SERVICE_ANSWER_INVALID", asked);
    });
  }

  for (const status of [301, 302, 307, 400, 401, 403, 404]) {
    test(`status ${status} is a refusal, once, with the permission as cure`, async (t) => {
      const { served, asked } = await ask(t, (response) =>
        response.writeHead(status, { location: "https://evil.example/" }).end('{"message":"no"}'),
      );
      const error = await rejection("IDENTITY_UNAVAILABLE", asked);
      assert.match(error.message, new RegExp(`${status}`));
      assert.match(error.hint, /id-token: write/);
      assert.equal(served.seen.length, 1);
    });
  }
});

test("an outage is waited for, and told when it lasts", async (t) => {
  const { served, asked } = await ask(t, (response, index) =>
    index < 2 ? response.writeHead(503).end() : response.end('{"value":"x"}'),
  );
  assert.equal(await asked, "x");
  assert.equal(served.seen.length, 3);
  const down = await ask(t, json("", 500));
  await rejection("SERVICE_UNAVAILABLE", down.asked);
});

test("no error repeats the bearer or the token, whoever says them", async (t) => {
  const token = "eyJhbGciOiJub25lIn0.eyJhIjoiZ2VoZWltIn0.c2ln";
  const replies: readonly Answer[] = [
    json(`bad ${bearer}`, 401),
    json({ message: `bad ${bearer}` }, 403),
    json(`${bearer} ${token}`),
    json(`{"value":"${token}","value":"${bearer}"}`),
    json(`{"value":"${token}"`),
    json({ value: [token, bearer] }),
    json(token, 500),
  ];
  for (const reply of replies) {
    const { asked } = await ask(t, reply);
    const error = await asked.then(
      () => assert.fail("nothing was refused"),
      (thrown: unknown) => thrown,
    );
    const all = everythingIn(error);
    assert.ok(!all.includes(bearer) && !all.includes("eyJhIjoi"), all);
  }
});
