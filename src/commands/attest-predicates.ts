// What is said of the subjects: provenance, SBOMs and other predicates, read and checked before anybody is
// asked. Provenance alone is made later, of the identity that signs.
import { basename } from "node:path";
import { quote, SigstepError, systemCode, toSigstepError } from "../errors.ts";
import type { ItemContent, PredicateItem } from "../predicates/list.ts";
import {
  maxPredicateFileBytes,
  parsePredicate,
  parsePredicateInput,
  type PredicateText,
} from "../predicates/predicate-file.ts";
import {
  checkPredicate,
  parsePredicateType,
  predicateTypeOf,
  type PredicateType,
} from "../predicates/predicate-types.ts";
import { provenanceType } from "../predicates/provenance-github.ts";
import { parseSbom, sbomPredicateType, type SbomTypeUri } from "../predicates/sbom.ts";
import { readSmallFile } from "../subjects/small-file.ts";
import { advise } from "./blame.ts";

/** What a user asks to be said. */
export interface PredicateRequest {
  readonly sbomPaths: readonly string[];
  readonly sbomTypeUri: SbomTypeUri;
  readonly predicateType: string | undefined;
  readonly predicate: string | undefined;
  readonly predicatePath: string | undefined;
  /** The list form, YAML. */
  readonly predicates: string | undefined;
}

/** A predicate that is known, or will be when the identity is. */
export type PlannedPredicate = {
  readonly label: string;
  readonly type: PredicateType;
  /** Names or globs of the subjects it is about; undefined for all. */
  readonly subjects: readonly string[] | undefined;
} & (
  | { readonly kind: "provenance" }
  | {
      readonly kind: "document";
      readonly document: PredicateText;
      readonly mediaType: string;
      /** Name of the file it came from, for references. */
      readonly name: string;
      /** That file; undefined when it stands in an input. */
      readonly path: string | undefined;
    }
  /** A whole statement, which names its subjects itself and is signed as it is. */
  | { readonly kind: "statement"; readonly payload: Uint8Array }
);

/** Bytes of what is said, as far as it is known; a statement's with its subjects. */
export function sizeOfPredicate(predicate: PlannedPredicate): number {
  switch (predicate.kind) {
    case "provenance":
      return 0;
    case "document":
      return predicate.document.byteLength;
    case "statement":
      return predicate.payload.byteLength;
  }
}

/**
 * Every predicate that is asked for; provenance when none is.
 *
 * @throws SigstepError INPUT_CONFLICT, INPUT_MISSING, INPUT_VALUE, INPUT_UNREADABLE, PREDICATE_INVALID,
 * SBOM_INVALID
 */
export async function collectPredicates(request: PredicateRequest): Promise<PlannedPredicate[]> {
  requireConsistent(request);
  const { sbomTypeUri } = request;
  const found: PlannedPredicate[] = [];
  for (const path of request.sbomPaths) found.push(await readSbom(path, "sbom-path", sbomTypeUri));
  const single = await readSingle(request);
  if (single !== undefined) found.push(single);
  for (const item of await readList(request.predicates)) {
    const planned = await readContent(item.content, item.label, sbomTypeUri);
    found.push({ ...planned, subjects: item.subjects });
  }
  return found.length === 0 ? [provenance()] : found;
}

/** Reading YAML is more code than the rest of many a run: it is loaded where there is some. */
async function readList(text: string | undefined): Promise<readonly PredicateItem[]> {
  if (text === undefined) return [];
  const { parsePredicateList } = await import("../predicates/list.ts");
  return parsePredicateList(text);
}

function provenance(): PlannedPredicate {
  const type = predicateTypeOf(provenanceType);
  return { kind: "provenance", label: "provenance", type, subjects: undefined };
}

/** The rules of actions/attest, which its users know; the list form goes with all. */
function requireConsistent(request: PredicateRequest): void {
  const custom = customInputs(request);
  const [first] = custom;
  if (first === undefined) return;
  if (request.sbomPaths.length > 0) throw conflict("sbom-path", first);
  if (custom.includes("predicate") && custom.includes("predicate-path")) {
    throw conflict("predicate", "predicate-path");
  }
  if (first !== "predicate-type") {
    throw missing(
      "predicate-type",
      `Say what ${first} is: a URI such as https://slsa.dev/verification_summary/v1, or a short name such as vuln.`,
    );
  }
  if (custom.length > 1) return;
  throw missing(
    "predicate-path",
    "Give the predicate itself: predicate-path (a file) or predicate (JSON).",
  );
}

/** The inputs of one predicate that are given. */
function customInputs(request: PredicateRequest): string[] {
  const inputs = [
    ["predicate-type", request.predicateType],
    ["predicate", request.predicate],
    ["predicate-path", request.predicatePath],
  ] as const;
  return inputs.flatMap(([name, value]) => (value === undefined ? [] : [name]));
}

function conflict(one: string, other: string): SigstepError {
  return new SigstepError("INPUT_CONFLICT", `Inputs ${one} and ${other} are both given.`, {
    where: one,
    hint: "Give one of them; for several predicates in one step use the list `predicates`.",
  });
}

function missing(name: string, hint: string): SigstepError {
  return new SigstepError("INPUT_MISSING", `Input ${name} is missing.`, { where: name, hint });
}

async function readSingle(request: PredicateRequest): Promise<PlannedPredicate | undefined> {
  const { predicateType, predicate, predicatePath } = request;
  if (predicateType === undefined) return undefined;
  const type = parsePredicateType(predicateType, "predicate-type");
  if (predicatePath !== undefined) return readTyped(type, predicatePath, "predicate-path");
  return readInline(type, predicate ?? "", "input predicate");
}

async function readContent(
  content: ItemContent,
  label: string,
  sbomTypeUri: SbomTypeUri,
): Promise<PlannedPredicate> {
  switch (content.kind) {
    case "provenance":
      return provenance();
    case "sbom":
      return readSbom(content.path, label, sbomTypeUri);
    case "file":
      return readTyped(content.type, content.path, label);
    case "inline":
      return readInline(content.type, content.json, label);
  }
}

async function readSbom(
  path: string,
  input: string,
  choice: SbomTypeUri,
): Promise<PlannedPredicate> {
  const bytes = await readDocument(path, input);
  const sbom = advising(sbomHint, () => parseSbom(bytes, `SBOM ${quote(path)}`));
  const type = predicateTypeOf(sbomPredicateType(sbom, choice));
  const { document, mediaType } = sbom;
  const name = basename(path);
  return {
    kind: "document",
    label: document.label,
    type,
    subjects: undefined,
    document,
    mediaType,
    name,
    path,
  };
}

async function readTyped(
  type: PredicateType,
  path: string,
  input: string,
): Promise<PlannedPredicate> {
  const source = { label: `predicate ${quote(path)}`, code: "PREDICATE_INVALID" } as const;
  const bytes = await readDocument(path, input);
  return advising(hintFor(type), () => typed(type, parsePredicate(bytes, source), path));
}

function readInline(type: PredicateType, json: string, label: string): PlannedPredicate {
  const source = { label, code: "PREDICATE_INVALID" } as const;
  const read = (): PredicateText => parsePredicateInput(json, source);
  return advising(hintFor(type), () => typed(type, read(), undefined));
}

const sbomHint =
  "Have the tool that made it write SPDX 2.2, 2.3 or 3.0 or CycloneDX 1.4 to 1.7 in JSON, and name the file as it left it.";

function hintFor({ uri, check }: PredicateType): string {
  if (check === undefined) return "Write one JSON object, each name once.";
  return `Write one JSON object as ${uri} describes it, or give another predicate-type.`;
}

/** The JSON reader says what is wrong and where; what to do is known here. */
function advising<T>(hint: string, read: () => T): T {
  try {
    return read();
  } catch (thrown) {
    throw advise(toSigstepError(thrown), hint);
  }
}

function typed(
  type: PredicateType,
  document: PredicateText,
  path: string | undefined,
): PlannedPredicate {
  checkPredicate(type, document.json);
  const { label } = document;
  const mediaType = "application/json";
  const name = path === undefined ? "predicate.json" : basename(path);
  return { kind: "document", label, type, subjects: undefined, document, mediaType, name, path };
}

/**
 * The file that an input names.
 *
 * @throws SigstepError INPUT_UNREADABLE
 */
export async function readDocument(path: string, input: string): Promise<Uint8Array> {
  try {
    return await readSmallFile(path, maxPredicateFileBytes);
  } catch (error) {
    const code = systemCode(error);
    const why =
      code === "EFBIG"
        ? `is larger than ${maxPredicateFileBytes} bytes`
        : `cannot be read (${code})`;
    throw new SigstepError("INPUT_UNREADABLE", `Input ${input}: ${quote(path)} ${why}.`, {
      where: input,
      hint: "Check the path: it is relative to the working directory of this step.",
      cause: error,
    });
  }
}
