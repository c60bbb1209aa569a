// Everything we print passes here: secrets are cut out, and no line can steer a terminal or a runner.

/** What stands in a message where a secret was. */
const cut = "***";

/**
 * A JSON web token, whoever's it is, and what a cut has left of one: `eyJ` is `{"` in base64url, how
 * every one begins.
 */
const webToken = /eyJ[\w-]{8,}(?:\.[\w-]*){0,2}/g;

/** Writes lines to one stream. */
export class Printer {
  readonly #write: (text: string) => void;
  readonly #secrets = new Set<string>();
  /** A secret that is part of another must not break it up before that one is found. */
  #longestFirst: readonly string[] = [];

  constructor(write: (text: string) => void) {
    this.#write = write;
  }

  /** From now on `value` is never printed, nor any line of it, nor its usual encodings. */
  hide(value: string): void {
    const lines = [value, ...value.split(/\r?\n/)];
    for (const line of lines) {
      if (line.trim().length < 4) continue;
      const bytes = Buffer.from(line, "utf8");
      this.#secrets.add(line);
      this.#secrets.add(encodeURIComponent(line.toWellFormed()));
      this.#secrets.add(bytes.toString("base64").replace(/=+$/, ""));
      this.#secrets.add(bytes.toString("base64url"));
      this.#secrets.add(bytes.toString("hex"));
      this.#secrets.add(JSON.stringify(line).slice(1, -1));
    }
    this.#longestFirst = [...this.#secrets].toSorted((a, b) => b.length - a.length);
  }

  /** Whether `value` is hidden already. */
  hides(value: string): boolean {
    return this.#secrets.has(value);
  }

  /** `text` without any secret that was hidden, nor anything that looks like a token. */
  redact(text: string): string {
    return this.redactKnown(text.replace(webToken, cut));
  }

  /**
   * `text` without any secret that was hidden. For what is proven to be public: there, what looks like a
   * token is someone's word and not our secret, and cutting it would make other words of it.
   */
  redactKnown(text: string): string {
    let clean = text;
    for (const secret of this.#longestFirst) clean = clean.replaceAll(secret, cut);
    return clean;
  }

  /** Prints `text`, line by line. */
  print(text: string): void {
    const lines = this.redact(text).split("\n");
    this.#write(lines.map((line) => `${harmless(line)}\n`).join(""));
  }

  /** A GitHub workflow command: `::name::value`, with the value's line breaks escaped. */
  command(name: string, value: string): void {
    this.#command(name, this.redact(value));
  }

  /** The one command that shows a secret: the runner hides it from the job's log from then on. */
  mask(secret: string): void {
    this.#command("add-mask", secret);
  }

  #command(name: string, value: string): void {
    const text = value.toWellFormed().replace(commandUnsafe, (found) => encodeURIComponent(found));
    this.#write(`::${name}::${text}\n`);
  }

  /** Writes bytes as they are: for a terminal's progress line and for JSON that is already clean. */
  raw(text: string): void {
    this.#write(this.redact(text));
  }
}

/** What ends a command, escapes in it, or shows its text in another order. */
const commandUnsafe = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}%]/gu;

/**
 * A line that no terminal and no runner takes for a command.
 *
 * GitHub's runner obeys lines that begin with `::` and, anywhere, `##[`; others `##vso[` and the like.
 */
function harmless(line: string): string {
  return line
    .replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, (found) => (found === "\t" ? found : "\uFFFD"))
    .replace(/^(\s*):(?=:)/, "$1: ")
    .replace(/##(?=\w*\[)/g, "## ");
}
