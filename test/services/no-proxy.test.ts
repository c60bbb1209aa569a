// NO_PROXY: a table, with Go's answers.

import assert from "node:assert/strict";
import { test } from "node:test";
import { parseNoProxy } from "../../src/services/no-proxy.ts";

const rows: readonly (readonly [noProxy: string, url: string, direct: boolean])[] = [
  ["", "https://example.com/", false],
  [",, ,", "https://example.com/", false],
  ["*", "https://example.com/", true],
  ["example.com", "https://example.com/", true],
  ["EXAMPLE.com", "https://example.COM/", true],
  ["example.com", "https://example.com./", true],
  ["example.com", "https://a.b.example.com/", true],
  ["example.com", "https://notexample.com/", false],
  ["example.com", "https://example.com.evil.test/", false],
  [".example.com", "https://a.example.com/", true],
  [".example.com", "https://example.com/", false],
  ["*.example.com", "https://a.example.com/", true],
  ["*.example.com", "https://example.com/", false],
  ["other.test, example.com", "https://example.com/", true],
  ["other.test example.com", "https://example.com/", true],
  ["example.com:443", "https://example.com/", true],
  ["example.com:443", "https://example.com:8443/", false],
  ["example.com:8443", "https://example.com:8443/", true],
  ["example.com:80", "http://example.com/", true],
  [".example.com:8443", "https://a.example.com:8443/", true],
  ["10.1.2.3", "https://10.1.2.3/", true],
  ["10.1.2.3", "https://10.1.2.30/", false],
  ["10.1.2.3:8080", "https://10.1.2.3:8080/", true],
  ["10.1.2.3:8080", "https://10.1.2.3/", false],
  ["10.0.0.0/8", "https://10.200.1.1/", true],
  ["10.0.0.0/8", "https://11.0.0.1/", false],
  ["10.1.2.3/32", "https://10.1.2.3/", true],
  ["10.0.0.0/8", "https://ten.example.com/", false],
  ["0.0.0.0/0", "https://8.8.8.8/", true],
  ["fd00::1", "https://[fd00::1]/", true],
  ["fd00:0:0::1", "https://[fd00::1]/", true],
  ["fd00::1", "https://[fd00::2]/", false],
  ["[fd00::1]", "https://[fd00::1]:8443/", true],
  ["[fd00::1]:8443", "https://[fd00::1]:8443/", true],
  ["[fd00::1]:8443", "https://[fd00::1]/", false],
  ["fd00::/8", "https://[fdab::99]/", true],
  ["fd00::/8", "https://[fe80::1]/", false],
  ["10.0.0.0/33", "https://10.0.0.1/", false],
  ["10.0.0.0/x", "https://10.0.0.1/", false],
  ["10.0.0.0/", "https://10.0.0.1/", false],
  ["example.com/8", "https://example.com/", false],
  [":443", "https://example.com/", false],
  ["[", "https://example.com/", false],
  ["", "http://localhost:3000/", true],
  ["", "https://127.0.0.1/", true],
  ["", "https://[::1]/", true],
];

for (const [noProxy, url, direct] of rows) {
  test(`NO_PROXY="${noProxy}": ${url} ${direct ? "directly" : "through the proxy"}`, () => {
    assert.equal(parseNoProxy(noProxy)(new URL(url)), direct);
  });
}
