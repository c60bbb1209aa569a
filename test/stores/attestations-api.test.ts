// Storing bundles with GitHub and finding them again; every way in which it says no.
import assert from "node:assert/strict";
import { suite, test, type TestContext } from "node:test";
import type { ErrorCode } from "../../src/errors.ts";
import {
  checkBundleSize,
  listAttestations,
  maxStoredBundleBytes,
  storeAttestation,
} from "../../src/stores/attestations-api.ts";
import { rejection, refusal } from "../refusal.ts";
import { everythingIn } from "../services/servers.ts";
import type { Fault } from "./github-api.ts";
import { collect, openEnterprise, openGitHub, token, type GitHubWorld } from "./world.ts";

const post = "POST /repos/{owner}/{repo}/attestations";
const bundle = JSON.stringify({
  mediaType: "application/vnd.dev.sigstore.bundle.v0.3+json",
  verificationMaterial: { certificate: { rawBytes: "AA==" }, n: "9007199254740993n" },
  dsseEnvelope: { payload: "e30=", payloadType: "application/vnd.in-toto+json", signatures: [] },
});
const digest = "ab".repeat(32);

const message = (text: string): string => JSON.stringify({ message: text });
const html = "<!doctype html><h1>Unicorn</h1>";

suite("storing", () => {
  test("sends the bundle as it is, with the token in its header alone", async (t) => {
    const { double, api } = await openGitHub(t);
    const stored = await storeAttestation(api, bundle);
    assert.equal(stored.id, "1");
    assert.equal(stored.url.href, "https://github.com/acme/app/attestations/1");
    const [request, ...more] = double.requests;
    assert.equal(more.length, 0);
    assert.equal(request?.body.toString(), `{"bundle":${bundle}}`);
    assert.match(request.headers["content-type"] ?? "", /^application\/json/);
    assert.equal(request.headers.authorization, `token ${token}`);
    const others = { ...request.headers, authorization: "" };
    assert.ok(!JSON.stringify([others, request.path, [...request.query]]).includes(token));
  });

  test("works on a server of its own, below its paths", async (t) => {
    const { double, api } = await openEnterprise(t);
    const { url } = await storeAttestation(api, bundle);
    assert.equal(url.href, `${double.url.href}acme/app/attestations/1`);
  });

  test("a bundle of 16 MiB passes, one over the limit is refused before it is sent", async (t) => {
    const { double, api } = await openGitHub(t);
    const large = bundle.replace("e30=", "A".repeat(16 * 1024 * 1024));
    assert.equal((await storeAttestation(api, large)).id, "1");
    refusal("STORE_REFUSED", () => checkBundleSize(maxStoredBundleBytes + 1));
    checkBundleSize(maxStoredBundleBytes);
    const giant = bundle.replace("e30=", "A".repeat(maxStoredBundleBytes));
    await rejection("STORE_REFUSED", storeAttestation(api, giant));
    assert.equal(double.requests.length, 1);
  });
});

suite("what passes is waited for", () => {
  const secondary = message("You have exceeded a secondary rate limit. Please wait.");
  const passing: readonly (readonly [
    name: string,
    fault: Fault,
    pause: (ms: number) => boolean,
  ])[] = [
    [
      "403 with Retry-After",
      { status: 403, headers: { "retry-after": "30" }, body: secondary },
      within(30),
    ],
    ["403 of a secondary limit without a time", { status: 403, body: secondary }, within(60)],
    [
      "403 of the primary limit until its reset",
      {
        status: 403,
        headers: { "x-ratelimit-remaining": "0", "x-ratelimit-reset": "1795176090" },
        body: message("API rate limit exceeded"),
      },
      within(90),
    ],
    [
      "429 with Retry-After",
      { status: 429, headers: { "retry-after": "7" }, body: secondary },
      within(7),
    ],
    ["429 without", { status: 429, body: "{}" }, (ms) => ms < 1000 || ms > 59_000],
    ["502 with a page", { status: 502, headers: { "content-type": "text/html" }, body: html }, any],
    ["503", { status: 503, body: "" }, any],
    ["cut", { how: "cut" }, any],
  ];
  for (const [name, fault, isRight] of passing) {
    test(name, async (t) => {
      const { double, api, door } = await openGitHub(t);
      double.fail({ ...fault, times: 1 });
      assert.equal((await storeAttestation(api, bundle)).id, "1");
      assert.equal(double.requests.length, 2);
      assert.ok(door.pauses.length === 1 && isRight(door.pauses[0] ?? -1), String(door.pauses));
    });
  }

  test("a limit that outlasts the budget is said", async (t) => {
    const { double, api } = await openGitHub(t);
    double.fail({ status: 403, headers: { "retry-after": "3000" }, body: secondary });
    const error = await rejection("SERVICE_UNAVAILABLE", storeAttestation(api, bundle));
    assert.match(error.message, /asks to wait 3000 s, longer than the 300 s left .*secondary rate/);
  });

  test("an outage that outlasts the budget is said", async (t) => {
    const { double, api } = await openGitHub(t);
    double.fail({ status: 502, body: html });
    const error = await rejection("SERVICE_UNAVAILABLE", storeAttestation(api, bundle));
    assert.match(error.message, /GitHub's attestations API \(.*last 502/);
  });

  test("no answer at all", async (t) => {
    const { double, api } = await openGitHub(t, { door: { budgetMs: 0 } });
    double.fail({ how: "cut" });
    await rejection("SERVICE_UNAVAILABLE", storeAttestation(api, bundle));
  });
});

function within(seconds: number): (ms: number) => boolean {
  // Jitter adds at most a quarter, or 5 s.
  return (ms) => ms >= seconds * 1000 && ms <= seconds * 1250 + 1;
}
function any(): boolean {
  return true;
}

suite("each refusal is told apart", () => {
  const refused: readonly (readonly [
    name: string,
    code: ErrorCode,
    fault: Fault,
    text: RegExp,
    hint: RegExp,
  ])[] = [
    [
      "a private repository of a user",
      "STORE_NOT_OFFERED",
      { status: 403, body: message("Feature not available for user-owned private repositories.") },
      /Feature not available/,
      /github-attestations: auto/,
    ],
    [
      "an invalid token",
      "PERMISSION_MISSING",
      { status: 401, body: message("Bad credentials") },
      /Bad credentials/,
      /github-token/,
    ],
    [
      "single sign-on",
      "STORE_REFUSED",
      { status: 403, body: message("Resource protected by organization SAML enforcement.") },
      /SAML/,
      /settings forbid/,
    ],
    [
      "not found",
      "STORE_REFUSED",
      { status: 404, body: message("Not Found") },
      /status 404/,
      /Check the name.*attestations: write/,
    ],
    [
      "invalid",
      "STORE_REFUSED",
      { status: 422, body: message("Invalid Argument - values do not match") },
      /422, "Invalid Argument - values do not match"/,
      /signed in this repository/,
    ],
    [
      "too large, by status",
      "STORE_REFUSED",
      { status: 413, body: html },
      /413/,
      /larger than GitHub takes/,
    ],
    [
      "too large, by words",
      "STORE_REFUSED",
      { status: 422, body: message("The bundle exceeds the maximum size") },
      /exceeds/,
      /larger than GitHub takes/,
    ],
    [
      "moved",
      "STORE_REFUSED",
      { status: 307, headers: { location: "https://evil.example/" }, body: "{}" },
      /307/,
      /renamed or moved/,
    ],
    ["a page with 200", "SERVICE_ANSWER_INVALID", { status: 200, body: html }, /HTML/, /^$/],
    ["no id", "SERVICE_ANSWER_INVALID", { status: 201, body: "{}" }, /id/, /^$/],
    ["an endless answer", "SERVICE_ANSWER_INVALID", { how: "endless" }, /larger than/, /address/],
  ];
  for (const [name, code, fault, text, hint] of refused) {
    test(name, async (t) => {
      const { double, api } = await openGitHub(t);
      double.fail(fault);
      const error = await rejection(code, storeAttestation(api, bundle));
      assert.match(error.message, text);
      assert.match(error.hint, hint);
      assert.equal(double.requests.length, 1);
      assert.ok(!everythingIn(error).includes(token));
    });
  }

  test("the missing permission, with its YAML and the caller's part", async (t) => {
    const { api } = await openGitHub(t, { permissions: { contents: "write" } });
    const error = await rejection("PERMISSION_MISSING", storeAttestation(api, bundle));
    assert.match(
      error.message,
      /"Resource not accessible by integration" \(it wants attestations=write\)/,
    );
    assert.match(error.hint, /^permissions:\n {2}attestations: write$/m);
    assert.match(error.hint, /reusable workflow the caller/);
  });

  for (const [restricted, hint] of [
    ["fork", /pull request from a fork gets a read-only token/],
    ["dependabot", /Dependabot/],
  ] as const) {
    test(`the missing permission of ${restricted}`, async (t) => {
      const { api } = await openGitHub(t, { permissions: {}, place: { restricted } });
      const error = await rejection("PERMISSION_MISSING", storeAttestation(api, bundle));
      assert.match(error.hint, hint);
      assert.doesNotMatch(error.hint, /^permissions:/m);
    });
  }

  test("a server without the feature", async (t) => {
    const { double, api } = await openEnterprise(t);
    double.offersAttestations = false;
    const error = await rejection("STORE_NOT_OFFERED", storeAttestation(api, bundle));
    assert.match(error.hint, /GitHub Enterprise Server \(127.0.0.1:\d+\) does not offer artifact/);
  });

  test("a service that repeats the token", async (t) => {
    const { double, api } = await openGitHub(t);
    double.fail({ status: 422, body: message(`cannot use ${token}`) });
    const error = await rejection("STORE_REFUSED", storeAttestation(api, bundle));
    assert.ok(!everythingIn(error).includes(token));
  });

  test("a repository that it does not know", async (t) => {
    const { api } = await openGitHub(t, { place: { repository: "other" } });
    await rejection("STORE_REFUSED", storeAttestation(api, bundle));
  });
});

suite("finding", () => {
  async function fill(t: TestContext, count: number): Promise<GitHubWorld> {
    const world = await openGitHub(t);
    for (let id = 1; id <= count; id += 1) {
      world.double.attestations.push({ id, bundle: { mediaType: String(id) } });
    }
    return world;
  }

  test("no attestation is an empty list", async (t) => {
    const { api } = await openGitHub(t);
    assert.deepEqual(await collect(listAttestations(api, digest)), []);
  });

  test("what was stored comes back, byte for byte", async (t) => {
    const { api, double } = await openGitHub(t);
    await storeAttestation(api, bundle);
    assert.deepEqual(await collect(listAttestations(api, digest)), [bundle]);
    assert.equal(double.requests.at(-1)?.path, `/repos/acme/app/attestations/sha256%3A${digest}`);
  });

  test("all pages, newest first", async (t) => {
    const { api, double } = await fill(t, 61);
    const found = await collect(listAttestations(api, digest));
    assert.equal(found.length, 61);
    assert.equal(found[0], '{"mediaType":"61"}');
    assert.equal(double.requests.length, 3);
  });

  test("no more pages than are read", async (t) => {
    const { api, double } = await fill(t, 61);
    for await (const found of listAttestations(api, digest)) if (found.includes("61")) break;
    assert.equal(double.requests.length, 1);
  });

  test("at most 10 pages", async (t) => {
    const { api, double } = await fill(t, 400);
    assert.equal((await collect(listAttestations(api, digest))).length, 300);
    assert.equal(double.requests.length, 10);
  });

  test("bundles that are kept elsewhere are passed over", async (t) => {
    const { api, double } = await openGitHub(t);
    double.fail({
      status: 200,
      body: '{"attestations":[{"bundle_url":"https://x.example/"},{"bundle":{}}]}',
    });
    assert.deepEqual(await collect(listAttestations(api, digest)), ["{}"]);
  });

  test("the permission is named", async (t) => {
    const { api } = await openGitHub(t, {
      permissions: { contents: "write" },
    });
    const error = await rejection("PERMISSION_MISSING", collect(listAttestations(api, digest)));
    assert.match(error.hint, /attestations: read/);
  });

  for (const [name, body] of [
    ["no list", "{}"],
    ["a bundle that is none", '{"attestations":[{"bundle":7}]}'],
    ["more than were asked for", JSON.stringify({ attestations: Array(31).fill({}) })],
    ["a name twice", '{"attestations":[],"attestations":[]}'],
  ] as const) {
    test(name, async (t) => {
      const { api, double } = await openGitHub(t);
      double.fail({ status: 200, body });
      await rejection("SERVICE_ANSWER_INVALID", collect(listAttestations(api, digest)));
    });
  }

  test("a next page is asked of the API, whatever the link says", async (t) => {
    const { api, double } = await openGitHub(t);
    const link = '<https://evil.example/x?after=at-0>; rel="next"';
    double.fail({ status: 200, times: 1, headers: { link }, body: '{"attestations":[]}' });
    assert.deepEqual(await collect(listAttestations(api, digest)), []);
    assert.equal(double.requests.at(-1)?.query.get("after"), "at-0");
  });

  test("a next page without a name", async (t) => {
    const { api, double } = await openGitHub(t);
    double.fail({ status: 200, headers: { link: '<x>; rel="next"' }, body: '{"attestations":[]}' });
    await rejection("SERVICE_ANSWER_INVALID", collect(listAttestations(api, digest)));
  });
});

test("the double itself is strict", async (t) => {
  const { api, double } = await openGitHub(t);
  const call = { service: "x", timeoutMs: 1000, maxBytes: 65_536 };
  const json = (content: string): object => ({ body: { type: "application/json", content } });
  await api.ask({ ...call, route: post, ...json('{"bundle":1}') });
  await api.ask({ ...call, route: post, ...json('{"bundle":{},"more":1}') });
  await api.ask({ ...call, route: "GET /repos/{owner}/{repo}", parameters: { page: 1 } });
  await api.ask({ ...call, route: "GET /repos/{owner}/{repo}/nothing" });
  assert.equal(double.faults.length, 4, double.faults.join("\n"));
  double.faults.length = 0;
});
