// The job's summary page of `verify`: who signed what, where and when, and which steps were checked.
// Everything from outside is escaped; long tables are folded and cut.
import { Cells, fittingLines, tableRow } from "./cells.ts";
import {
  isRefused,
  isVerified,
  type RefusedResult,
  type VerifiedResult,
  type VerifyResult,
} from "./verify-results.ts";
import type { VerifiedFacts } from "./verify-facts.ts";
import { describeStep, describeVerifyCount } from "./verify-text.ts";

const openRows = 20;
const maxRows = 500;
const verifiedHead = ["What", "Signed by", "Built from", "When", "Says"];
const refusedHead = ["What", "Refused because"];

/**
 * GitHub-flavoured Markdown.
 *
 * @param redact - Takes secrets out of a text.
 */
export function renderVerifySummary(
  results: readonly VerifyResult[],
  redact: (text: string) => string,
): string {
  const cells = new Cells(redact);
  const verified = results.filter(isVerified);
  // Refusals first: they are what a reader has to do something about, and what is cut is at the end.
  return [
    `### ${cells.text(describeVerifyCount(results))}`,
    "",
    ...table(
      refusedHead,
      results.filter(isRefused).map((result) => refusedRow(result, cells)),
    ),
    ...table(
      verifiedHead,
      verified.flatMap((result) => verifiedRows(result, cells)),
    ),
    ...describeChecks(verified, cells),
  ].join("\n");
}

function refusedRow({ name, error }: RefusedResult, cells: Cells): string[] {
  return [cells.code(name), cells.text(`${describeStep(error)}${error.message} ${error.hint}`)];
}

function verifiedRows({ name, proofs }: VerifiedResult, cells: Cells): string[][] {
  return proofs.map((facts) => [
    cells.code(name),
    describeSigner(facts, cells),
    describeSource(facts, cells),
    facts.time === undefined ? "" : cells.text(facts.time.toISOString()),
    describeStatement(facts, cells),
  ]);
}

function describeStatement({ predicateType, claims }: VerifiedFacts, cells: Cells): string {
  if (predicateType === undefined) return "signature";
  const said = claims.filter((claim) => claim !== predicateType).map((claim) => cells.text(claim));
  return [cells.code(predicateType), ...said].join("<br>");
}

function describeSigner({ signer, keyId }: VerifiedFacts, cells: Cells): string {
  if (signer === undefined) return `key ${cells.code(keyId)}`;
  return `${cells.code(signer.identity)}, issuer ${cells.code(signer.issuer)}`;
}

function describeSource({ repository, commit, run }: VerifiedFacts, cells: Cells): string {
  const parts = [
    ...(repository === "" ? [] : [cells.link(repository, repository)]),
    ...(commit === "" ? [] : [cells.code(commit)]),
    ...(run === "" ? [] : [cells.link("run", run)]),
  ];
  return parts.join(" ");
}

/** The steps of the first artifact, as an example of what was checked for each. */
function describeChecks(verified: readonly VerifiedResult[], cells: Cells): string[] {
  const [first] = verified;
  if (first === undefined) return [];
  const { steps } = first.proofs[0];
  const of = verified.length > 1 ? `, as for each of the ${verified.length}` : "";
  return [
    "<details>",
    `<summary>What was checked for ${cells.code(first.name)}${of}</summary>`,
    "",
    ...steps.map(({ number, name, detail }) => `${number}. ${name}: ${cells.text(detail)}`),
    "",
    "</details>",
    "",
  ];
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  if (rows.length === 0) return [];
  const shown = fittingLines(rows.slice(0, maxRows).map(tableRow));
  const rest = rows.length - shown.length;
  const lines = [
    tableRow(head),
    tableRow(head.map(() => "---")),
    ...shown,
    ...(rest > 0 ? ["", `and ${rest} more; the results have all.`] : []),
    "",
  ];
  if (rows.length <= openRows) return lines;
  return ["<details>", `<summary>${rows.length} rows</summary>`, "", ...lines, "</details>", ""];
}
