// Changes after which a bundle is still accepted, each with the reason. Whatever is accepted and is not
// here is a hole in the verifier.
// "same": all that is proven is what it was. "less": a proof is gone or names a service that nobody knows,
// and what is left is enough; nothing is proven that was not proven before.

/** A reviewed kind of change. */
export interface Harmless {
  readonly reason: string;
  readonly what: RegExp;
  readonly proves: "same" | "less";
  /** Only in these kinds of bundle; in all when absent. */
  readonly kinds?: RegExp;
}

const timestamp = String.raw`rfc3161Timestamps\[0\]\.signedTimestamp`;
/** v1 bundles have the promise's time beside the timestamp's, so each can go. */
const twoTimes = /^(intoto-with|managed|own v1|sandbox v1)/;

export const harmless: readonly Harmless[] = [
  {
    reason: "JSON objects have no order (RFC 8259 section 4).",
    what: /: members backwards$/,
    proves: "same",
  },
  {
    reason: "Unknown members are never read, so that later clients can add some.",
    what: /: (a member more|__proto__)$/,
    proves: "same",
  },
  {
    reason:
      "protobuf's JSON takes a 64-bit integer as a number as well, when a double holds it exactly.",
    what: /(logIndex|treeSize|integratedTime): (as a number|an exponent as a number)$/,
    proves: "same",
  },
  {
    reason:
      "protobuf's JSON leaves out a field that is zero: this index is, and these lists are empty.",
    what: /inclusionProof\.(logIndex|hashes): (null|dropped|another name|name in .*)$/,
    kinds: /^(intoto-with|sandbox)/,
    proves: "same",
  },
  {
    reason: "An absent list is an empty list.",
    what: /tlogEntries: (null|dropped|another name|name in .*)$/,
    kinds: /timestamp only/,
    proves: "same",
  },
  {
    reason: "v0.3 has two spellings, and old v0.3 bundles of both are in use.",
    what: /^mediaType: of another bundle/,
    proves: "same",
  },
  {
    reason:
      "What the bundle says of the artifact's digest is a hint: it may be absent, never wrong.",
    what: /^messageSignature\.messageDigest: (null|dropped|another name|name in .*)$/,
    proves: "same",
  },
  {
    reason:
      "keyid and hint are unsigned hints (DSSE; sigstore_common.proto), and the key is given by hand.",
    what: /(signatures\[0\]\.keyid|verificationMaterial\.publicKey|publicKey\.hint)\b.*$/,
    proves: "same",
  },
  {
    reason: "Signatures by keys that nobody knows are ignored (C2SP signed-note).",
    what: /checkpoint\.envelope: an unknown (witness|key of the log's name) (behind|in front)$/,
    proves: "same",
  },
  {
    reason: "Lines of witnesses are such signatures; their own bytes, names and order say nothing.",
    what: /checkpoint\.envelope: line [5-9](:|\b)/,
    kinds: /^rekor2-dsse/,
    proves: "same",
  },
  {
    reason: "The log's line may stand behind a witness's.",
    what: /checkpoint\.envelope: line [4-6] (before the one above|after a blank one)$/,
    kinds: /^rekor2-dsse/,
    proves: "same",
  },
  {
    reason:
      "(r, n - s) is the same ECDSA signature in its other form; of services, nobody compares the bytes.",
    what: /ECDSA s negated$/,
    proves: "same",
  },
  {
    reason: "Entries of logs and timestamps of authorities that nobody knows are passed over.",
    what: /(tlogEntries|rfc3161Timestamps): another bundle's (behind|in front) \(\d\)$/,
    proves: "same",
  },
  {
    reason:
      "granted (0) and granted with changes (1) are both granted (RFC 3161 section 2.4.2), and unsigned.",
    what: new RegExp(`${timestamp} > der\\.0\\.0 last bit$`),
    proves: "same",
  },
  {
    reason: "Parameters of SHA-2 are NULL or absent, which is the same (RFC 5754 section 2).",
    what: new RegExp(
      `${timestamp} > der\\.1\\.1\\.0\\.(1\\.0|3\\.0\\.2|4\\.0\\.2)(\\.1 dropped| and NULL inside)$`,
    ),
    proves: "same",
  },
  {
    reason:
      "The list of digest algorithms is unsigned and serves streaming only (RFC 5652 section 5.1).",
    what: new RegExp(
      `${timestamp} > der\\.1\\.1\\.0\\.1\\.0(\\.1 dropped| twice| and NULL inside)$`,
    ),
    proves: "same",
  },
  {
    reason:
      "Certificates sent along are unsigned hints; without them the trusted root's own is taken.",
    what: new RegExp(
      `${timestamp} > der\\.1\\.1\\.0\\.3(\\.\\d)?( dropped| twice| tag| and NULL inside| after the next)$`,
    ),
    kinds: /^(intoto-with|rekor2|managed|sandbox)/,
    proves: "same",
  },
  {
    reason:
      "A time proven by the log's promise is enough without a timestamp; an unsigned list can be emptied by anyone.",
    what: /timestampVerificationData(\.rfc3161Timestamps(\[0\])?)?: (null|dropped|empty|an object|an object around it|another name|name in .*)$/,
    kinds: twoTimes,
    proves: "less",
  },
  {
    reason:
      "A timestamp whose signer's name is that of no known authority is passed over, and the promise's time is left.",
    what: new RegExp(`${timestamp}(: bit of byte \\d+| > der\\.1\\.1\\.0\\.[34]\\.0\\.1\\b.*)$`),
    kinds: twoTimes,
    proves: "less",
  },
  {
    reason: "Without a promise the integrated time is not believed; the timestamp's time is left.",
    what: /inclusionPromise: (null|dropped|another name|name in .*)$/,
    kinds: twoTimes,
    proves: "less",
  },
  {
    reason:
      "v0.1 asks for a promise only: its proof may be absent, and without a checkpoint is not looked at.",
    what: /inclusionProof(\.checkpoint)?: (null|dropped|another name|name in .*)$/,
    kinds: /^happy-path-v0\.1/,
    proves: "same",
  },
  {
    reason:
      "Without a promise nobody reads an integrated time; Rekor v2 makes none (CVE-2026-48816).",
    what: /integratedTime: added from another bundle$/,
    kinds: /^(rekor2|own v2)/,
    proves: "same",
  },
];
