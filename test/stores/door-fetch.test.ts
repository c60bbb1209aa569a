// The fetch that octokit gets: what it lets out, and that octokit learns nothing.
import assert from "node:assert/strict";
import { suite, test } from "node:test";
import type { Http, HttpRequest, HttpResponse } from "../../src/services/http.ts";
import { createDoorFetch } from "../../src/stores/door-fetch.ts";
import { answer } from "../services/answer.ts";

interface Kit {
  readonly sent: HttpRequest[];
  readonly answers: HttpResponse[];
  readonly fetch: ReturnType<typeof createDoorFetch>;
}

function openKit(): Kit {
  const sent: HttpRequest[] = [];
  const answers: HttpResponse[] = [];
  const http: Http = {
    request: (request) => {
      sent.push(request);
      return Promise.resolve(answer({ secret: 1 }, 418));
    },
    close: () => Promise.resolve(),
  };
  const fetch = createDoorFetch(http, {
    ...{ service: "GitHub", timeoutMs: 1, maxBytes: 2 },
    origins: ["https://api.github.com"],
    onAnswer: (one) => answers.push(one),
  });
  return { sent, answers, fetch };
}

suite("createDoorFetch", () => {
  test("hands credentials to the door apart from the headers", async () => {
    const { sent, answers, fetch } = openKit();
    const headers = { authorization: "token x", accept: "a" };
    const response = await fetch("https://api.github.com/x", {
      method: "POST",
      headers,
      body: "{}",
    });
    assert.equal(response.status, 204);
    assert.equal(await response.text(), "");
    assert.equal(answers[0]?.status, 418);
    const [request] = sent;
    assert.equal(request?.authorization, "token x");
    assert.deepEqual(request.headers, { accept: "a" });
    assert.equal(request.body, "{}");
    assert.equal(request.retry, "budget");
  });

  const wrong: readonly (readonly [name: string, url: string, init: object])[] = [
    ["another host", "https://github.com/x", {}],
    ["another scheme", "http://api.github.com/x", {}],
    ["another port", "https://api.github.com:8443/x", {}],
    ["another method", "https://api.github.com/x", { method: "PATCH" }],
    ["a body that is a stream", "https://api.github.com/x", { method: "POST", body: {} }],
  ];
  for (const [name, url, init] of wrong) {
    test(`${name} is a defect, and nothing is sent`, async () => {
      const { sent, fetch } = openKit();
      await assert.rejects(fetch(url, init), TypeError);
      assert.equal(sent.length, 0);
    });
  }
});
