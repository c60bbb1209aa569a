// Which URLs may be asked: a table.

import assert from "node:assert/strict";
import { test } from "node:test";
import { SigstepError } from "../../src/errors.ts";
import { assertAddress } from "../../src/services/address.ts";

const insecure = ["rekor.internal", "tsa.internal:3000"];

for (const url of [
  "https://rekor.sigstore.dev/api",
  "https://10.0.0.1/",
  "http://localhost:3000/",
  "http://LOCALHOST/",
  "http://127.0.0.1:3000/",
  "http://127.255.1.2/",
  "http://127.1/",
  "http://0x7f.0.0.1/",
  "http://[::1]:8080/",
  "http://[0:0:0:0:0:0:0:1]/",
  "http://rekor.internal/",
  "http://rekor.internal:9999/",
  "http://tsa.internal:3000/",
]) {
  test(`${url} may be asked`, () => assertAddress(new URL(url), insecure));
}

for (const url of [
  "http://rekor.sigstore.dev/",
  "http://127.example.com/",
  "http://127.0.0.1.example.com/",
  "http://localhost.example.com/",
  "http://0.0.0.0/",
  "http://[::]/",
  "http://[::ffff:127.0.0.1]/",
  "http://128.0.0.1/",
  "http://sub.rekor.internal/",
  "http://xrekor.internal/",
  "http://tsa.internal/",
  "http://tsa.internal:3001/",
  "ftp://rekor.internal/",
  "file:///etc/passwd",
  "data:text/plain,hello",
]) {
  test(`${url} is refused`, () => {
    assert.throws(() => assertAddress(new URL(url), insecure), { code: "INSECURE_URL" });
  });
}

for (const url of ["https://user:geheim@rekor.example/", "https://geheim@localhost/"]) {
  test("a URL with credentials is refused, without repeating them", () => {
    assert.throws(
      () => assertAddress(new URL(url), insecure),
      (error) =>
        error instanceof SigstepError &&
        error.code === "INSECURE_URL" &&
        !JSON.stringify([error.message, error.hint, error.where]).includes("geheim"),
    );
  });
}
