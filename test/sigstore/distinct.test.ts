// Two services that are one: no bundle comes of them, though a signing config gives them two operators.
import assert from "node:assert/strict";
import { test } from "node:test";
import { computeDigest } from "../../src/crypto/digest.ts";
import {
  type Log,
  signArtifact,
  type SignedArtifact,
  type Timestamp,
} from "../../src/sigstore/sign.ts";
import { parseSigningConfig, selectServices } from "../../src/sigstore/signing-config.ts";
import { refusal, rejection } from "../refusal.ts";
import { logTo, makeCredential, otherTsa, stamp, trustedRoot, v1, v2 } from "./own-instance.ts";

const content = Buffer.from("artifact");
const artifact = { digest: computeDigest("sha256", content), content };
const credential = await makeCredential();

async function sign(
  logs: readonly Log[],
  timestamps: readonly Timestamp[],
): Promise<SignedArtifact> {
  return signArtifact(artifact, {
    ...{ logs, timestamps, trustedRoot },
    certify: () => Promise.resolve(credential),
    onPublished: () => undefined,
    hasEnded: () => false,
  });
}

test("one of each, or several that differ, make a bundle", async () => {
  await sign([logTo(v1)], [stamp()]);
  await sign([logTo(v1), logTo(v2)], [stamp(), stamp({}, otherTsa)]);
});

test("one log asked twice is refused, whether or not it makes a second entry", async () => {
  for (const wish of [{}, { index: 7 }]) {
    const error = await rejection(
      "LOG_ENTRY_INVALID",
      sign([logTo(v1), logTo(v1, wish)], [stamp()]),
    );
    assert.match(error.message, /both entries are of log [0-9a-f]{64}/);
    assert.match(error.hint, /same service/);
  }
});

test("one timestamp authority asked twice is refused, also at another time", async () => {
  for (const parts of [{}, { time: "20250601120001Z" }]) {
    const error = await rejection("TIMESTAMP_INVALID", sign([logTo(v1)], [stamp(), stamp(parts)]));
    assert.match(error.hint, /same service/);
  }
});

test("one URL under two operators is bad input already", () => {
  const service = (url: string, operator: string, majorApiVersion = 1): unknown => ({
    ...{ url, operator, majorApiVersion },
    validFor: { start: "2025-01-01T00:00:00Z" },
  });
  const select = (list: string, urls: readonly [string, string]): unknown => {
    const config = {
      mediaType: "application/vnd.dev.sigstore.signingconfig.v0.2+json",
      caUrls: [service("https://ca.example", "a")],
      rekorTlogUrls: [service("https://log.example", "a")],
      tsaUrls: [service("https://tsa.example/ts", "a")],
      ...{ rekorTlogConfig: { selector: "ALL" }, tsaConfig: { selector: "ALL" } },
      [list]: [service(urls[0], "a"), service(urls[1], "b")],
    };
    const bytes = Buffer.from(JSON.stringify(config));
    return selectServices(parseSigningConfig(bytes, "config.json"), new Date());
  };
  for (const list of ["rekorTlogUrls", "tsaUrls"]) {
    select(list, ["https://one.example", "https://two.example"]);
    for (const same of ["https://one.example", "https://ONE.example:443/"]) {
      const error = refusal("SIGNING_CONFIG_INVALID", () =>
        select(list, ["https://one.example", same]),
      );
      assert.match(error.message, /"https:\/\/one\.example" twice/);
    }
  }
});
