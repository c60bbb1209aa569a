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
import { rejection } from "../refusal.ts";
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
