// The job's summary page: one table. Everything from outside is escaped; long ones are folded and cut.
import type { SignedResult, SignResults, FailedResult } from "./results.ts";
import { certificateFacts, hasBundle } from "./results.ts";

const openRows = 20;
const maxRows = 500;

/** What the page is made of. */
export interface SummaryParts {
  readonly title: string;
  readonly results: SignResults;
  readonly instance: string;
}

/** GitHub-flavoured Markdown. */
export function renderSummary({ title, results, instance }: SummaryParts): string {
  const { files, certificates } = results;
  const signed = files.filter(hasBundle);
  const failed = files.filter((result) => result.kind === "failed");
  const certificate = certificates.at(-1);
  const facts = certificate === undefined ? signed[0]?.certificate : certificateFacts(certificate);
  return [
    `### ${escapeMarkdown(title)}`,
    "",
    ...(facts === undefined
      ? []
      : [
          `Signed as ${code(facts.identity)}, issuer ${code(facts.issuer)}, with ${escapeMarkdown(instance)}.`,
          "",
        ]),
    ...table(["File", "SHA-256", "Log entry", "Bundle"], signed.map(signedRow)),
    ...table(["Failed", "Why", "What to do"], failed.map(failedRow)),
    "",
  ].join("\n");
}

function signedRow({ file, sha256, entries, kind }: SignedResult): string[] {
  const links = entries.map(({ logIndex, url }) => link(logIndex, url));
  const kept = kind === "kept" ? " (was there already)" : "";
  return [code(file.name), code(sha256), links.join(" "), `${code(file.bundlePath)}${kept}`];
}

function failedRow({ file, error }: FailedResult): string[] {
  return [code(file.name), escapeMarkdown(error.message), escapeMarkdown(error.hint)];
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  if (rows.length === 0) return [];
  const row = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  const rest = rows.length - maxRows;
  const lines = [
    row(head),
    row(head.map(() => "---")),
    ...rows.slice(0, maxRows).map(row),
    ...(rest > 0 ? ["", `and ${rest} more; the manifest lists all.`] : []),
    "",
  ];
  if (rows.length <= openRows) return lines;
  return ["<details>", `<summary>${rows.length} files</summary>`, "", ...lines, "</details>", ""];
}

/** Text that no Markdown or HTML reader takes for anything else. */
function escapeMarkdown(text: string): string {
  return text
    .replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]+/gu, " ")
    .replace(/[&<>]/g, (found) => ({ "&": "&amp;", "<": "&lt;" })[found] ?? "&gt;")
    .replace(/[\\`*_{}[\]()#+!|~@:-]/g, (found) => `&#${found.charCodeAt(0)};`);
}

/** The same, set as code: an element, since backticks in a name would end a span. */
function code(text: string): string {
  return `<code>${escapeMarkdown(text)}</code>`;
}

function link(text: string, url: string): string {
  const safe = /^https?:\/\/[\w.:/?=&%-]+$/.test(url) ? url : "";
  return safe === "" ? escapeMarkdown(text) : `[${escapeMarkdown(text)}](${safe})`;
}
