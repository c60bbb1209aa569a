// Kyverno policies of a run: one a repository, asking each image for no more than all of them have.
import assert from "node:assert/strict";
import { test } from "node:test";
import { formatPolicies } from "../../src/commands/image-kyverno.ts";
import type { SignedResult, StoredImage } from "../../src/commands/results.ts";
import { makeCredential } from "../sigstore/own-instance.ts";
import { instance } from "./own-run.ts";
import { signOwn } from "./sign-own.ts";

const signature = "https://sigstore.dev/cosign/sign/v1";
const spdx = "https://spdx.dev/Document/v2.3";
const credential = await makeCredential({ fulcio: { 8: "https://issuer.example" } });

async function made(digit: string, predicateType: string): Promise<SignedResult> {
  const file = { path: "a", name: "a", size: 1, bundlePath: "a.sigstore.json" };
  const digest = `sha256:${digit.repeat(64)}`;
  const image: StoredImage = {
    ...{ name: `ghcr.io/acme/app@${digest}`, digest, predicateType, listedBy: "api" },
    ...{ platform: undefined, referrer: digest, legacyTag: undefined },
  };
  return { ...(await signOwn("signed", file, { credential })), image };
}

test("a policy asks for the types of statement that every image of the repository has", async () => {
  const results = [await made("1", signature), await made("2", signature), await made("2", spdx)];
  const terms = { instance, choice: { kind: "public-good", rekorVersion: 1 } } as const;
  const whole = await formatPolicies(results, terms);
  assert.match(whole, /sigstore\.dev\/cosign\/sign\/v1/);
  assert.doesNotMatch(whole, /spdx/);
  assert.match(await formatPolicies(results.slice(1), terms), /spdx/);
});
