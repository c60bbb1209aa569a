// Which instance, which hosts, which repository.
import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { isGitHubCloud, parseRepositoryName, uploadsOrigin } from "../../src/stores/place.ts";
import { refusal, refuses } from "../refusal.ts";

suite("hosts", () => {
  for (const [api, isCloud, uploads] of [
    ["https://api.github.com", true, "https://uploads.github.com"],
    ["https://api.acme.ghe.com", true, "https://uploads.acme.ghe.com"],
    ["https://github.acme.example/api/v3", false, "https://github.acme.example"],
    ["https://github.acme.example:8443/api/v3", false, "https://github.acme.example:8443"],
    ["https://api.github.com.evil.example", false, "https://api.github.com.evil.example"],
    ["https://api.a.b.ghe.com", false, "https://api.a.b.ghe.com"],
    ["https://api.ghe.com", false, "https://api.ghe.com"],
    ["https://api.github.com:444", true, "https://api.github.com:444"],
  ] as const) {
    test(api, () => {
      const place = { apiUrl: new URL(api) };
      assert.equal(isGitHubCloud(place), isCloud);
      assert.equal(uploadsOrigin(place), uploads);
    });
  }
});

suite("names", () => {
  test("owner and name", () => {
    const found = parseRepositoryName("acme-1/.app_2.x");
    assert.deepEqual(found, { owner: "acme-1", repository: ".app_2.x" });
  });
  for (const text of [
    "",
    "acme",
    "acme/",
    "/app",
    "a/b/c",
    "acme/..",
    "acme/.",
    "a.b/c",
    "a/b?c",
    "a/b\n",
  ]) {
    test(JSON.stringify(text), () => refuses("INPUT_VALUE", () => parseRepositoryName(text)));
  }
  test("control characters are escaped", () => {
    const { message } = refusal("INPUT_VALUE", () => parseRepositoryName("a/\u001b[1m"));
    assert.match(message, /\\u\{1b\}/);
  });
});
