// What must be found nowhere: tokens and private keys, whole or in part, in any usual spelling.
import assert from "node:assert/strict";

/** Everything secret of one scene. */
export class Secrets {
  /** By what it is: as latin1, which has a character for every byte. */
  readonly #needles = new Map<string, string>();

  /** A text that nothing may repeat. */
  add(what: string, secret: string): void {
    this.#addBytes(what, Buffer.from(secret));
  }

  /** A JSON web token: its payload and its signature are secret also each alone. */
  addToken(token: string): void {
    const [, payload = "", signature = ""] = token.split(".");
    this.add("token", token);
    // Long enough to be this token's own; the end of a payload holds what is its alone.
    this.add("token's payload", payload.slice(-60));
    if (signature !== "") this.add("token's signature", signature.slice(0, 40));
  }

  /** The scalar of a private key, in base64url. */
  addKey(scalar: string): void {
    this.#addBytes("private key", Buffer.from(scalar, "base64url"));
  }

  /** How many are known. */
  get size(): number {
    return this.#needles.size;
  }

  /** Fails when `bytes`, found at `place`, hold any of them. */
  assertAbsent(bytes: Buffer, place: string): void {
    const text = bytes.toString("latin1");
    // PEM breaks its lines, also where JSON or a workflow command spells the breaks out.
    const joined = text.replace(/\s|\\[nr]|%0[AD]/gi, "");
    const haystacks = [text, ...(joined === text ? [] : [joined])];
    for (const [name, needle] of this.#needles) {
      const isHex = name.endsWith("hex");
      for (const haystack of haystacks) {
        const found = (isHex ? haystack.toLowerCase() : haystack).includes(needle);
        assert.ok(!found, `${place} holds the ${name}`);
      }
    }
  }

  #addBytes(what: string, bytes: Buffer): void {
    const id = `${this.#needles.size}`;
    const spellings = [
      ["as it is", bytes.toString("latin1")],
      ["in hex", bytes.toString("hex")],
      ["escaped for a URL", encodeURIComponent(bytes.toString("latin1"))],
      ["escaped for Markdown", escapeMarkdown(bytes.toString("latin1"))],
      ...[0, 1, 2].flatMap((shift) => spellBase64(bytes, shift)),
    ] as const;
    for (const [spelling, needle] of spellings) {
      this.#needles.set(`${what} (${id}) ${spelling}`, needle);
    }
  }
}

/** As job summaries spell it. */
function escapeMarkdown(text: string): string {
  return text.replace(/[^A-Za-z0-9 ]/g, (found) => `&#${found.charCodeAt(0)};`);
}

/** `bytes` as they look in base64 when `shift` bytes stand before them: the part that is theirs alone. */
function spellBase64(bytes: Buffer, shift: number): (readonly [string, string])[] {
  const text = Buffer.concat([Buffer.alloc(shift), bytes]).toString("base64");
  const start = shift === 0 ? 0 : shift + 1;
  const whole = Math.floor(((shift + bytes.length) * 8) / 6);
  const own = text.slice(start, whole);
  const url = own.replaceAll("+", "-").replaceAll("/", "_");
  return [
    [`in base64 after ${shift}`, own],
    [`in base64url after ${shift}`, url],
  ];
}
