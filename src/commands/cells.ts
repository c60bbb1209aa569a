// What stands in a summary page, safe wherever it came from.

/** Makes texts fit for GitHub-flavoured Markdown. */
export class Cells {
  readonly #redact: (text: string) => string;

  /** @param redact - Takes secrets out of a text: escaped, they would not be found any more. */
  constructor(redact: (text: string) => string) {
    this.#redact = redact;
  }

  /** Text that no Markdown or HTML reader takes for anything else: no formula, no address either. */
  text(text: string): string {
    return this.#redact(text)
      .replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]+/gu, " ")
      .replace(/[&<>]/g, (found) => ({ "&": "&amp;", "<": "&lt;" })[found] ?? "&gt;")
      .replace(/[\\`*_{}[\]()#+!|~@:.$-]/g, (found) => `&#${found.charCodeAt(0)};`);
  }

  /** The same, set as code: an element, since backticks in a name would end a span. */
  code(text: string): string {
    return `<code>${this.text(text)}</code>`;
  }

  link(text: string, url: string): string {
    const safe = /^https?:\/\/[\w.:/?=&%-]+$/.test(url) ? this.#redact(url) : "";
    return safe === "" ? this.text(text) : `[${this.text(text)}](${safe})`;
  }
}

/** GitHub drops a page above 1 MiB whole, and other steps write to it, too. */
const maxTableBytes = 512 * 1024;

/** As many of the first lines as a table may hold. */
export function fittingLines(lines: readonly string[]): readonly string[] {
  let bytes = 0;
  const end = lines.findIndex((line) => (bytes += Buffer.byteLength(line) + 1) > maxTableBytes);
  return end < 0 ? lines : lines.slice(0, end);
}

/** One line of a table. */
export function tableRow(cells: readonly string[]): string {
  return `| ${cells.join(" | ")} |`;
}
