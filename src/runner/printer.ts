// Everything we print passes here: secrets are cut out, and no line can steer a terminal or a runner.

/** What stands in a message where a secret was. */
const cut = "***";

/** Writes lines to one stream. */
export class Printer {
  readonly #write: (text: string) => void;
  readonly #secrets = new Set<string>();

  constructor(write: (text: string) => void) {
    this.#write = write;
  }

  /** From now on `value` is never printed, nor any line of it, nor its usual encodings. */
  hide(value: string): void {
    const lines = [value, ...value.split(/\r?\n/)];
    for (const line of lines) {
      if (line.trim().length < 4) continue;
      this.#secrets.add(line);
      this.#secrets.add(encodeURIComponent(line));
      this.#secrets.add(Buffer.from(line, "utf8").toString("base64"));
      this.#secrets.add(JSON.stringify(line).slice(1, -1));
    }
  }

  /** Whether `value` is hidden already. */
  hides(value: string): boolean {
    return this.#secrets.has(value);
  }

  /** `text` without any secret that was hidden. */
  redact(text: string): string {
    let clean = text;
    for (const secret of this.#secrets) clean = clean.replaceAll(secret, cut);
    return clean;
  }

  /** Prints `text`, line by line. */
  print(text: string): void {
    const lines = this.redact(text).split("\n");
    this.#write(lines.map((line) => `${harmless(line)}\n`).join(""));
  }

  /** A GitHub workflow command: `::name::value`, with the value's line breaks escaped. */
  command(name: string, value: string): void {
    const text = this.redact(value).replace(/[\p{Cc}%]/gu, (found) => encodeURIComponent(found));
    this.#write(`::${name}::${text}\n`);
  }

  /** Writes bytes as they are: for a terminal's progress line and for JSON that is already clean. */
  raw(text: string): void {
    this.#write(this.redact(text));
  }
}

/**
 * A line that no terminal and no runner takes for a command.
 *
 * GitHub's runner obeys lines that begin with `::` and, anywhere, `##[`.
 */
function harmless(line: string): string {
  return line
    .replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, (found) => (found === "\t" ? found : "\uFFFD"))
    .replace(/^(\s*):(?=:)/, "$1: ")
    .replaceAll("##[", "## [");
}
