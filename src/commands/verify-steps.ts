// The steps that a bundle has passed, with what each of them proved, in words.
import { encodeHex } from "../encoding/base64.ts";
import { provenInclusion } from "../sigstore/entry-proof.ts";
import { verificationSteps, type PassedStep, type StepNumber } from "../sigstore/step.ts";
import type { ProvenEntry } from "../sigstore/verify-entry.ts";
import type { VerifiedBundle } from "../sigstore/verify.ts";
import { describeName } from "../sigstore/x509.ts";
import { logName } from "./log-name.ts";

/** Every step, in order: all of them were passed, or there would be no verified bundle. */
export function describeSteps(verified: VerifiedBundle): PassedStep[] {
  const details: Readonly<Record<StepNumber, string>> = {
    1: describeShape(verified),
    ...describeLogs(verified),
    6: describeTimestamps(verified),
    7: `signed at ${verified.times.map((time) => time.toISOString()).join(", ") || "no proven time"}`,
    8: describeChain(verified),
    9: describeScts(verified),
    10: describeSigner(verified),
    11: `made by that ${verified.certificate === undefined ? "key" : "certificate's key"}`,
    12: describeSubject(verified),
    13: describeThresholds(verified),
  };
  const numbers = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13] as const;
  return numbers.map((number) => {
    return { number, name: verificationSteps[number], detail: details[number] };
  });
}

function describeShape({ bundle }: VerifiedBundle): string {
  const what = bundle.content.kind === "dsse-envelope" ? "an attestation" : "a signature";
  return `version ${bundle.version}, ${what}`;
}

function describeLogs({ entries }: VerifiedBundle): Readonly<Record<2 | 3 | 4 | 5, string>> {
  const each = (describe: (entry: VerifiedBundle["entries"][number]) => string): string =>
    entries.map(describe).join("; ") || "none asked for";
  return {
    2: each(({ log }) => logName(log)),
    3: each(({ time }) =>
      time === undefined ? "no promise, so no time by the log" : `promised ${time.toISOString()}`,
    ),
    4: each(describeInclusion),
    5: each(({ entry }) => `${entry.kind} ${entry.version}: same content, signature and signer`),
  };
}

function describeInclusion(entry: ProvenEntry): string {
  const proof = provenInclusion(entry);
  return proof === undefined
    ? "by the promise alone"
    : `index ${proof.logIndex} of ${proof.treeSize} under a signed checkpoint`;
}

function describeTimestamps({ timestamps }: VerifiedBundle): string {
  const each = timestamps.map(({ time, certificate }) => {
    return `${time.toISOString()} by ${describeName(certificate.subject) || "an authority without name"}`;
  });
  return each.join("; ") || "none";
}

function describeChain({ certificate }: VerifiedBundle): string {
  if (certificate === undefined) return "none, a key was given";
  const names = certificate.issuers.map(({ subject }) => describeName(subject) || "(no name)");
  return `issued by ${names.join(", under ")}`;
}

function describeScts({ scts, certificate }: VerifiedBundle): string {
  if (certificate === undefined) return "none, a key was given";
  const each = scts.map(({ log, time }) => `${logName(log)} at ${time.toISOString()}`);
  return each.join("; ") || "none asked for";
}

function describeSigner({ certificate, publicKey }: VerifiedBundle): string {
  return certificate === undefined
    ? `the given key, SHA-256 ${encodeHex(publicKey.keyId)}`
    : certificate.identity.value;
}

function describeSubject({ statement, digest }: VerifiedBundle): string {
  const artifact = `${digest.algorithm}:${encodeHex(digest.bytes)}`;
  return statement === undefined
    ? `signature over ${artifact}`
    : `${statement.predicateType} about ${artifact}`;
}

function describeThresholds({ thresholds }: VerifiedBundle): string {
  const { logs, timestamps, scts } = thresholds;
  return `at least ${logs} log, ${timestamps} timestamp, ${scts} certificate log`;
}
