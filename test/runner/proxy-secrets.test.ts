// Which parts of a proxy's URL are secret.
import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { Printer } from "../../src/runner/printer.ts";
import { findProxySecrets } from "../../src/runner/proxy-secrets.ts";

suite("secrets of proxy variables", () => {
  const cases: readonly (readonly [proxy: string, secrets: readonly string[]])[] = [
    ["http://joe:hunter22@proxy.example:3128", ["joe:hunter22", "hunter22"]],
    ["joe:hunter22@proxy.example:3128", ["joe:hunter22", "hunter22"]],
    ["http://joe:a%40b%2Fc@proxy", ["joe:a%40b%2Fc", "a%40b%2Fc", "joe:a@b/c", "a@b/c"]],
    ["http://joe:100%sure@proxy", ["joe:100%sure", "100%sure"]],
    ["http://joe:s p@ce@proxy", ["joe:s p@ce", "s p@ce", "joe:s%20p%40ce", "s%20p%40ce"]],
    ["http://joe:with:colon@proxy", ["joe:with:colon", "with:colon", "joe:with%3Acolon"]],
    ["http://token-alone@proxy", ["token-alone"]],
    ["http://proxy:3128", []],
    ["http://proxy:3128/a@b", []],
    ["", []],
  ];
  for (const [proxy, secrets] of cases) {
    test(proxy === "" ? "(none)" : proxy, () => {
      const found = findProxySecrets({ HTTPS_PROXY: proxy });
      for (const secret of secrets)
        assert.ok(found.includes(secret), `${secret} of ${found.join()}`);
      if (secrets.length === 0) assert.deepEqual(found, []);
    });
  }

  for (const name of ["HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"]) {
    test(`${name} is read, and what is sent to the proxy is hidden, too`, () => {
      const printer = new Printer(() => undefined);
      for (const secret of findProxySecrets({ [name]: "http://joe:hunter22@proxy" })) {
        printer.hide(secret);
      }
      const basic = Buffer.from("joe:hunter22").toString("base64");
      assert.equal(printer.redact(`Basic ${basic}, hunter22 of joe`), "Basic ***, *** of joe");
    });
  }
});
