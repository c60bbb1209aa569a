// What a bundle says, taken apart and not believed. Parts that cannot be read say why.
import { encodeHex } from "../encoding/base64.ts";
import { toSigstepError } from "../errors.ts";
import type { Bundle } from "../sigstore/bundle.ts";
import { parseCertificate } from "../sigstore/certificate.ts";
import { statementType, type Envelope } from "../sigstore/dsse.ts";
import type { LogEntry } from "../sigstore/entry.ts";
import { findIssuer } from "../sigstore/fulcio-extensions.ts";
import { parseSctList } from "../sigstore/sct-list.ts";
import { parseStatement } from "../sigstore/statement.ts";
import { parseTimestampInfo, parseTimestampResponse } from "../sigstore/timestamp-response.ts";
import { encodeCertificate, encodeDigest, encodeStatement, type Json } from "./verify-json.ts";

/** A bundle's parts under the names of the formats. */
export function encodeInspected(bundle: Bundle): Json {
  const { version, entries, timestamps } = bundle;
  return {
    version,
    signer: encodeSigner(bundle),
    content: encodeContent(bundle),
    logEntries: entries.map(encodeEntry),
    timestamps: timestamps.map((der) => orReason(() => encodeTimestamp(der))),
  };
}

/** What cannot be read of a bundle is told in its place. */
function orReason(read: () => Json): Json {
  try {
    return read();
  } catch (thrown) {
    return { unreadable: toSigstepError(thrown).message };
  }
}

function encodeSigner({ signer }: Bundle): Json {
  if (signer.kind === "public-key") return { key: { hint: signer.hint } };
  return {
    certificate: orReason(() => describeCertificate(signer.certificate)),
    ...(signer.chain.length === 0
      ? {}
      : {
          chain: signer.chain.map((der) =>
            orReason(() => encodeCertificate(parseCertificate(der))),
          ),
        }),
  };
}

function describeCertificate(der: Uint8Array): Json {
  const certificate = parseCertificate(der);
  const names = certificate.subjectAlternativeNames.map(({ type, value }) => ({ type, value }));
  const { sctList } = certificate;
  const scts = sctList === undefined ? [] : parseSctList(sctList);
  return {
    names,
    issuer: findIssuer(certificate.fulcio) ?? "",
    ...encodeCertificate(certificate),
    signedCertificateTimestamps: scts.map(({ logId, timestamp }) => ({
      logId: encodeHex(logId),
      time: describeTime(Number(timestamp)),
    })),
  };
}

function encodeContent({ content }: Bundle): Json {
  switch (content.kind) {
    case "message-signature":
      return {
        kind: content.kind,
        ...(content.digest === undefined ? {} : { digest: encodeDigest(content.digest) }),
      };
    case "dsse-envelope":
      return {
        kind: content.kind,
        payloadType: content.payloadType,
        payloadBytes: content.payload.length,
        ...(content.keyId === "" ? {} : { keyId: content.keyId }),
        ...(content.payloadType === statementType
          ? { statement: orReason(() => describeStatement(content)) }
          : {}),
      };
  }
}

function describeStatement({ payload }: Envelope): Json {
  return encodeStatement(parseStatement(payload), payload);
}

function encodeEntry(entry: LogEntry): Json {
  const { integratedTime, inclusionProof: proof, inclusionPromise } = entry;
  return {
    logId: encodeHex(entry.logId),
    logIndex: String(entry.logIndex),
    kind: entry.kind,
    version: entry.version,
    ...(integratedTime === undefined
      ? {}
      : { integratedTime: describeTime(Number(integratedTime) * 1000) }),
    promise: inclusionPromise !== undefined,
    ...(proof === undefined
      ? {}
      : {
          treeIndex: String(proof.logIndex),
          treeSize: String(proof.treeSize),
          rootHash: encodeHex(proof.rootHash),
          checkpoint: proof.checkpoint ?? "",
        }),
  };
}

function encodeTimestamp(der: Uint8Array): Json {
  const { status, token } = parseTimestampResponse(der);
  if (token === undefined) return { status };
  const info = parseTimestampInfo(token.content);
  return {
    status,
    time: info.time.toISOString(),
    policy: info.policy,
    serialNumber: encodeHex(info.serialNumber),
    imprint: encodeDigest(info.imprint),
  };
}

/** Numbers from outside can lie beyond every calendar. */
function describeTime(milliseconds: number): string {
  const time = new Date(milliseconds);
  return Number.isNaN(time.getTime()) ? "no time at all" : time.toISOString();
}
