// What a run of `attest` would do, decided before it does anything: which statements, in which files.
import { join } from "node:path";
import { quote, SigstepError } from "../errors.ts";
import {
  embedPredicate,
  fitsInline,
  maxInlineBytes,
  referenceType,
} from "../predicates/oversize.ts";
import { shardSubjects } from "../predicates/statement.ts";
import { manifestName } from "../subjects/find.ts";
import type { Subject } from "../subjects/subject.ts";
import { nameStatements, stemOf } from "./attest-names.ts";
import { sizeOfPredicate, type PlannedPredicate } from "./attest-predicates.ts";
import type { Instance } from "./instance.ts";
import { defaultConcurrency, type Plan, type PlannedItem, type StatementFacts } from "./plan.ts";

/** One statement: subjects and a predicate. */
export interface PlannedStatement extends PlannedItem {
  readonly subjects: readonly Subject[];
  readonly predicate: PlannedPredicate;
  /** As it will be signed. */
  readonly statement: StatementFacts;
}

/** Which statements, and where their bundles go: known before the instance is. */
export interface PlannedStatements {
  readonly files: readonly PlannedStatement[];
  readonly bundleDir: string;
  readonly manifestPath: string;
  /** All bundles of the run, one a line. */
  readonly linesPath: string;
}

/** What a run of `attest` would do. */
export interface AttestPlan extends PlannedStatements, Plan<PlannedStatement> {
  readonly files: readonly PlannedStatement[];
  readonly bundleDir: string;
  readonly manifestPath: string;
  /** Larger predicates are not embedded: the log would not take them. */
  readonly maxInlineBytes: number;
}

/** What a plan is made of. */
export interface AttestParts {
  readonly subjects: readonly Subject[];
  readonly predicates: readonly PlannedPredicate[];
  readonly bundleDir: string;
}

/** What of the request a plan needs. */
export interface AttestShape {
  readonly bundleName: string;
  readonly singleSubject: boolean;
  readonly oversize: "fail" | "reference";
  /** Bytes of an envelope that Rekor v1 is sent. */
  readonly maxEnvelopeBytes: number;
  readonly concurrency: number | undefined;
}

/**
 * For each predicate its subjects, in one statement, or in as many as singleSubject or the limit of 1,024
 * subjects ask for.
 *
 * @throws SigstepError INPUT_NO_MATCH for a predicate whose subjects are not there; PREDICATE_INVALID for
 * one that is too large to embed.
 */
export function planStatements(parts: AttestParts, shape: AttestShape): PlannedStatements {
  const { predicates, subjects, bundleDir } = parts;
  for (const predicate of predicates) requireEmbeddable(predicate, shape);
  const statements = predicates.flatMap((predicate) => {
    const groups = groupSubjects(predicate, chooseSubjects(predicate, subjects), shape);
    const isShard = groups.length > 1 && !shape.singleSubject;
    return groups.map((group) => ({ subjects: group, predicate, isShard }));
  });
  const names = nameStatements(
    statements.map(({ subjects: group, predicate, isShard }) => ({
      // One of several shards is numbered like the others, even when a single subject is left for it.
      subjects: isShard ? [] : group.map(({ name }) => name),
      shortType: predicate.type.shortType,
    })),
    shape.bundleName,
  );
  const lines = stemOf(
    subjects.map(({ name }) => name),
    shape.bundleName,
  );
  return {
    files: statements.map((statement, index) =>
      placeStatement(statement, join(bundleDir, names[index] ?? "")),
    ),
    bundleDir,
    manifestPath: join(bundleDir, manifestName),
    linesPath: join(bundleDir, `${lines}.sigstore.jsonl`),
  };
}

function groupSubjects(
  { kind }: PlannedPredicate,
  chosen: readonly Subject[],
  { singleSubject }: AttestShape,
): readonly (readonly Subject[])[] {
  if (kind === "statement") return [chosen];
  return singleSubject ? chosen.map((subject) => [subject]) : shardSubjects(chosen);
}

function placeStatement(
  { subjects, predicate }: Pick<PlannedStatement, "subjects" | "predicate">,
  bundlePath: string,
): PlannedStatement {
  const path = describeStatement(predicate, subjects);
  const statement = { predicateType: predicate.type.uri, subjects };
  return { subjects, predicate, statement, path, name: path, bundlePath };
}

/**
 * The plan with `instance`.
 *
 * @throws SigstepError PREDICATE_INVALID for a predicate that its log is not sent.
 */
export function completePlan(
  planned: PlannedStatements,
  instance: Instance,
  shape: AttestShape,
): AttestPlan {
  const version = instance.services.logs[0]?.version;
  const predicates = [...new Set(planned.files.map(({ predicate }) => predicate))];
  if (version === 1) for (const predicate of predicates) requireSendable(predicate, shape);
  const concurrency = shape.concurrency ?? concurrencyFor(predicates, version === 2 ? 2 : 1);
  const sendable = version === 1 ? base64Fits(shape.maxEnvelopeBytes) : maxInlineBytes;
  const files = planned.files.map((item) => asSigned(item, sendable, shape));
  return { ...planned, files, instance, concurrency, maxInlineBytes: sendable };
}

/** What is too large for the log is signed as a reference, which is a predicate of another type. */
function asSigned(
  item: PlannedStatement,
  maxBytes: number,
  { oversize }: AttestShape,
): PlannedStatement {
  const { predicate, statement } = item;
  if (oversize === "fail" || predicate.kind !== "document") return item;
  if (fitsInline(predicate.document, maxBytes)) return item;
  return { ...item, statement: { ...statement, predicateType: referenceType } };
}

/** `provenance of app.tar.gz`, for messages. */
function describeStatement({ type }: PlannedPredicate, subjects: readonly Subject[]): string {
  const [first] = subjects;
  const more = subjects.length > 1 ? ` and ${subjects.length - 1} more` : "";
  return `${type.shortType} of ${first?.name ?? ""}${more}`;
}

/** Statements are built when their turn comes; together they take no more memory than this. */
const memoryBytes = 64 * 1024 * 1024;

function concurrencyFor(predicates: readonly PlannedPredicate[], version: 1 | 2): number {
  const largest = Math.max(1, ...predicates.map(sizeOfPredicate));
  return Math.max(1, Math.min(defaultConcurrency[version], Math.floor(memoryBytes / largest)));
}

/** Subjects by exact name, else by a glob of `*` and `?` over names. */
function chooseSubjects(
  { subjects: wanted, label }: PlannedPredicate,
  all: readonly Subject[],
): readonly Subject[] {
  if (wanted === undefined) return all;
  const chosen = new Set<Subject>();
  for (const pattern of wanted) {
    const found = all.filter(({ name }) => name === pattern || nameMatches(name, pattern));
    if (found.length === 0) throw noSubject(label, pattern, all);
    for (const subject of found) chosen.add(subject);
  }
  return all.filter((subject) => chosen.has(subject));
}

/** Whether a glob of `*` and `?` is `name`. Greedy with one step back, so linear in practice and never exponential. */
export function nameMatches(name: string, pattern: string): boolean {
  let at = 0;
  let here = 0;
  let star = -1;
  let mark = 0;
  while (at < name.length) {
    if (pattern[here] === "*") {
      star = here++;
      mark = at;
    } else if (pattern[here] === "?" || pattern[here] === name[at]) {
      here++;
      at++;
    } else if (star >= 0) {
      here = star + 1;
      at = ++mark;
    } else return false;
  }
  while (pattern[here] === "*") here++;
  return here === pattern.length;
}

function noSubject(label: string, pattern: string, all: readonly Subject[]): SigstepError {
  const names = all.slice(0, 5).map(({ name }) => quote(name, 60));
  return new SigstepError(
    "INPUT_NO_MATCH",
    `The ${label} is for subject ${quote(pattern)}, and there is none of that name.`,
    { where: label, hint: `Subjects are ${names.join(", ")}${all.length > 5 ? ", …" : ""}.` },
  );
}

/** Known before anybody is asked for a token. @throws SigstepError PREDICATE_INVALID */
export function requireEmbeddable(predicate: PlannedPredicate, { oversize }: AttestShape): void {
  if (predicate.kind !== "document") return;
  const { document, type, mediaType } = predicate;
  if (oversize === "reference") return;
  embedPredicate({ predicateType: type.uri, mediaType, document }, { kind: "fail" });
}

/** Bytes whose base64 is no longer than that. */
function base64Fits(bytes: number): number {
  return Math.floor((bytes * 3) / 4);
}

/** What a log cannot take its load balancer would answer with 502, which looks like an outage. */
function requireSendable(predicate: PlannedPredicate, shape: AttestShape): void {
  if (predicate.kind === "document" && shape.oversize === "reference") return;
  const bytes = Math.ceil((sizeOfPredicate(predicate) * 4) / 3);
  if (bytes <= shape.maxEnvelopeBytes) return;
  throw new SigstepError(
    "PREDICATE_INVALID",
    `The ${predicate.label} makes an envelope of ${bytes} bytes, more than the ${shape.maxEnvelopeBytes} that Rekor v1 is sent.`,
    {
      where: predicate.label,
      hint: "Set `rekor-version: 2`, whose log takes a digest only, or `oversize: reference` with oversize-location to sign where the predicate can be had; or raise max-envelope-size when your log takes more.",
    },
  );
}
