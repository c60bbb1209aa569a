// A plain client of the sandbox's servers: fetch and node:crypto, nothing of what we ship. It asks, and
// gives back what was answered, so that a test can judge it.
import { createHash, generateKeyPairSync, sign, type KeyObject } from "node:crypto";
import type { IssuerKind } from "../../src/sandbox/claims.ts";
import type { Sandbox } from "../../src/sandbox/sandbox.ts";
import { at, dig, list, postJson, text } from "./wire.ts";

export interface KeyPair {
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}

export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly body: unknown;
}

export function newKey(): KeyPair {
  return generateKeyPairSync("ec", { namedCurve: "P-256" });
}

export function pemOf(key: KeyObject): string {
  return key.export({ format: "pem", type: "spki" }).toString();
}

/** What Fulcio wants to see signed. */
export function challengeIn(token: string): string {
  const claims: unknown = JSON.parse(
    Buffer.from(token.split(".")[1] ?? "", "base64url").toString(),
  );
  return text(at(claims, "email") ?? at(claims, "sub"));
}

export function signingRequest(
  token: string,
  key: KeyPair,
  digest: string | null = "sha256",
): unknown {
  const proof = sign(digest, Buffer.from(challengeIn(token)), key.privateKey);
  return {
    credentials: { oidcIdentityToken: token },
    publicKeyRequest: {
      publicKey: { algorithm: "ECDSA", content: pemOf(key.publicKey) },
      proofOfPossession: proof.toString("base64"),
    },
  };
}

export function askFulcio(sandbox: Sandbox, request: unknown): Promise<Reply> {
  return postJson(`${sandbox.urls.fulcio}/api/v2/signingCert`, request);
}

/** The PEM certificates of a new certificate for `key`, leaf first. */
export async function certify(
  sandbox: Sandbox,
  kind: IssuerKind,
  key: KeyPair,
): Promise<readonly string[]> {
  const token = await sandbox.issuers[kind].token();
  return chainOf(await askFulcio(sandbox, signingRequest(token, key)));
}

export function chainOf(reply: Reply): readonly string[] {
  const embedded = at(reply.body, "signedCertificateEmbeddedSct");
  const answer = embedded ?? at(reply.body, "signedCertificateDetachedSct");
  return list(dig(answer, "chain", "certificates")).map(text);
}

export interface Signed {
  readonly artifact: Buffer;
  readonly digest: Buffer;
  readonly signature: Buffer;
}

export function signArtifact(key: KeyPair, content: string): Signed {
  const artifact = Buffer.from(content);
  return {
    artifact,
    digest: createHash("sha256").update(artifact).digest(),
    signature: sign("sha256", artifact, key.privateKey),
  };
}

export function hashedRekord1(signed: Signed, key: KeyPair): unknown {
  return {
    apiVersion: "0.0.1",
    kind: "hashedrekord",
    spec: {
      data: { hash: { algorithm: "sha256", value: signed.digest.toString("hex") } },
      signature: {
        content: signed.signature.toString("base64"),
        publicKey: { content: Buffer.from(pemOf(key.publicKey)).toString("base64") },
      },
    },
  };
}

export function hashedRekord2(signed: Signed, key: KeyPair): Record<string, unknown> {
  const rawBytes = key.publicKey.export({ format: "der", type: "spki" }).toString("base64");
  return {
    hashedRekordRequestV002: {
      digest: signed.digest.toString("base64"),
      signature: {
        content: signed.signature.toString("base64"),
        verifier: { publicKey: { rawBytes }, keyDetails: "PKIX_ECDSA_P256_SHA_256" },
      },
    },
  };
}

export function askRekor1(sandbox: Sandbox, entry: unknown): Promise<Reply> {
  return postJson(`${sandbox.urls.rekor1}/api/v1/log/entries`, entry);
}

export function askRekor2(sandbox: Sandbox, request: unknown): Promise<Reply> {
  return postJson(`${sandbox.urls.rekor2}/api/v2/log/entries`, request);
}

/** DER of the trusted root's certificates of one kind of authority. */
export function trustedChain(sandbox: Sandbox, authorities: string): readonly string[] {
  const [authority] = list(at(JSON.parse(sandbox.trustedRoot), authorities));
  return list(dig(authority, "certChain", "certificates")).map((certificate) => {
    const lines = text(at(certificate, "rawBytes")).match(/.{1,64}/g) ?? [];
    return `-----BEGIN CERTIFICATE-----\n${lines.join("\n")}\n-----END CERTIFICATE-----\n`;
  });
}

/** Key (SPKI) and id of the trusted root's log number `index` in `logs`. */
export function trustedLog(
  sandbox: Sandbox,
  logs: "tlogs" | "ctlogs",
  index: number,
): { readonly spki: Buffer; readonly id: Buffer } {
  const log = list(at(JSON.parse(sandbox.trustedRoot), logs))[index];
  return {
    spki: Buffer.from(text(dig(log, "publicKey", "rawBytes")), "base64"),
    id: Buffer.from(text(dig(log, "logId", "keyId")), "base64"),
  };
}
