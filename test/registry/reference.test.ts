// References: how Docker's own parser reads them, and the forty that are refused.
import assert from "node:assert/strict";
import { suite, test } from "node:test";
import fc from "fast-check";
import { formatReference, isDigestText, parseReference } from "../../src/registry/reference.ts";
import { isContained, refuses, runs } from "../refusal.ts";

const hex = "0123456789abcdef".repeat(4);
const digest = `sha256:${hex}`;

suite("read", () => {
  const table: readonly (readonly [text: string, written: string])[] = [
    ["alpine", "docker.io/library/alpine"],
    ["alpine:3", "docker.io/library/alpine:3"],
    [`alpine@${digest}`, `docker.io/library/alpine@${digest}`],
    ["acme/app", "docker.io/acme/app"],
    ["docker.io/alpine", "docker.io/library/alpine"],
    ["index.docker.io/acme/app:1", "docker.io/acme/app:1"],
    ["docker.io/library/alpine", "docker.io/library/alpine"],
    ["localhost/app", "localhost/app"],
    ["localhost:5000/app:latest", "localhost:5000/app:latest"],
    ["ghcr.io/acme/app__x/y-z.v1", "ghcr.io/acme/app__x/y-z.v1"],
    ["registry.example:8443/a/b/c:T_1.x-y", "registry.example:8443/a/b/c:T_1.x-y"],
    ["[::1]:5000/app", "[::1]:5000/app"],
    ["[2001:db8::1]/app:1", "[2001:db8::1]/app:1"],
    ["127.0.0.1:5000/app", "127.0.0.1:5000/app"],
    [`ghcr.io/acme/app:v1@sha512:${hex}${hex}`, `ghcr.io/acme/app:v1@sha512:${hex}${hex}`],
    ["registry-1.docker.io/acme/app", "registry-1.docker.io/acme/app"],
    ["mydocker.io/app", "mydocker.io/app"],
  ];
  for (const [text, written] of table) {
    test(text, () => assert.equal(formatReference(parseReference(text)), written));
  }

  test("into its parts", () => {
    assert.deepEqual(parseReference(`[::1]:5000/acme/app:v1@${digest}`), {
      registry: "[::1]:5000",
      host: "[::1]",
      port: 5000,
      repository: "acme/app",
      tag: "v1",
      digest,
    });
  });
});

suite("refused", () => {
  const table: readonly (readonly [text: string, why: RegExp])[] = [
    ["", /empty/],
    [" alpine", /white space/],
    ["alpine ", /white space/],
    ["al pine", /white space/],
    ["alpine\n", /white space/],
    ["älpine", /ASCII/],
    ["https://ghcr.io/acme/app", /https:\/\//],
    ["docker://alpine", /docker:\/\//],
    ["Alpine", /upper-case/],
    ["ghcr.io/Acme/app", /upper-case/],
    ["GHCR.io/acme/app", /upper-case/],
    ["acme/App:1", /upper-case/],
    ["alpine:", /not a tag/],
    ["alpine:-1", /not a tag/],
    ["alpine:.x", /not a tag/],
    ["alpine:a+b", /not a tag/],
    [`alpine:${"a".repeat(129)}`, /not a tag/],
    ["alpine@", /not a digest/],
    ["alpine@sha256", /not a digest/],
    [`alpine@${digest}@${digest}`, /more than one @/],
    [`alpine@sha256:${hex.slice(1)}`, /63 digits, sha256 has 64/],
    [`alpine@sha256:${hex}0`, /65 digits/],
    [`alpine@sha512:${hex}`, /64 digits, sha512 has 128/],
    [`alpine@sha256:${hex.toUpperCase()}`, /lower-case/],
    [`alpine@sha256:${"g".repeat(64)}`, /lower-case/],
    [`alpine@md5:${hex.slice(32)}`, /not a digest algorithm/],
    [`alpine@sha256:${hex}:1`, /not a digest/],
    ["/alpine", /not a repository/],
    ["acme//app", /not a repository/],
    ["acme/app/", /not a repository/],
    ["ghcr.io/", /not a repository/],
    ["acme/-app", /not a repository/],
    ["acme/app-", /not a repository/],
    ["acme/a___b", /not a repository/],
    ["acme/a..b", /not a repository/],
    ["ghcr.io/../../v2/x", /not a repository/],
    ["ghcr.io/acme/app?x=1", /not a repository/],
    ["ghcr.io/acme%2fapp", /not a repository/],
    [hex, /an image's id/],
    [`ghcr.io/${"a".repeat(256)}`, /longer than 255/],
    ["a".repeat(1025), /longer than 1024/],
    ["ghcr.io:0/app", /not a port/],
    ["ghcr.io:65536/app", /not a port/],
    ["ghcr.io:http/app", /not a port/],
    ["ghcr.io:/app", /not a port/],
    ["-ghcr.io/app", /not a host/],
    ["ghcr..io/app", /not a host/],
    ["user@ghcr.io/app", /not a digest/],
    ["[::g]/app", /not a host/],
    ["[::1/app", /not a host/],
    ["[0:0::1]:5000/app", /not a host/],
    ["127.1:5000/app", /not a host/],
    ["0x7f.1/app", /not a host/],
  ];
  test("at least forty", () => assert.ok(table.length >= 40));
  for (const [text, why] of table) {
    test(JSON.stringify(text.slice(0, 70)), () => {
      assert.throws(() => parseReference(text), { code: "REFERENCE_INVALID", message: why });
    });
  }

  test("says what to do about GitHub's upper-case owners", () => {
    assert.throws(() => parseReference("ghcr.io/Acme/app"), { hint: /github\.repository/ });
  });
});

test("any text is read or refused, and what is read is written back the same", () => {
  fc.assert(
    fc.property(fc.stringMatching(/^[a-zA-Z0-9:/@._[\]-]{0,40}$/), (text) => {
      return isContained(() => {
        const reference = parseReference(text);
        assert.deepEqual(parseReference(formatReference(reference)), reference);
      });
    }),
    { numRuns: runs },
  );
});

test("a digest has the length of its algorithm", () => {
  assert.equal(isDigestText(digest), true);
  assert.equal(isDigestText(`sha384:${hex}`), false);
  refuses("REFERENCE_INVALID", () => parseReference(`a@sha384:${hex}`));
});
