// A timestamp authority with the interface of Sigstore's: RFC 3161 over HTTP.
// https://github.com/sigstore/timestamp-authority/blob/main/openapi.yaml
import * as x509 from "@peculiar/x509";
import { randomBytes } from "node:crypto";
import { computeDigest } from "../crypto/digest.ts";
import { encodeUnsigned } from "../encoding/der-encode.ts";
import { SigstepError } from "../errors.ts";
import { createAuthority, nameOf, usageOf } from "./authority.ts";
import { generateP256Key, type SigningKey } from "./keys.ts";
import { answerJson, type Answer, type Call, type World } from "./server.ts";
import { parseQuery, QueryRefused, type TimestampQuery } from "./tsa-query.ts";
import { encodeGranted, encodeRejected, type Stamp } from "./tsa-token.ts";

const year = 365 * 24 * 3_600_000;

/** Starts an authority: three certificates, of which the first stamps. */
export async function createTsa(world: World, organisation?: string): Promise<Tsa> {
  const purpose = "timestamping";
  const now = world.now();
  const authority = await createAuthority({ purpose, now, organisation });
  const key = generateP256Key();
  const certificate = await authority.issue({
    spki: key.spki,
    subject: nameOf("timestamp authority", organisation),
    notBefore: new Date(now.getTime() - 3_600_000),
    notAfter: new Date(now.getTime() + year),
    extensions: [
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([usageOf(purpose)], true),
    ],
  });
  return new Tsa(world, key, [certificate, ...authority.chain]);
}

/** A timestamp authority. */
export class Tsa {
  /** DER: leaf, intermediate, root. */
  readonly chain: readonly Uint8Array[];
  readonly #world: World;
  readonly #key: SigningKey;

  constructor(world: World, key: SigningKey, chain: readonly Uint8Array[]) {
    this.chain = chain;
    this.#world = world;
    this.#key = key;
  }

  /** Answers one request. */
  handle(call: Call): Answer {
    if (`${call.method} ${call.path}` !== "POST /api/v1/timestamp") return refuse(404, "not found");
    if (call.headers["content-type"] !== "application/timestamp-query") {
      return refuse(415, `unsupported media type, only application/timestamp-query is allowed`);
    }
    try {
      const body = this.#stamp(parseQuery(call.body), call);
      return { status: 200, headers: { "content-type": "application/timestamp-reply" }, body };
    } catch (error) {
      if (error instanceof QueryRefused || error instanceof SigstepError) {
        return refuse(400, `Error generating timestamp response: ${error.message}`);
      }
      throw error;
    }
  }

  #stamp(query: TimestampQuery, call: Call): Uint8Array {
    if (call.corruption === "rejected") return encodeRejected();
    const [certificate, ...others] = this.chain;
    if (certificate === undefined) throw new TypeError("an authority has a certificate");
    const key = call.wrongKey ? generateP256Key() : this.#key;
    return encodeGranted(falsify(this.#stampFor(query), call), {
      certificate,
      certificates: query.certReq ? [certificate, ...others] : [],
      sign: (bytes) => key.sign(bytes),
    });
  }

  #stampFor({ imprint, nonce }: TimestampQuery): Stamp {
    return { imprint, nonce, time: this.#world.now(), serialNumber: randomBytes(16) };
  }
}

function falsify(stamp: Stamp, { corruption }: Call): Stamp {
  if (corruption === "wrong-nonce") return { ...stamp, nonce: encodeUnsigned(randomBytes(8)) };
  if (corruption === "wrong-time") return { ...stamp, time: new Date(stamp.time.getTime() - year) };
  if (corruption !== "wrong-imprint") return stamp;
  const { algorithm, bytes } = stamp.imprint;
  return { ...stamp, imprint: computeDigest(algorithm, bytes) };
}

function refuse(code: number, message: string): Answer {
  return answerJson(code, { code, message });
}
