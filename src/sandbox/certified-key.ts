// The key for which a certificate is asked, and the proof that the client holds it: a signature over
// the token's challenge, or a certificate signing request signed by the key.
import "reflect-metadata";
import * as x509 from "@peculiar/x509";
import { createPublicKey, verify, type KeyObject } from "node:crypto";
import { parsePem } from "../encoding/pem.ts";
import type { JsonValue } from "../encoding/json.ts";

/** Why a key was not accepted, in Fulcio's words. */
export class KeyRefused extends Error {}

const digests: Readonly<Record<string, string>> = {
  prime256v1: "sha256",
  secp384r1: "sha384",
  secp521r1: "sha512",
};

/**
 * The key of a signing request, after its proof.
 *
 * @param challenge - What the proof of possession must have signed.
 * @throws KeyRefused
 */
export async function verifyPossession(request: JsonValue, challenge: string): Promise<KeyObject> {
  const csr = request.get("certificateSigningRequest").optional();
  if (csr !== undefined && csr.string() !== "") return verifySigningRequest(csr);
  const keyRequest = request.get("publicKeyRequest");
  const key = parseKey(keyRequest.get("publicKey").get("content").string());
  const proof = keyRequest.get("proofOfPossession").base64();
  if (!verify(digestFor(key), Buffer.from(challenge), key, proof)) {
    throw new KeyRefused("The signature supplied in the request could not be verified");
  }
  return key;
}

async function verifySigningRequest(csr: JsonValue): Promise<KeyObject> {
  let request: x509.Pkcs10CertificateRequest;
  try {
    request = new x509.Pkcs10CertificateRequest(Buffer.from(csr.base64()).toString("utf8"));
  } catch (error) {
    throw new KeyRefused("The certificate signing request could not be parsed", { cause: error });
  }
  if (!(await request.verify())) {
    throw new KeyRefused("The signature supplied in the request could not be verified");
  }
  return accept(
    createPublicKey({
      key: Buffer.from(request.publicKey.rawData),
      format: "der",
      type: "spki",
    }),
  );
}

function parseKey(pem: string): KeyObject {
  let key: KeyObject;
  try {
    const [der, ...more] = parsePem(pem, "PUBLIC KEY");
    if (der === undefined || more.length > 0) throw new TypeError("not one key");
    key = createPublicKey({ key: Buffer.from(der), format: "der", type: "spki" });
  } catch (error) {
    throw new KeyRefused("The public key supplied in the request could not be parsed", {
      cause: error,
    });
  }
  return accept(key);
}

/** ECDSA on three curves, RSA of three sizes, Ed25519: Fulcio's default list. */
function accept(key: KeyObject): KeyObject {
  const { namedCurve = "", modulusLength = 0 } = key.asymmetricKeyDetails ?? {};
  const accepted =
    key.asymmetricKeyType === "ed25519" ||
    (key.asymmetricKeyType === "ec" && namedCurve in digests) ||
    (key.asymmetricKeyType === "rsa" && [2048, 3072, 4096].includes(modulusLength));
  if (!accepted) throw new KeyRefused("The public key supplied in the request is insecure");
  return key;
}

function digestFor(key: KeyObject): string | null {
  if (key.asymmetricKeyType === "ed25519") return null;
  return digests[key.asymmetricKeyDetails?.namedCurve ?? ""] ?? "sha256";
}
