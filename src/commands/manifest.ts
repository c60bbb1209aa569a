// sigstep-manifest.json: everything that a later job needs to know of a run.
import { relative, sep } from "node:path";
import { encodeHex } from "../encoding/base64.ts";
import type { ProvenCertificate } from "../sigstore/chain.ts";
import type { Plan } from "./plan.ts";
import {
  certificateFacts,
  hasBundle,
  type FailedResult,
  type SignedResult,
  type SignResults,
} from "./results.ts";

const schemaVersion = 1;

/** What the manifest is made of. */
export interface ManifestParts {
  readonly plan: Plan;
  readonly results: SignResults;
  readonly status: string;
  readonly version: string;
}

/** The manifest, as JSON text. */
export function encodeManifest({ plan, results, status, version }: ManifestParts): string {
  const { files, certificates } = results;
  return `${JSON.stringify(
    {
      schemaVersion,
      tool: { name: "sigstep", version },
      status,
      instance: plan.instance.name,
      certificates: certificates.map(describeCertificate),
      subjects: files.filter(hasBundle).map((result) => describeSubject(result, plan)),
      failures: files.filter((result) => result.kind === "failed").map(describeFailure),
    },
    null,
    2,
  )}\n`;
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

function describeSubject(result: SignedResult, plan: Plan): Readonly<Record<string, unknown>> {
  const { file, sha256, entries, times, certificate } = result;
  return {
    name: file.name,
    path: file.path,
    size: file.size,
    digest: { sha256 },
    bundlePath: file.bundlePath,
    bundle: relative(plan.bundleDir, file.bundlePath).replaceAll(sep, "/"),
    result: result.kind,
    certificateIdentity: certificate.identity,
    certificateOidcIssuer: certificate.issuer,
    logEntries: entries,
    times,
  };
}

function describeFailure({
  file,
  error,
  published,
}: FailedResult): Readonly<Record<string, unknown>> {
  const { code, message, hint } = error;
  return { name: file.name, path: file.path, code, message, hint, published };
}
