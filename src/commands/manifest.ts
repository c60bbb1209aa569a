// sigstep-manifest.json: everything that a later job needs to know of a run.
import { relative, sep } from "node:path";
import { encodeHex } from "../encoding/base64.ts";
import type { ProvenCertificate } from "../sigstore/chain.ts";
import type { Plan, PlannedItem } from "./plan.ts";
import {
  certificateFacts,
  hasBundle,
  publishedBy,
  type FailedResult,
  type SignedResult,
  type SignResults,
} from "./results.ts";

const schemaVersion = 1;

/** What the manifest is made of. */
export interface ManifestParts {
  readonly plan: Plan<PlannedItem>;
  readonly results: SignResults;
  readonly status: string;
  readonly version: string;
}

/** The manifest, as JSON text. */
export function encodeManifest({ plan, results, status, version }: ManifestParts): string {
  const { files } = results;
  const signed = files.filter(hasBundle);
  return `${JSON.stringify(
    {
      schemaVersion,
      tool: { name: "sigstep", version },
      status,
      instance: plan.instance.name,
      certificates: describeCertificates(results),
      subjects: signed.filter(isFile).map((result) => describeSubject(result, plan)),
      attestations: signed
        .filter((result) => !isFile(result) && result.image === undefined)
        .map((result) => describeAttestation(result, plan)),
      ...describeImages(signed, plan),
      failures: files.filter((result) => result.kind === "failed").map(describeFailure),
    },
    null,
    2,
  )}\n`;
}

/** Those that were issued, all of which are public, and those of bundles that were there already. */
function describeCertificates({ certificates, files }: SignResults): unknown[] {
  const issued = new Set(certificates.map(({ certificate }) => certificate.fingerprint));
  const held = files.filter(hasBundle).map(({ proven }) => proven);
  const all = [...certificates, ...held].map(
    (proven) => [proven.certificate.fingerprint, proven] as const,
  );
  return [...new Map(all)].map(([fingerprint, proven]) => ({
    result: issued.has(fingerprint) ? "issued" : "kept",
    ...describeCertificate(proven),
  }));
}

function describeCertificate(proven: ProvenCertificate): Readonly<Record<string, unknown>> {
  const { certificate } = proven;
  return {
    ...certificateFacts(proven),
    serialNumber: encodeHex(certificate.serialNumber),
    notBefore: certificate.notBefore.toISOString(),
    notAfter: certificate.notAfter.toISOString(),
    extensions: { ...certificate.fulcio.named, ...Object.fromEntries(certificate.fulcio.others) },
  };
}

function isFile({ file }: SignedResult): boolean {
  return file.statement === undefined;
}

type Members = Readonly<Record<string, unknown>>;

function describeSubject(result: SignedResult, plan: Plan<PlannedItem>): Members {
  const { file, sha256 } = result;
  return {
    name: file.name,
    path: file.path,
    size: file.size,
    digest: { sha256 },
    ...describeBundle(result, plan),
  };
}

function describeAttestation(result: SignedResult, plan: Plan<PlannedItem>): Members {
  const { predicateType, subjects = [] } = result.file.statement ?? {};
  const { attestation } = result;
  return {
    predicateType,
    subjects: subjects.map(({ name, digests }) => ({ name, digest: Object.fromEntries(digests) })),
    ...describeBundle(result, plan),
    ...(attestation === undefined
      ? {}
      : { attestationId: attestation.id, attestationUrl: attestation.url.href }),
  };
}

/** Only runs over images have them. */
function describeImages(signed: readonly SignedResult[], plan: Plan<PlannedItem>): Members {
  const images = signed.flatMap((result) => {
    if (result.image === undefined) return [];
    const { name, platform, referrer, listedBy, legacyTag } = result.image;
    const stored = { referrer, listedBy, legacyTag };
    return [{ image: name, platform, ...stored, ...describeAttestation(result, plan) }];
  });
  return images.length === 0 ? {} : { images };
}

function describeBundle(result: SignedResult, plan: Plan<PlannedItem>): Members {
  const { file, entries, times, certificate } = result;
  const place = {
    bundlePath: file.bundlePath,
    bundle: relative(plan.bundleDir, file.bundlePath).replaceAll(sep, "/"),
  };
  return {
    ...(file.isUnwritten === true ? {} : place),
    result: result.kind,
    certificateIdentity: certificate.identity,
    certificateOidcIssuer: certificate.issuer,
    logEntries: entries,
    times,
    orphaned: result.orphaned,
  };
}

function describeFailure(failure: FailedResult): Readonly<Record<string, unknown>> {
  const { file, error } = failure;
  const { code, message, hint } = error;
  const published = publishedBy(failure);
  return { name: file.name, path: file.path, code, message, hint, published };
}
