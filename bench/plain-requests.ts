// What Rekor v2 itself takes: entries under one certificate, sent and not looked at.
import { randomBytes } from "node:crypto";
import { Agent, request } from "undici";
import { computeDigest } from "../src/crypto/digest.ts";
import { createEphemeralSigner } from "../src/crypto/signer.ts";
import { encodePem } from "../src/encoding/pem.ts";
import { createHttp } from "../src/services/door.ts";
import { requestCertificate } from "../src/services/fulcio.ts";
import { encodeHashedRekord2 } from "../src/sigstore/entry-request.ts";
import { parseIdentityToken } from "../src/sigstore/token.ts";
import type { Stack } from "../test/stack/start.ts";

/** Seconds for `requests` entries, `concurrency` in flight. */
export async function plainRequests(
  stack: Stack,
  { requests, concurrency }: { readonly requests: number; readonly concurrency: number },
): Promise<number> {
  const bodies = await makeBodies(stack, requests);
  const dispatcher = new Agent({ connections: concurrency });
  const url = `${stack.urls.rekor2}/api/v2/log/entries`;
  const headers = { "content-type": "application/json" };
  const started = performance.now();
  const worker = async (): Promise<void> => {
    for (let body = bodies.pop(); body !== undefined; body = bodies.pop()) {
      const answer = await request(url, { method: "POST", headers, body, dispatcher });
      await answer.body.arrayBuffer();
      if (answer.statusCode !== 201) throw new Error(`Rekor v2 answered ${answer.statusCode}`);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
  const seconds = (performance.now() - started) / 1000;
  await dispatcher.close();
  return seconds;
}

async function makeBodies(stack: Stack, count: number): Promise<string[]> {
  const now = (): Date => new Date();
  const http = createHttp({ budgetMs: 10_000, now });
  const token = parseIdentityToken(await stack.githubToken(), "sigstore", now());
  const signer = createEphemeralSigner();
  const sign = (message: Uint8Array): Promise<Uint8Array> =>
    signer.sign(computeDigest("sha256", message), message);
  const { certificates } = await requestCertificate(http, new URL(stack.urls.fulcio), {
    token,
    publicKey: encodePem(signer.spki, "PUBLIC KEY"),
    proofOfPossession: await sign(Buffer.from(token.challenge)),
  });
  await http.close();
  const [certificate = new Uint8Array()] = certificates;
  const bodies: string[] = [];
  for (let index = 0; index < count; index++) {
    const message = randomBytes(64);
    const digest = computeDigest("sha256", message);
    const signed = { digest, signature: await sign(message), certificate };
    bodies.push(encodeHashedRekord2(signed, signer.keyDetails));
  }
  return bodies;
}
