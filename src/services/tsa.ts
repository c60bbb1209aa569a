// RFC 3161: the time of a signature. Section 3.4 for http.
import { randomBytes } from "node:crypto";
import { computeDigest } from "../crypto/digest.ts";
import { encodeTimestampRequest } from "../sigstore/timestamp-request.ts";
import { isSuccess, refusedError } from "./answer.ts";
import type { Http } from "./http.ts";
import type { LogOptions } from "./rekor1.ts";

const service = "Timestamp authority";
const timeoutMs = 30_000;
const maxBytes = 256 * 1024;
const nonceBytes = 16;

/** A timestamp response as received, and the nonce that it must repeat. */
export interface TimestampAnswer {
  /** DER, unless the service lied. */
  readonly body: Uint8Array;
  readonly nonce: Uint8Array;
}

/**
 * Asks `url` for a timestamp over `signature`. Its certificates are not asked for: the trusted root
 * has them.
 *
 * @param url - Full URL of the service.
 * @throws SigstepError SERVICE_REFUSED, and those of the door.
 */
export async function requestTimestamp(
  http: Http,
  url: URL,
  { signature, ...options }: LogOptions & { readonly signature: Uint8Array },
): Promise<TimestampAnswer> {
  const nonce = randomBytes(nonceBytes);
  const digest = computeDigest("sha256", signature);
  const response = await http.request({
    service,
    method: "POST",
    url,
    headers: {
      "content-type": "application/timestamp-query",
      accept: "application/timestamp-reply",
    },
    body: encodeTimestampRequest({ digest, nonce, certificates: false }),
    timeoutMs,
    maxBytes,
    retry: "budget",
    ...options,
  });
  if (!isSuccess(response)) throw refusedError(service, response);
  return { body: response.body, nonce };
}
