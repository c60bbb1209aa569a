// What the lines of a file of bundles are about, kept from the first reading: a thousand artifacts with
// one file for all of them would else parse each of its bundles a thousand times.
import { encodeHex } from "../encoding/base64.ts";
import type { Digests } from "../crypto/digest.ts";
import { algorithmOf, claimedDigests } from "./bundle-about.ts";
import type { Candidate } from "./bundle-file.ts";

/** A line about more is read each time: what is kept must stay small. */
const maxClaims = 64;

/** Claims by the label of their line. They only leave out; nothing is believed because of them. */
export class LineClaims {
  readonly #claims = new Map<string, readonly string[]>();

  /** Keeps what the bundle of a line says that it is about. */
  note({ label, bundle }: Candidate): void {
    if (bundle === undefined) return;
    const claims = claimedDigests(bundle);
    if (claims.length <= maxClaims) this.#claims.set(label, claims);
  }

  /** Tells of a line whether its bundle is for certain about something else, as bundle-about.ts would. */
  aboutAnother(digests: Digests): (label: string) => boolean {
    const own = new Set([...digests].map(([name, bytes]) => `${name}:${encodeHex(bytes)}`));
    return (label) => {
      const claims = this.#claims.get(label) ?? [];
      const isComparable = claims.some((claim) => {
        const algorithm = algorithmOf(claim);
        return algorithm !== undefined && digests.has(algorithm);
      });
      return isComparable && !claims.some((claim) => own.has(claim));
    };
  }
}
