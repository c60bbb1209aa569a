// What a demo has made, in plain words and as JSON.
import { basename } from "node:path";
import { quote } from "../errors.ts";
import type { OwnBundle } from "./own-work.ts";
import type { DemoProof } from "./demo-proof.ts";
import type { DemoStep } from "./demo-steps.ts";
import { verifyCommand } from "./verify-command.ts";

/** Bundle and identity for people. */
export function describeProof(proof: DemoProof): string {
  const { files, artifact, result, bundleBytes } = proof;
  const { certificate, file, sha256 } = result;
  const [entry] = artifact.entries;
  return `
Who     ${certificate.identity}
        the job that signed, says the identity provider ${certificate.issuer} (both made up here)
What    ${quote(file.path)}, ${file.size ?? 0} bytes
        sha256:${sha256}
When    ${describeTimes(artifact)}
        before the certificate ended at ${describeTime(artifact.certificate.certificate.notAfter)}
Where   entry ${entry?.entry.logIndex ?? ""} of the log ${entry?.log.baseUrl ?? ""}
Bundle  ${quote(file.bundlePath)}, ${(bundleBytes / 1000).toFixed(1)} KB of JSON
        signature, certificate and the proofs of log and time in one: publish it beside the file

A stranger verifies it with any Sigstore client, without an account and without asking a server:
  ${verifyCommandOf(proof)}

Sandbox, not for production: only ${quote(basename(files.trustedRootPath))} accepts this bundle.
The files are in ${quote(files.directory)}.`;
}

function describeTimes({ entries, timestamps }: OwnBundle): string {
  return [
    ...entries.flatMap(({ time }) => (time === undefined ? [] : [`logged ${describeTime(time)}`])),
    ...timestamps.map(({ time }) => `timestamped ${describeTime(time)}`),
  ].join(", ");
}

function describeTime(time: Date): string {
  return `${time.toISOString().slice(0, 19).replace("T", " ")} UTC`;
}

/** For programs: the names are those of the outputs of `sign` where they mean the same. */
export function encodeProof(proof: DemoProof, steps: readonly DemoStep[]): string {
  const { files, result } = proof;
  const json = {
    status: "signed",
    sandbox: "not for production",
    file: result.file.path,
    sha256: result.sha256,
    "bundle-path": result.file.bundlePath,
    "trusted-root": files.trustedRootPath,
    "log-entries": result.entries,
    times: result.times,
    "verify-command": verifyCommandOf(proof),
    "certificate-identity": result.certificate.identity,
    "certificate-oidc-issuer": result.certificate.issuer,
    steps,
  };
  return `${JSON.stringify(json, null, 2)}\n`;
}

function verifyCommandOf({ files, result }: DemoProof): string {
  const { trustedRootPath: trustedRoot } = files;
  return verifyCommand(result, {
    kind: "custom",
    signingConfig: "",
    trustedRoot,
    rekorVersion: undefined,
  });
}
