// The job's summary page: one table. Everything from outside is escaped; long ones are folded and cut.
import type { SignedResult, SignResults, FailedResult } from "./results.ts";
import { certificateFacts, hasBundle } from "./results.ts";

const openRows = 20;
const maxRows = 500;
/** GitHub drops a page above 1 MiB whole; there are two tables, and names are longest when escaped. */
const maxTableBytes = 400 * 1024;

/** What the page is made of. */
export interface SummaryParts {
  readonly title: string;
  readonly results: SignResults;
  readonly instance: string;
  /** Takes secrets out of a text: escaped, they would not be found any more. */
  readonly redact: (text: string) => string;
}

/** GitHub-flavoured Markdown. */
export function renderSummary({ title, results, instance, redact }: SummaryParts): string {
  const { files, certificates } = results;
  const signed = files.filter(hasBundle);
  const failed = files.filter((result) => result.kind === "failed");
  const certificate = certificates.at(-1);
  const facts = certificate === undefined ? signed[0]?.certificate : certificateFacts(certificate);
  const cells = new Cells(redact);
  return [
    `### ${cells.text(title)}`,
    "",
    ...(facts === undefined
      ? []
      : [
          `Signed as ${cells.code(facts.identity)}, issuer ${cells.code(facts.issuer)}, with ${cells.text(instance)}.`,
          "",
        ]),
    ...table(
      ["File", "SHA-256", "Log entry", "Bundle"],
      signed.map((result) => signedRow(result, cells)),
    ),
    ...table(
      ["Failed", "Why", "What to do"],
      failed.map((result) => failedRow(result, cells)),
    ),
    "",
  ].join("\n");
}

function signedRow({ file, sha256, entries, kind }: SignedResult, cells: Cells): string[] {
  const links = entries.map(({ logIndex, url }) => cells.link(logIndex, url));
  const kept = kind === "kept" ? " (was there already)" : "";
  return [
    cells.code(file.name),
    cells.code(sha256),
    links.join(" "),
    `${cells.code(file.bundlePath)}${kept}`,
  ];
}

function failedRow({ file, error }: FailedResult, cells: Cells): string[] {
  return [cells.code(file.name), cells.text(error.message), cells.text(error.hint)];
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  if (rows.length === 0) return [];
  const row = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  const shown = fitting(rows.slice(0, maxRows).map(row));
  const rest = rows.length - shown.length;
  const lines = [
    row(head),
    row(head.map(() => "---")),
    ...shown,
    ...(rest > 0 ? ["", `and ${rest} more; the manifest lists all.`] : []),
    "",
  ];
  if (rows.length <= openRows) return lines;
  return ["<details>", `<summary>${rows.length} files</summary>`, "", ...lines, "</details>", ""];
}

/** As many of the first lines as a table may hold. */
function fitting(lines: readonly string[]): readonly string[] {
  let bytes = 0;
  const end = lines.findIndex((line) => (bytes += Buffer.byteLength(line) + 1) > maxTableBytes);
  return end < 0 ? lines : lines.slice(0, end);
}

/** What stands in the page, safe wherever it came from. */
class Cells {
  readonly #redact: (text: string) => string;

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
