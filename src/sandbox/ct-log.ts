// The certificate transparency log behind the sandbox's Fulcio: takes precertificates, keeps a tree
// and signs timestamps. Not reachable by HTTP; Fulcio calls it, and the fault dial works on that call.
import { setTimeout as sleep } from "node:timers/promises";
import { computeDigest } from "../crypto/digest.ts";
import { encodeDer } from "../encoding/der-encode.ts";
import { parseDer, type DerElement } from "../encoding/der.ts";
import { parseOid } from "../encoding/der-values.ts";
import type { Fault } from "./faults.ts";
import { generateP256Key } from "./keys.ts";
import { hashLeaf, MerkleTree } from "./merkle-tree.ts";
import type { World } from "./server.ts";

/** Marks a precertificate, critically, so that nobody uses it. RFC 6962 section 3.1. */
export const poisonOid = "1.3.6.1.4.1.11129.2.4.3";

/** The log did not answer; Fulcio then issues nothing. */
export class CtLogUnavailable extends Error {}

/** A log of precertificates. */
export class CtLog {
  readonly key = generateP256Key();
  /** SHA-256 of the key. */
  readonly logId = computeDigest("sha256", this.key.spki).bytes;
  readonly tree = new MerkleTree();
  readonly #world: World;

  constructor(world: World) {
    this.#world = world;
  }

  /**
   * Logs a precertificate.
   *
   * @param issuerSpki - Key of the authority that will sign the certificate.
   * @returns a SignedCertificateTimestamp, TLS-encoded.
   * @throws CtLogUnavailable
   * @see https://www.rfc-editor.org/rfc/rfc6962#section-3.2
   */
  async submit(precertificate: Uint8Array, issuerSpki: Uint8Array): Promise<Uint8Array> {
    const faults = await this.#misbehave(precertificate);
    const wrongKey = faults.some((fault) => fault.kind === "wrong-key");
    const otherLog = faults.some((fault) => fault.kind === "corrupt" && fault.what === "other-log");
    const timestamp = this.#world.now();
    const entry = Buffer.concat([
      computeDigest("sha256", issuerSpki).bytes,
      withLength(3, stripPoison(precertificate)),
    ]);
    const extensions = withLength(2, leafIndexExtension(this.tree.size));
    const signed = Buffer.concat([
      Uint8Array.of(0 /* version v1 */, 0 /* certificate_timestamp, also timestamped_entry */),
      unsigned(8, timestamp.getTime()),
      unsigned(2, 1 /* precert_entry */),
      entry,
      extensions,
    ]);
    this.tree.append(hashLeaf(signed));
    return Buffer.concat([
      Uint8Array.of(0 /* version v1 */),
      otherLog ? computeDigest("sha256", this.logId).bytes : this.logId,
      unsigned(8, timestamp.getTime()),
      extensions,
      Uint8Array.of(4 /* sha256 */, 3 /* ecdsa */),
      withLength(2, (wrongKey ? generateP256Key() : this.key).sign(signed)),
    ]);
  }

  async #misbehave(precertificate: Uint8Array): Promise<readonly Fault[]> {
    const body = Buffer.from(precertificate).toString("base64");
    const record = { method: "POST", path: "/ct/v1/add-pre-chain", headers: {}, body };
    this.#world.requests.record({ service: "ct", ...record });
    const faults = this.#world.faults.take("ct", record);
    for (const fault of faults) {
      if (fault.kind === "delay") await sleep(fault.ms);
      else if (fault.kind === "hang") await new Promise(() => undefined);
      else if (fault.kind !== "wrong-key" && fault.kind !== "corrupt") throw new CtLogUnavailable();
    }
    return faults;
  }
}

/** The list that a certificate embeds. @see https://www.rfc-editor.org/rfc/rfc6962#section-3.3 */
export function encodeSctList(...scts: readonly Uint8Array[]): Uint8Array {
  return withLength(2, Buffer.concat(scts.map((sct) => withLength(2, sct))));
}

/**
 * As logs with tiles do, so that every client meets extensions that are not empty.
 *
 * @see https://c2sp.org/static-ct-api#sct-extension
 */
function leafIndexExtension(index: number): Uint8Array {
  return Buffer.concat([Uint8Array.of(0 /* leaf_index */), withLength(2, unsigned(5, index))]);
}

/** The TBSCertificate of a precertificate, as it will be in the certificate without its SCT. */
function stripPoison(precertificate: Uint8Array): Uint8Array {
  const [tbs] = parseDer(precertificate, "precertificate").children;
  if (tbs === undefined) throw new TypeError("a precertificate has a TBSCertificate");
  const fields = tbs.children.map((field) =>
    field.tag === 0xa3 ? withoutPoison(field) : field.raw,
  );
  return encodeDer(tbs.tag, ...fields);
}

function withoutPoison(wrapper: DerElement): Uint8Array {
  const kept = wrapper.children.flatMap((list) => list.children).filter(isNotPoison);
  return encodeDer(wrapper.tag, encodeDer(0x30, ...kept.map((extension) => extension.raw)));
}

function isNotPoison(extension: DerElement): boolean {
  const [oid] = extension.children;
  return oid === undefined || parseOid(oid, "extension") !== poisonOid;
}

/** `value` in `bytes` big-endian bytes. */
function unsigned(bytes: number, value: number): Uint8Array {
  return Buffer.from(value.toString(16).padStart(2 * bytes, "0"), "hex");
}

function withLength(lengthBytes: number, content: Uint8Array): Uint8Array {
  return Buffer.concat([unsigned(lengthBytes, content.length), content]);
}
