// Our own bundles, judged from their bytes alone: in the form in which they are handed out, and complete.
import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { encodeProven, requiredBy, verifyOwnBundle } from "../../src/commands/own-work.ts";
import { encodeBundle, parseBundle } from "../../src/sigstore/bundle.ts";
import {
  signArtifact,
  type SignedArtifact,
  signPayload,
  type SigningSteps,
} from "../../src/sigstore/sign.ts";
import type { SelectedServices, Service } from "../../src/sigstore/signing-config.ts";
import { rejection, rejectionAt } from "../refusal.ts";
import {
  content,
  digest,
  issuer,
  makeBundle,
  payloadOf,
  question,
  statement,
} from "../sigstore/own-bundle.ts";
import {
  logTo,
  makeCredential,
  stamp,
  trustedRoot,
  v1,
  v2,
  workflow,
} from "../sigstore/own-instance.ts";
import { makeLog } from "../sigstore/own-log.ts";

const service: Service = {
  url: new URL("https://service.example"),
  version: 1,
  validFor: { start: new Date(0) },
  operator: "",
};

function selected(logs: number, tsas: number): SelectedServices {
  const some = (count: number): Service[] => Array.from({ length: count }, () => service);
  return { ca: service, logs: some(logs), tsas: some(tsas) };
}

const artifact = { digest, content };
const { now } = question;
const terms = { artifact, trustedRoot, now, services: selected(1, 1) };
const own = { artifact, trustedRoot, now, required: {} };

async function steps(change: Partial<SigningSteps> = {}): Promise<SigningSteps> {
  const credential = await makeCredential({ fulcio: { 8: issuer } });
  return {
    certify: () => Promise.resolve(credential),
    logs: [logTo(v1)],
    timestamps: [stamp()],
    trustedRoot,
    onPublished: () => undefined,
    hasEnded: () => true,
    ...change,
  };
}

async function sign(change?: Partial<SigningSteps>): Promise<SignedArtifact> {
  return signArtifact(artifact, await steps(change));
}

suite("what was signed", () => {
  for (const log of [v1, v2]) {
    test(`with Rekor v${log.version} is handed out in the form that was proven`, async () => {
      const text = await encodeProven(await sign({ logs: [logTo(log)] }), terms);
      const bundle = parseBundle(Buffer.from(text), "bundle");
      assert.equal(encodeBundle(bundle), text);
      const { certificate, matched } = await verifyOwnBundle(Buffer.from(text), own);
      assert.equal(certificate.identity.value, workflow);
      assert.deepEqual(matched?.identity, { kind: "exact", text: workflow });
      assert.deepEqual(matched.issuer, { kind: "exact", text: issuer });
    });

    test(`with Rekor v${log.version} may be a statement about the file`, async () => {
      const signing = await steps({ logs: [logTo(log)] });
      const text = await encodeProven(await signPayload(payloadOf(statement), signing), terms);
      assert.equal(parseBundle(Buffer.from(text), "bundle").content.kind, "dsse-envelope");
    });
  }

  test("is refused as a statement about another file", async () => {
    const subject = [{ name: "app", digest: { sha256: "00".repeat(32) } }];
    const signed = await signPayload(payloadOf({ ...statement, subject }), await steps());
    await rejectionAt(12, "STATEMENT_INVALID", encodeProven(signed, terms));
  });

  test("is refused when a service that the config selects is not in it", async () => {
    const unlogged = await sign({ logs: [] });
    await rejectionAt(13, "LOG_ENTRY_INVALID", encodeProven(unlogged, terms));
    await encodeProven(unlogged, { ...terms, services: selected(0, 1) });
    const unstamped = await sign({ timestamps: [] });
    await rejectionAt(13, "TIMESTAMP_INVALID", encodeProven(unstamped, terms));
    await encodeProven(unstamped, { ...terms, services: selected(1, 0) });
  });

  test("is refused when it is not this file's, or a signature of nothing", async () => {
    const signed = await sign();
    const foreign = await sign();
    const mixed = { ...signed, entries: foreign.entries };
    await rejectionAt(5, "LOG_ENTRY_INVALID", encodeProven(mixed, terms));
    const { signature } = foreign.signed;
    const resigned = { ...signed, signed: { ...signed.signed, signature } };
    await rejectionAt(5, "LOG_ENTRY_INVALID", encodeProven(resigned, terms));
    const bare = { ...resigned, entries: [], timestamps: foreign.timestamps };
    const unlogged = { ...terms, services: selected(0, 1) };
    await rejectionAt(11, "SIGNATURE_INVALID", encodeProven(bare, unlogged));
  });

  test("without an embedded SCT needs none: Fulcio has shown it apart", async () => {
    const withCt = { ...trustedRoot, ctLogs: [makeLog(1).log] };
    const text = await encodeProven(await sign(), { ...terms, trustedRoot: withCt });
    // Whoever has the bundle alone, does.
    const judged = verifyOwnBundle(Buffer.from(text), { ...own, trustedRoot: withCt });
    await rejectionAt(9, "SCT_INVALID", judged);
  });
});

suite("a bundle of ours", () => {
  test("has a certificate", async () => {
    const bundle = await makeBundle({ logs: [logTo(v1)] });
    const text = encodeBundle({ ...bundle, signer: { kind: "public-key", hint: "k" } });
    const error = await rejection("BUNDLE_INVALID", verifyOwnBundle(Buffer.from(text), own));
    assert.match(error.message, /has no certificate/);
  });

  test("is nothing else", async () => {
    await rejectionAt(1, "BUNDLE_INVALID", verifyOwnBundle(Buffer.from("{}"), own));
  });
});

test("a signing config asks for one of each kind of service that it selects", () => {
  for (const [logs, tsas, expected] of [
    [0, 0, { logs: 0, timestamps: 0 }],
    [1, 0, { logs: 1, timestamps: 0 }],
    [3, 2, { logs: 1, timestamps: 1 }],
  ] as const) {
    assert.deepEqual(requiredBy(selected(logs, tsas)), expected);
  }
});
