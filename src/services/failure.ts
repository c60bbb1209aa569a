// What can go wrong between us and an answer, told apart by what to do about it.
// Codes are those of node (errno, OpenSSL) and undici; this is the only file that knows them.

/** Why one try brought no answer. */
export type Failure =
  /** The way there or back broke; the next try may pass. */
  | { readonly kind: "network"; readonly detail: string }
  /** The name is not known. A blip of the resolver looks the same as a typing error. */
  | { readonly kind: "unknown-host"; readonly detail: string }
  /** The peer is not who it should be, or does not speak TLS. Waiting does not cure it. */
  | { readonly kind: "tls"; readonly detail: string }
  /** The proxy said no to us. Its 5xx are "network". */
  | { readonly kind: "proxy"; readonly status: number; readonly detail: string }
  /** More bytes than we accept, or bytes that are not HTTP. */
  | { readonly kind: "answer"; readonly detail: string }
  /** The caller gave up, or closed the door. */
  | { readonly kind: "cancelled"; readonly detail: string };

/**
 * Sorts what undici reported.
 *
 * @returns undefined when the fault is in the request itself, which is a defect of ours.
 */
export function classify(error: unknown): Failure | undefined {
  const proxyStatus = proxyStatusOf(error);
  if (proxyStatus !== undefined) return proxyFailure(proxyStatus);
  const code = codeOf(error);
  if (error instanceof TypeError || ourDefects.has(code)) return undefined;
  const known = knownCodes.get(code);
  if (known !== undefined) return known;
  if (isTlsCode(code)) return { kind: "tls", detail: code };
  return { kind: "network", detail: code === "" ? "unknown" : code };
}

function proxyFailure(status: number): Failure {
  if (status >= 500 || status === 408 || status === 429) {
    return { kind: "network", detail: `proxy answered ${status}` };
  }
  return { kind: "proxy", status, detail: `proxy answered ${status}` };
}

const ourDefects: ReadonlySet<string> = new Set([
  "ERR_ASSERTION",
  "UND_ERR_INVALID_ARG",
  "UND_ERR_NOT_SUPPORTED",
  "UND_ERR_REQ_CONTENT_LENGTH_MISMATCH",
]);

/** Errno codes that are not here are well known and stay as they are. */
const knownCodes: ReadonlyMap<string, Failure> = new Map<string, Failure>([
  ["ENOTFOUND", { kind: "unknown-host", detail: "ENOTFOUND" }],
  ["UND_ERR_DESTROYED", { kind: "cancelled", detail: "closed" }],
  ["UND_ERR_CLOSED", { kind: "cancelled", detail: "closed" }],
  ["UND_ERR_HEADERS_OVERFLOW", { kind: "answer", detail: "its headers are larger than 64 KiB" }],
  ["HTTPParserError", { kind: "answer", detail: "it is not valid HTTP" }],
  ["UND_ERR_SOCKET", { kind: "network", detail: "connection cut" }],
  ["UND_ERR_INFO", { kind: "network", detail: "connection reset" }],
  ["UND_ERR_RES_CONTENT_LENGTH_MISMATCH", { kind: "network", detail: "answer cut short" }],
  ["UND_ERR_CONNECT_TIMEOUT", { kind: "network", detail: "connecting took too long" }],
  ["UND_ERR_PRX_CONN", { kind: "network", detail: "connection cut by the proxy" }],
]);

/** OpenSSL's verification results as node names them, and handshakes that can never end well. */
function isTlsCode(code: string): boolean {
  return (
    tlsCodes.has(code) ||
    code.startsWith("CERT_") ||
    code.startsWith("ERR_TLS_CERT") ||
    /^ERR_SSL_.*(WRONG_VERSION|HANDSHAKE_FAILURE|PROTOCOL_VERSION|UNRECOGNIZED_NAME|UNKNOWN_CA|NO_PROTOCOLS|CERTIFICATE|PACKET_LENGTH)/.test(
      code,
    )
  );
}

const tlsCodes: ReadonlySet<string> = new Set([
  "UNABLE_TO_GET_ISSUER_CERT",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "INVALID_CA",
  "INVALID_PURPOSE",
  "PATH_LENGTH_EXCEEDED",
  "HOSTNAME_MISMATCH",
  "EE_KEY_TOO_SMALL",
  "CA_KEY_TOO_SMALL",
  "CA_MD_TOO_WEAK",
  "UND_ERR_PRX_TLS",
  "EPROTO",
]);

/** undici tells a refusal of the proxy only in the message of its error. */
function proxyStatusOf(error: unknown): number | undefined {
  if (!(error instanceof Error)) return undefined;
  const tunnel = /^Proxy response \((\d{3})\)/.exec(error.message);
  if (tunnel !== null) return Number(tunnel[1]);
  return error.message === "Proxy Authentication Required (407)" ? 407 : undefined;
}

/** The most telling code in an error, its cause, or the first of several attempts to connect. */
function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return "";
  // Parse errors have a code in some cases only, but always this name.
  if (error.name === "HTTPParserError") return error.name;
  if ("code" in error && typeof error.code === "string") return error.code;
  if (error instanceof AggregateError) return codeOf(error.errors[0]);
  return codeOf(error.cause);
}
