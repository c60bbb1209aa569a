// Names of bundle files: one a statement, told apart by subject, predicate and, where that is not enough,
// a number. Subjects' names may come from anywhere and never leave the folder.
import { bundleSuffix } from "../subjects/find.ts";

/** What a statement's file is named after. */
export interface NamedStatement {
  /** Names of its subjects. */
  readonly subjects: readonly string[];
  readonly shortType: string;
}

const maxNameBytes = 180;

/**
 * A name for each statement, in order and each once, also where case does not count.
 *
 * @param base - For statements about several subjects.
 */
export function nameStatements(statements: readonly NamedStatement[], base: string): string[] {
  const stems = statements.map(
    ({ subjects, shortType }) => `${stemOf(subjects, base)}.${shortType}`,
  );
  const counts = Map.groupBy(stems, keyOf);
  const taken = new Set<string>();
  return stems.map((stem) => {
    const isAlone = counts.get(keyOf(stem))?.length === 1 && !taken.has(keyOf(stem));
    const name = isAlone ? stem : numbered(stem, taken);
    taken.add(keyOf(name));
    return `${name}${bundleSuffix}`;
  });
}

/** `attestation.provenance` → `attestation-1.provenance`, the first number that is free. */
function numbered(stem: string, taken: ReadonlySet<string>): string {
  const dot = stem.lastIndexOf(".");
  for (let number = 1; ; number++) {
    const name = `${stem.slice(0, dot)}-${number}${stem.slice(dot)}`;
    if (!taken.has(keyOf(name))) return name;
  }
}

function keyOf(name: string): string {
  return name.normalize("NFC").toLowerCase();
}

/** The only subject's name, or `base`. */
export function stemOf(subjects: readonly string[], base: string): string {
  const [only, ...others] = subjects;
  return only === undefined || others.length > 0 ? base : safeName(only) || base;
}

/** The last part of a path or image name, with what no file system wants made a dash. */
function safeName(name: string): string {
  const last = name.split(/[/\\]/).findLast((part) => part !== "") ?? "";
  const safe = last
    .replaceAll(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}<>:"|?*]/gu, "-")
    .replace(/^\.+$/, "");
  return cut(safe);
}

/** A name that is too long for a file keeps its beginning. */
function cut(name: string): string {
  const characters = Array.from(name);
  while (Buffer.byteLength(characters.join("")) > maxNameBytes) characters.pop();
  return characters.join("");
}
