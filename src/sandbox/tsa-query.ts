// Reads a TimeStampReq as the real authority does: RFC 3161 section 2.4.1.
//
//   TimeStampReq ::= SEQUENCE { version INTEGER (1), messageImprint MessageImprint,
//     reqPolicy OBJECT IDENTIFIER OPTIONAL, nonce INTEGER OPTIONAL,
//     certReq BOOLEAN DEFAULT FALSE, extensions [0] IMPLICIT Extensions OPTIONAL }
import { digestAlgorithms, findDigestAlgorithm, type Digest } from "../crypto/digest.ts";
import { parseDer, tags, type DerElement } from "../encoding/der.ts";
import {
  parseBoolean,
  parseOctetString,
  parseOid,
  parseSmallInteger,
} from "../encoding/der-values.ts";

/** The one policy under which the sandbox stamps; the public authority's. */
export const policyOid = "1.3.6.1.4.1.57264.2";

/** What is to be stamped. */
export interface TimestampQuery {
  readonly imprint: Digest;
  /** The whole INTEGER, to be sent back as it came. */
  readonly nonce: Uint8Array | undefined;
  readonly certReq: boolean;
}

/** The query is not served; the message is for the client. */
export class QueryRefused extends Error {}

/**
 * The query that `bytes` are.
 *
 * @throws QueryRefused, and SigstepError ENCODING_INVALID for what is not DER
 */
export function parseQuery(bytes: Uint8Array): TimestampQuery {
  const [version, imprint, ...optional] = parseDer(bytes, "timestamp query").children;
  if (version === undefined || imprint === undefined) throw new QueryRefused("not a query");
  if (parseSmallInteger(version, "version") !== 1) throw new QueryRefused("version is not 1");
  const policy = optional.find(({ tag }) => tag === tags.oid);
  if (policy !== undefined && parseOid(policy, "policy") !== policyOid) {
    throw new QueryRefused("unknown policy");
  }
  const known = new Set<number>([tags.oid, tags.integer, tags.boolean]);
  if (optional.some(({ tag }) => !known.has(tag))) throw new QueryRefused("extensions refused");
  const certReq = optional.find(({ tag }) => tag === tags.boolean);
  return {
    imprint: parseImprint(imprint),
    nonce: optional.find(({ tag }) => tag === tags.integer)?.raw,
    certReq: certReq !== undefined && parseBoolean(certReq, "certReq"),
  };
}

/** MessageImprint ::= SEQUENCE \{ hashAlgorithm AlgorithmIdentifier, hashedMessage OCTET STRING \} */
function parseImprint(imprint: DerElement): Digest {
  const [identifier, hashed] = imprint.children;
  const oid = identifier?.children[0];
  if (oid === undefined || hashed === undefined) throw new QueryRefused("no imprint");
  const algorithm = findDigestAlgorithm("oid", parseOid(oid, "hash algorithm"));
  if (algorithm === undefined) throw new QueryRefused("weak or unknown hash algorithm");
  const bytes = parseOctetString(hashed, "hashed message");
  if (bytes.length !== digestAlgorithms[algorithm].length) throw new QueryRefused("wrong length");
  return { algorithm, bytes };
}
