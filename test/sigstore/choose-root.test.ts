// Which instance a bundle is of: by its certificate's issuer or, with a key, by its logs. Nothing is proven by it.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Bundle } from "../../src/sigstore/bundle.ts";
import { chooseTrustedRoot } from "../../src/sigstore/choose-root.ts";
import type { TrustedRoot } from "../../src/sigstore/trust.ts";
import { authority, issue } from "./issue.ts";
import { makeBundle } from "./own-bundle.ts";
import { logTo, trustedRoot, v1 } from "./own-instance.ts";
import { makeLog } from "./own-log.ts";

const { certificate } = await issue({ name: "another root", extensions: authority });
const [ca] = trustedRoot.certificateAuthorities;
assert.ok(ca !== undefined);
const foreign: TrustedRoot = {
  label: "foreign",
  logs: [makeLog(1).log],
  ctLogs: [],
  certificateAuthorities: [{ ...ca, certificates: [certificate] }],
  timestampAuthorities: [],
};
const empty: TrustedRoot = { ...foreign, label: "empty", logs: [], certificateAuthorities: [] };
const bundle = await makeBundle({ logs: [logTo(v1)] });
const byKey: Bundle = { ...bundle, signer: { kind: "public-key", hint: "" } };

function chosen(given: Bundle, ...roots: readonly TrustedRoot[]): string {
  return chooseTrustedRoot(given, roots).label;
}

test("is the one that knows the certificate's issuer, wherever it stands", () => {
  assert.equal(chosen(bundle, foreign, trustedRoot), "own");
  assert.equal(chosen(bundle, trustedRoot, foreign), "own");
  assert.equal(chosen(bundle, foreign, empty, trustedRoot), "own");
});

test("is the first of two that know it", () => {
  assert.equal(chosen(bundle, { ...trustedRoot, label: "older" }, trustedRoot), "older");
});

test("is not the one that knows only its log", () => {
  const logs = { ...foreign, label: "logs", logs: trustedRoot.logs };
  assert.equal(chosen(bundle, logs, { ...trustedRoot, logs: [] }), "own");
});

test("is, with a key, the one that knows a log of its entries", () => {
  assert.equal(chosen(byKey, foreign, trustedRoot), "own");
  assert.equal(chosen({ ...byKey, entries: [] }, foreign, trustedRoot), "foreign");
});

test("is the first when none knows it: its refusal says what it does not know", () => {
  assert.equal(chosen(bundle, foreign, empty), "foreign");
  assert.equal(chosen(byKey, empty, foreign), "empty");
});

test("is the only one without a question", () => {
  assert.equal(chosen(bundle, empty), "empty");
  assert.throws(() => chooseTrustedRoot(bundle, []), TypeError);
});

test("is some one for a certificate that cannot be read, which is refused later", () => {
  const signer = { kind: "certificate", certificate: Buffer.from("x"), chain: [] } as const;

  assert.ok(["own", "foreign"].includes(chosen({ ...bundle, signer }, foreign, trustedRoot)));
});

test("of two that share the issuer's name, is the one whose authority has signed", async () => {
  const [own] = trustedRoot.certificateAuthorities;
  const namesake = await issue({ name: "root", extensions: authority });
  assert.ok(own !== undefined);
  assert.deepEqual(namesake.certificate.subject.raw, own.certificates[0]?.subject.raw);
  const staging: TrustedRoot = {
    ...trustedRoot,
    label: "namesake",
    certificateAuthorities: [{ ...own, certificates: [namesake.certificate] }],
  };
  assert.equal(chosen(bundle, staging, trustedRoot), "own");
  assert.equal(chosen(bundle, foreign, staging, trustedRoot), "own");
  // None has signed: the one of that name says so best.
  assert.equal(chosen(bundle, foreign, staging), "namesake");
});

test("is the one that has signed a certificate with which an old bundle bridges", async () => {
  const top = await issue({ name: "top", extensions: authority });
  const bridge = await issue({ name: "root", issuer: top, extensions: authority });
  const { signer } = bundle;
  assert.ok(signer.kind === "certificate");
  const root = {
    ...foreign,
    label: "top",
    certificateAuthorities: [{ ...ca, certificates: [top.certificate] }],
  };
  const old: Bundle = { ...bundle, signer: { ...signer, chain: [bridge.certificate.der] } };
  assert.equal(chosen(old, foreign, root), "top");
});
