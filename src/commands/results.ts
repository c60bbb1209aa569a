// What became of each file of a run. Filled while it runs, read by the report.
import type { Digest } from "../crypto/digest.ts";
import type { SigstepError, Published } from "../errors.ts";
import { encodeHex } from "../encoding/base64.ts";
import type { ProvenCertificate } from "../sigstore/chain.ts";
import type { Publication } from "../sigstore/sign.ts";
import { provenTimes, type Evidence } from "../sigstore/times.ts";
import type { LogEntry } from "../sigstore/entry.ts";
import type { ProvenEntry } from "../sigstore/verify-entry.ts";
import type { StoredAttestation } from "../stores/attestations-api.ts";
import type { PlannedItem } from "./plan.ts";

/** A log entry as later readers need it. */
export interface EntryResult {
  /** Global index, decimal. */
  readonly logIndex: string;
  readonly url: string;
}

/** A file with its bundle. */
export interface SignedResult {
  readonly kind: "signed" | "kept";
  readonly file: PlannedItem;
  /** Of the file, lower-case hexadecimal; empty for a statement. */
  readonly sha256: string;
  readonly entries: readonly EntryResult[];
  /** Whose certificate the bundle holds. */
  readonly certificate: CertificateFacts;
  readonly proven: ProvenCertificate;
  /** ISO 8601, all that were proven. */
  readonly times: readonly string[];
  /** What else the way there made public: entries of tries that came to nothing. */
  readonly orphaned: readonly Published[];
  /** What GitHub's attestations API has made of it; absent when this run stored nothing there. */
  readonly attestation?: StoredAttestation | undefined;
  /** Where it is beside its image; absent for anything but images. */
  readonly image?: StoredImage;
}

/** What became of a statement about an image. */
export interface StoredImage {
  /** `registry/repository@sha256:…` */
  readonly name: string;
  readonly digest: string;
  /** `linux/amd64` when it is a part of an index. */
  readonly platform: string | undefined;
  readonly predicateType: string;
  /** Digest of the artifact that holds the bundle. */
  readonly referrer: string | undefined;
  /** How readers find it. */
  readonly listedBy: "api" | "fallback" | "layout" | undefined;
  /** cosign 2's tag, when it is there too. */
  readonly legacyTag: string | undefined;
}

/** A file without one. */
export interface FailedResult {
  readonly kind: "failed";
  readonly file: PlannedItem;
  readonly error: SigstepError;
  /** Entries that stay public although no bundle came of them. */
  readonly published: readonly Published[];
}

/** Identity and issuer of a certificate, as verifiers ask for them. */
export interface CertificateFacts {
  readonly identity: string;
  readonly issuer: string;
}

/** Facts of a certificate; the first extension names the issuer of very old ones. */
export function certificateFacts({ identity, certificate }: ProvenCertificate): CertificateFacts {
  const { issuer, issuerV1 } = certificate.fulcio.named;
  return { identity: identity.value, issuer: issuer ?? issuerV1 ?? "" };
}

export type FileResult = SignedResult | FailedResult;

/** What signing a file led to. */
export interface SignOutcome extends Evidence {
  /** Of the artifact that was signed; none for a statement. */
  readonly digest?: Digest | undefined;
  /** Everything that became public on the way, the bundle's own entries too. */
  readonly published?: readonly Published[];
}

/** The result of a file that has been signed, or was before. */
export function signedResult(
  kind: SignedResult["kind"],
  file: PlannedItem,
  artifact: SignOutcome,
): SignedResult {
  const { published = [] } = artifact;
  return {
    kind,
    file,
    sha256: artifact.digest === undefined ? "" : encodeHex(artifact.digest.bytes),
    certificate: certificateFacts(artifact.certificate),
    proven: artifact.certificate,
    entries: artifact.entries.map(describeEntry),
    times: provenTimes(artifact).map((time) => time.toISOString()),
    orphaned: withoutEntries(published, artifact.entries),
  };
}

/** The newest entry with an index is the bundle's: a log may have another address in the trusted root. */
function withoutEntries(
  published: readonly Published[],
  entries: readonly ProvenEntry[],
): Published[] {
  const left = [...published];
  for (const { entry } of entries) {
    const at = left.findLastIndex(({ index }) => index === String(entry.logIndex));
    if (at >= 0) left.splice(at, 1);
  }
  return left;
}

/** Whether a result has a bundle. */
export function hasBundle(result: FileResult): result is SignedResult {
  return result.kind !== "failed";
}

/** Index and address of an entry. */
export function describeEntry({ entry, log }: ProvenEntry): EntryResult {
  return { logIndex: String(entry.logIndex), url: entryUrl(log.baseUrl, entry) };
}

/** Rekor v1 has an address for each entry; Rekor v2 shows its tiles only, so its name must do. */
function entryUrl(baseUrl: string, { version, logIndex }: LogEntry): string {
  const base = baseUrl.replace(/\/+$/, "");
  if (version === "0.0.2") return base;
  if (base === "https://rekor.sigstore.dev")
    return `https://search.sigstore.dev/?logIndex=${logIndex}`;
  return `${base}/api/v1/log/entries?logIndex=${logIndex}`;
}

/** What a log made public of an attempt, as the part of an error or result that says so. */
export function describePublication(file: PlannedItem, { log, entry }: Publication): Published {
  if (entry === undefined) return { kind: "maybe-log-entry", what: file.name, url: log.href };
  const url = entryUrl(log.href, entry);
  return { kind: "log-entry", what: file.name, index: String(entry.logIndex), url };
}

/** What a failure left public; the error may know of more than the file's own entries. */
export function publishedBy({ published, error }: FailedResult): Published[] {
  return [...new Set([...published, ...error.published])];
}

/** What a run has made public and no bundle shows: certificates, and entries that came to nothing. */
export function publishedBesides({ files, certificates }: SignResults): Published[] {
  const entries = files.flatMap((result) =>
    hasBundle(result) ? result.orphaned : publishedBy(result),
  );
  return [...certificates.map(publishedCertificate), ...new Set(entries)];
}

function publishedCertificate({ identity }: ProvenCertificate): Published {
  return { kind: "certificate", what: identity.value };
}

/** The entries of this run that bundles show. */
export function publishedInBundles({ files }: SignResults): Published[] {
  return files
    .filter(hasBundle)
    .filter(({ kind }) => kind === "signed")
    .flatMap(({ file, entries }) =>
      entries.map(({ logIndex: index, url }) => ({
        ...{ kind: "log-entry", what: file.name, index, url },
      })),
    );
}

/** What the things that a run signs are called. */
export interface RunWords {
  readonly one: string;
  readonly many: string;
}

/** Everything that a run has done. */
export interface SignResults {
  readonly files: readonly FileResult[];
  /** Certificates that were issued, in order; empty when every bundle was there already. */
  readonly certificates: readonly ProvenCertificate[];
  readonly seconds: number;
}
