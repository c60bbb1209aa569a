// The certificate extensions in which Fulcio repeats the claims of the identity token.
// One table gives each its name; everything that reads or prints them starts here.
// https://github.com/sigstore/fulcio/blob/main/docs/oid-info.md
import { encodeHex } from "../encoding/base64.ts";
import { parseDer, tags } from "../encoding/der.ts";
import { parseUtf8String } from "../encoding/der-values.ts";
import { SigstepError } from "../errors.ts";

/** Parent of all of them; `.7` is no extension but an otherName in the SAN. */
export const fulcioArc = "1.3.6.1.4.1.57264.1";

/** Last arc → name. */
const namesByNumber = {
  1: "issuerV1",
  2: "githubWorkflowTrigger",
  3: "githubWorkflowSha",
  4: "githubWorkflowName",
  5: "githubWorkflowRepository",
  6: "githubWorkflowRef",
  8: "issuer",
  9: "buildSignerUri",
  10: "buildSignerDigest",
  11: "runnerEnvironment",
  12: "sourceRepositoryUri",
  13: "sourceRepositoryDigest",
  14: "sourceRepositoryRef",
  15: "sourceRepositoryIdentifier",
  16: "sourceRepositoryOwnerUri",
  17: "sourceRepositoryOwnerIdentifier",
  18: "buildConfigUri",
  19: "buildConfigDigest",
  20: "buildTrigger",
  21: "runInvocationUri",
  22: "sourceRepositoryVisibilityAtSigning",
  23: "deploymentEnvironment",
  24: "tokenSubject",
} as const;

/** Name of an extension that we know. */
export type FulcioExtensionName = (typeof namesByNumber)[keyof typeof namesByNumber];

/** Dotted identifier → name. */
export const fulcioExtensionNames: ReadonlyMap<string, FulcioExtensionName> = new Map(
  Object.entries(namesByNumber).map(([number, name]) => [`${fulcioArc}.${number}`, name]),
);

/** What the extensions of one certificate say. */
export interface FulcioExtensions {
  /** By name; an extension that the certificate lacks is absent. */
  readonly named: Readonly<Partial<Record<FulcioExtensionName, string>>>;
  /** Extensions newer than this table, by identifier: their text, or `hex:` and their bytes. */
  readonly others: ReadonlyMap<string, string>;
}

/** `.1` to `.6` hold the text itself, later ones a DER UTF8String with it. */
const rawNumbers: ReadonlySet<string> = new Set(["1", "2", "3", "4", "5", "6"]);

/**
 * Reads every extension below Fulcio's arc.
 *
 * @param extensions - Extension values by dotted identifier.
 * @throws SigstepError ENCODING_INVALID when one that we know is not what its number says.
 */
export function parseFulcioExtensions(
  extensions: ReadonlyMap<string, { readonly value: Uint8Array }>,
): FulcioExtensions {
  const named: Partial<Record<FulcioExtensionName, string>> = {};
  const others = new Map<string, string>();
  for (const [oid, { value }] of extensions) {
    if (!oid.startsWith(`${fulcioArc}.`)) continue;
    const name = fulcioExtensionNames.get(oid);
    if (name === undefined) others.set(oid, describeUnknown(value));
    else if (rawNumbers.has(oid.slice(fulcioArc.length + 1))) named[name] = parseRaw(value, name);
    else named[name] = parseWrapped(value, name);
  }
  return { named, others };
}

/** The OIDC issuer: the newer extension, or where a certificate is older than it, the first one. */
export function findIssuer({ named }: FulcioExtensions): string | undefined {
  return named.issuer ?? named.issuerV1;
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function parseRaw(value: Uint8Array, name: string): string {
  try {
    return utf8.decode(value);
  } catch {
    throw new SigstepError("ENCODING_INVALID", `Certificate extension ${name} is not UTF-8.`);
  }
}

function parseWrapped(value: Uint8Array, name: string): string {
  const what = `certificate extension ${name}`;
  return parseUtf8String(parseDer(value, what), what);
}

/** No rule is known for it, so nothing is refused. */
function describeUnknown(value: Uint8Array): string {
  try {
    const element = parseDer(value, "extension");
    if (element.tag === tags.utf8String) return parseUtf8String(element, "extension");
  } catch {
    // Not DER: shown as bytes below.
  }
  return `hex:${encodeHex(value)}`;
}
