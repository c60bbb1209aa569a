// Which folder is the cache: the job's own first.
import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { findCacheDirectory } from "../../src/runner/cache-directory.ts";

suite("the cache stands", () => {
  const all = {
    RUNNER_TEMP: "/runner/temp",
    RUNNER_TOOL_CACHE: "/runner/tools",
    XDG_CACHE_HOME: "/xdg",
    HOME: "/home/me",
  };
  test("with the job, else its machine, else its user", () => {
    assert.equal(findCacheDirectory(all), "/runner/temp");
    assert.equal(findCacheDirectory({ ...all, RUNNER_TEMP: undefined }), "/runner/tools");
    assert.equal(findCacheDirectory({ XDG_CACHE_HOME: "/xdg", HOME: "/home/me" }), "/xdg");
    assert.equal(findCacheDirectory({ HOME: "/home/me" }), "/home/me/.cache");
  });
  test("nowhere without any, and never at a relative path", () => {
    assert.equal(findCacheDirectory({}), undefined);
    assert.equal(findCacheDirectory({ HOME: "" }), undefined);
    assert.equal(findCacheDirectory({ RUNNER_TEMP: "temp", XDG_CACHE_HOME: "../x" }), undefined);
  });
});
