// Metadata of a TUF repository: roles, keys, and signatures over canonical JSON.
// https://theupdateframework.github.io/specification/v1.0.34/#document-formats
import { createHash } from "node:crypto";
import { encodeHex } from "../encoding/base64.ts";
import { encodePem } from "../encoding/pem.ts";
import { generateP256Key, type SigningKey } from "./keys.ts";

/** The four roles that every repository has. */
export const roles = ["root", "targets", "snapshot", "timestamp"] as const;

/** One of them. */
export type TufRole = (typeof roles)[number];

/** A key with the name that metadata knows it by. */
export interface TufKey {
  readonly id: string;
  readonly description: unknown;
  readonly key: SigningKey;
}

/** A new ECDSA P-256 key. */
export function generateTufKey(): TufKey {
  const key = generateP256Key();
  const keyval = { public: encodePem(key.spki, "PUBLIC KEY") };
  const description = { keytype: "ecdsa", scheme: "ecdsa-sha2-nistp256", keyval };
  const id = createHash("sha256").update(encodeTufJson(description)).digest("hex");
  return { id, description, key };
}

/** Keys of a root, and how many of them a role needs. */
export interface TufKeys {
  /** Three, of which two must sign. */
  readonly root: readonly TufKey[];
  /** One for all other roles, as the public instance's timestamp and snapshot have. */
  readonly online: TufKey;
}

/** New keys. */
export function generateTufKeys(): TufKeys {
  const root = [generateTufKey(), generateTufKey(), generateTufKey()];
  return { root, online: generateTufKey() };
}

/** The signed part of root metadata. */
export function describeRoot({ root, online }: TufKeys): object {
  const keys = Object.fromEntries(
    [...root, online].map(({ id, description }) => [id, description]),
  );
  const ofRoot = { keyids: root.map(({ id }) => id), threshold: 2 };
  const ofOthers = { keyids: [online.id], threshold: 1 };
  return {
    consistent_snapshot: true,
    keys,
    roles: { root: ofRoot, targets: ofOthers, snapshot: ofOthers, timestamp: ofOthers },
  };
}

/** What every signed part has besides its own. */
export interface TufHeader {
  readonly type: TufRole;
  readonly version: number;
  readonly expires: Date;
}

/** Signs `body`, under a header, by each of `keys`. @returns JSON text */
export function signMetadata(
  { type, version, expires }: TufHeader,
  body: object,
  keys: readonly TufKey[],
): Buffer {
  const signed = {
    _type: type,
    spec_version: "1.0.31",
    version,
    expires: expires.toISOString().replace(/\.\d{3}Z$/, "Z"),
    ...body,
  };
  const bytes = Buffer.from(encodeTufJson(signed));
  const signatures = keys.map(({ id, key }) => ({ keyid: id, sig: encodeHex(key.sign(bytes)) }));
  return Buffer.from(JSON.stringify({ signatures, signed }, undefined, 1));
}

/**
 * The canonical form that TUF signs: sorted names, no white space, and of all characters only the quotation
 * mark and the backslash escaped, so that a line break of a PEM key stands as it is.
 *
 * @see http://gibson042.github.io/canonicaljson-spec/ for what it is not: this is OLPC's
 */
export function encodeTufJson(value: unknown): string {
  if (typeof value === "string") return `"${value.replaceAll(/["\\]/g, "\\$&")}"`;
  if (Array.isArray(value)) return `[${value.map(encodeTufJson).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const members = Object.entries(value).sort(([left], [right]) => (left < right ? -1 : 1));
  return `{${members.map(([name, part]) => `${encodeTufJson(name)}:${encodeTufJson(part)}`).join(",")}}`;
}
