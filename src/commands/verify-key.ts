// A managed public key: PEM, as cosign and openssl write it.
import { parsePublicKey, type PublicKey } from "../crypto/keys.ts";
import { parsePem } from "../encoding/pem.ts";
import { quote, SigstepError, systemCode, type ErrorDetails } from "../errors.ts";
import { readSmallFile } from "../subjects/small-file.ts";

const maxBytes = 64 * 1024;

/**
 * The key in the PEM file at `path`.
 *
 * @throws SigstepError INPUT_UNREADABLE, INPUT_VALUE
 */
export async function readKey(path: string): Promise<PublicKey> {
  let text: string;
  try {
    text = Buffer.from(await readSmallFile(path, maxBytes)).toString("utf8");
  } catch (error) {
    throw new SigstepError(
      "INPUT_UNREADABLE",
      `Input key: ${quote(path)} cannot be read (${systemCode(error)}).`,
      {
        where: "key",
        hint: "Check the path: it is relative to the working directory.",
        cause: error,
      },
    );
  }
  if (text.includes("PRIVATE KEY")) {
    throw refuse(path, "holds a private key", {
      hint: "Give the public key alone. Treat this one as leaked if others can read it.",
    });
  }
  return parseKey(path, text);
}

function parseKey(path: string, text: string): PublicKey {
  // Text may stand before a block (RFC 7468 section 2), as OpenSSL's -text writes it.
  const block = text.slice(Math.max(0, text.search(/^-----BEGIN /m)));
  try {
    const [spki, ...more] = parsePem(block.endsWith("\n") ? block : `${block}\n`, "PUBLIC KEY");
    if (spki === undefined || more.length > 0) throw new TypeError("not one block");
    return parsePublicKey(spki);
  } catch (cause) {
    throw refuse(path, "is not one public key in PEM that can be read", {
      hint: adviseOn(block),
      cause,
    });
  }
}

/** Other forms of the same key, and how to get the one that is read. */
function adviseOn(block: string): string {
  if (block.startsWith("-----BEGIN RSA PUBLIC KEY-----")) {
    return "It is in the older form of PKCS#1. Convert it: openssl rsa -RSAPublicKey_in -in KEY -pubout";
  }
  if (block.startsWith("-----BEGIN CERTIFICATE-----")) {
    return "It is a certificate. Take the key out of it: openssl x509 -in FILE -noout -pubkey";
  }
  return "It begins with -----BEGIN PUBLIC KEY-----: ECDSA P-256, P-384 or P-521, Ed25519, or RSA of 2048 to 4096 bits.";
}

function refuse(path: string, why: string, details: ErrorDetails): SigstepError {
  const message = `Input key: ${quote(path)} ${why}.`;
  return new SigstepError("INPUT_VALUE", message, { where: "key", ...details });
}
