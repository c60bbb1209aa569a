// What a bundle says that it is about, before anything of it is believed: it decides only which bundles
// are worth proving for an artifact.
import { isDigestAlgorithm, type DigestAlgorithm, type Digests } from "../crypto/digest.ts";
import { encodeHex } from "../encoding/base64.ts";
import { SigstepError } from "../errors.ts";
import type { Bundle } from "../sigstore/bundle.ts";
import { findSubject, parseStatement, type Statement } from "../sigstore/statement.ts";

/** `sha256:HEX` of everything that the bundle names; none when it names nothing that can be read. */
export function claimedDigests({ content }: Bundle): string[] {
  if (content.kind === "message-signature") {
    const { digest } = content;
    return digest === undefined ? [] : [`${digest.algorithm}:${encodeHex(digest.bytes)}`];
  }
  const statement = readStatement(content.payload);
  return (statement?.subjects ?? []).flatMap(({ digests }) =>
    [...digests].flatMap(([name, hex]) => (isDigestAlgorithm(name) ? [`${name}:${hex}`] : [])),
  );
}

/** Algorithm of `sha256:HEX`. */
export function algorithmOf(claim: string): DigestAlgorithm | undefined {
  const [name = ""] = claim.split(":", 1);
  return isDigestAlgorithm(name) ? name : undefined;
}

/** Whether it is for certain about something else. What cannot be told is left to the verification. */
export function isAboutAnother({ content }: Bundle, digests: Digests): boolean {
  if (content.kind === "message-signature") {
    const { digest } = content;
    const own = digest === undefined ? undefined : digests.get(digest.algorithm);
    return own !== undefined && digest !== undefined && !Buffer.from(own).equals(digest.bytes);
  }
  const statement = readStatement(content.payload);
  if (statement === undefined) return false;
  const isComparable = statement.subjects.some((subject) =>
    [...digests.keys()].some((name) => subject.digests.has(name)),
  );
  return isComparable && !hasSubject(statement, digests);
}

function hasSubject(statement: Statement, digests: Digests): boolean {
  try {
    findSubject(statement, digests);
    return true;
  } catch (error) {
    if (error instanceof SigstepError) return false;
    throw error;
  }
}

function readStatement(payload: Uint8Array): Statement | undefined {
  try {
    return parseStatement(payload);
  } catch (error) {
    if (error instanceof SigstepError) return undefined;
    throw error;
  }
}
