// What a statement claims, in one line for people: builder and source of provenance, format and size of an
// SBOM, results of tests and scans. Its signer says so; nothing here is checked or believed, and whatever
// is not where its type has it is left out.
import { quote } from "../errors.ts";
import { predicateTypesByName } from "../sigstore/predicate-types.ts";
import {
  isProvenance,
  readProvenance,
  textAt,
  valueAt,
  type Path,
} from "../sigstore/provenance.ts";
import type { Statement } from "../sigstore/statement.ts";

const maxText = 160;
const maxParts = 8;

/** One line, of printable text, and of bounded length. */
export function describeClaim(statement: Statement): string {
  if (isProvenance(statement)) return describeProvenance(statement);
  const { predicateType, predicate } = statement;
  const describe = describersByType.get(predicateType);
  return describe === undefined ? shown(predicateType) : join(describe(predicate.raw));
}

/** Text of others, without the quotes where it is what anyone would expect. */
function shown(text: string): string {
  const quoted = quote(text, maxText);
  return quoted === `"${text}"` && !/[ ,;()]/.test(text) ? text : quoted;
}

function join(parts: readonly string[]): string {
  const [first = "", ...more] = parts.filter((part) => part !== "");
  const rest = more.slice(0, maxParts).join(", ");
  return rest === "" ? first : `${first}: ${rest}`;
}

/** `builder https://…`; nothing when there is no such text. */
function named(name: string, value: unknown, path: Path): string {
  const text = textAt(value, path);
  return text === undefined ? "" : `${name} ${shown(text)}`.trim();
}

function listAt(value: unknown, path: Path): readonly unknown[] | undefined {
  const found = valueAt(value, path);
  return Array.isArray(found) ? found : undefined;
}

/** `12 packages`; nothing when there is no such list. */
function counted(count: number | undefined, one: string, many = `${one}s`): string {
  return count === undefined ? "" : `${count} ${count === 1 ? one : many}`;
}

function describeProvenance(statement: Statement): string {
  const { raw } = statement.predicate;
  const { builderId, sources } = readProvenance(statement);
  return join([
    "provenance",
    builderId === undefined ? "" : `builder ${shown(builderId)}`,
    ...sources.slice(0, 2).map((source) => `source ${shown(source)}`),
    ...commits.map((path) => named("commit", raw, path)),
    ...runs.map((path) => named("run", raw, path)),
  ]);
}

const dependency: Path = ["buildDefinition", "resolvedDependencies", 0, "digest"];
// Versions 1 and 0.2: a predicate has the fields of one of them.
const commits: readonly Path[] = [
  [...dependency, "gitCommit"],
  ["invocation", "configSource", "digest", "sha1"],
];
const runs: readonly Path[] = [
  ["runDetails", "metadata", "invocationId"],
  ["metadata", "buildInvocationId"],
];

type Describe = (raw: unknown) => readonly string[];

function describeSpdx(raw: unknown): readonly string[] {
  const elements = listAt(raw, ["@graph"]);
  return elements === undefined ? describeSpdx2(raw) : describeSpdx3(elements);
}

function describeSpdx2(raw: unknown): readonly string[] {
  const version = textAt(raw, ["spdxVersion"])?.replace(/^SPDX-/, "");
  return [
    version === undefined ? "SPDX, of unknown version" : `SPDX ${shown(version)}`,
    named("", raw, ["name"]),
    counted(listAt(raw, ["packages"])?.length, "package"),
  ];
}

function describeSpdx3(elements: readonly unknown[]): readonly string[] {
  const typeOf = (element: unknown): string | undefined =>
    textAt(element, ["type"]) ?? textAt(element, ["@type"]);
  const find = (type: string): unknown => elements.find((element) => typeOf(element) === type);
  const document = find("SpdxDocument");
  const version =
    textAt(find("CreationInfo"), ["specVersion"]) ??
    textAt(document, ["creationInfo", "specVersion"]);
  const isPackage = /^(?:software[_/:])?Package$|\/Software\/Package$/;
  const packages = elements.filter((element) => isPackage.test(typeOf(element) ?? ""));
  return [
    version === undefined ? "SPDX 3" : `SPDX ${shown(version)}`,
    named("", document, ["name"]),
    counted(packages.length, "package"),
  ];
}

function describeCycloneDx(raw: unknown): readonly string[] {
  const version = textAt(raw, ["specVersion"]);
  return [
    version === undefined ? "CycloneDX, of unknown version" : `CycloneDX ${shown(version)}`,
    named("", raw, ["metadata", "component", "name"]),
    counted(listAt(raw, ["components"])?.length, "component"),
    counted(listAt(raw, ["vulnerabilities"])?.length, "vulnerability", "vulnerabilities"),
  ];
}

const vexStatuses = ["not_affected", "affected", "fixed", "under_investigation"];

function describeVex(raw: unknown): readonly string[] {
  const statements = listAt(raw, ["statements"]);
  const counts = vexStatuses.map((status) => {
    const count = statements?.filter((each) => textAt(each, ["status"]) === status).length;
    return count === undefined || count === 0 ? "" : `${count} ${status}`;
  });
  return ["VEX", counted(statements?.length, "statement"), ...counts];
}

function describeTests(raw: unknown): readonly string[] {
  const count = (list: string, word: string): string => {
    const tests = listAt(raw, [list]);
    return tests === undefined ? "" : `${tests.length} ${word}`;
  };
  return [
    "test result",
    named("", raw, ["result"]),
    count("passedTests", "passed"),
    count("warnedTests", "warned"),
    count("failedTests", "failed"),
  ];
}

function describeSummary(raw: unknown): readonly string[] {
  const levels = listAt(raw, ["verifiedLevels"])?.filter((level) => typeof level === "string");
  return [
    "verification summary",
    named("", raw, ["verificationResult"]),
    named("of", raw, ["resourceUri"]),
    ...(levels ?? []).slice(0, 4).map(shown),
    named("verifier", raw, ["verifier", "id"]),
  ];
}

function describeScan(raw: unknown): readonly string[] {
  return [
    "vulnerability scan",
    counted(listAt(raw, ["scanner", "result"])?.length, "finding"),
    named("scanner", raw, ["scanner", "uri"]),
  ];
}

const describers: Readonly<Record<string, Describe>> = {
  spdx: describeSpdx,
  cyclonedx: describeCycloneDx,
  openvex: describeVex,
  vuln: describeScan,
  "test-result": describeTests,
  vsa: describeSummary,
};

const describersByType: ReadonlyMap<string, Describe> = new Map(
  Object.entries(describers).flatMap(([name, describe]) =>
    (predicateTypesByName.get(name) ?? []).map((type) => [type, describe] as const),
  ),
);
