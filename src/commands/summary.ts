// The job's summary page: one table. Everything from outside is escaped; long ones are folded and cut.
import { Cells, fittingLines, tableRow as row } from "./cells.ts";
import type { SignedResult, SignResults, FailedResult } from "./results.ts";
import { certificateFacts, hasBundle, publishedBy } from "./results.ts";

const openRows = 20;
const maxRows = 500;
const head = ["File", "SHA-256", "Log entry", "Bundle or reason"];

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
  // Failures first: they are what a reader has to do something about, and what is cut is at the end.
  const rows = [
    ...failed.map((result) => failedRow(result, cells)),
    ...signed.map((result) => signedRow(result, cells)),
  ];
  return [
    `### ${cells.text(title)}`,
    "",
    ...(facts === undefined
      ? []
      : [
          `Signed as ${cells.code(facts.identity)}, issuer ${cells.code(facts.issuer)}, with ${cells.text(instance)}.`,
          "",
        ]),
    ...table(rows),
    "",
  ].join("\n");
}

function signedRow(result: SignedResult, cells: Cells): string[] {
  const { file, sha256, entries, kind, attestation } = result;
  const links = entries.map(({ logIndex, url }) => cells.link(logIndex, url));
  const kept = kind === "kept" ? " (was there already)" : "";
  const page =
    attestation === undefined
      ? ""
      : ` ${cells.link(`attestation ${attestation.id}`, attestation.url.href)}`;
  return [
    cells.code(file.name),
    cells.code(sha256 === "" ? firstDigest(result) : sha256),
    links.join(" "),
    `${cells.code(file.bundlePath)}${kept}${page}`,
  ];
}

/** Of a statement, the digest of its first subject stands for all. */
function firstDigest({ file }: SignedResult): string {
  const [subject] = file.statement?.subjects ?? [];
  return subject?.digests.get("sha256") ?? "";
}

/** Without a bundle, but its entries may be public all the same. */
function failedRow(result: FailedResult, cells: Cells): string[] {
  const { file, error } = result;
  const links = publishedBy(result).flatMap(({ index, url }) =>
    index === undefined ? [] : [cells.link(index, url ?? "")],
  );
  const reason = ["Not signed:", error.message, error.hint].join(" ");
  return [cells.code(file.name), "", links.join(" "), cells.text(reason)];
}

function table(rows: readonly (readonly string[])[]): string[] {
  if (rows.length === 0) return [];
  const shown = fittingLines(rows.slice(0, maxRows).map(row));
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
