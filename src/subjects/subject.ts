// A subject of a statement: a name, and digests that say which artifact is meant. The name is for people.
import { quote, SigstepError } from "../errors.ts";

/** An artifact that statements are about. */
export interface Subject {
  readonly name: string;
  /** in-toto's name of an algorithm → lower-case hexadecimal. At least one. */
  readonly digests: ReadonlyMap<string, string>;
}

/** Where a name or digest was read, for messages: `subject-checksums line 3`. */
export type Place = string;

const maxNameLength = 4096;
const unfit = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]/u;

/**
 * Refuses a name that no line of text can show.
 *
 * @throws SigstepError INPUT_NAME
 */
export function requireName(name: string, place: Place): void {
  const why = faultOf(name);
  if (why === undefined) return;
  throw new SigstepError("INPUT_NAME", `The subject name ${quote(name)} in ${place} ${why}.`, {
    where: place,
    hint: "Rename the file, or write its digest with another name.",
  });
}

function faultOf(name: string): string | undefined {
  if (name === "") return "is empty";
  if (name.length > maxNameLength) return `is longer than ${maxNameLength} characters`;
  return unfit.test(name) ? "holds a control character" : undefined;
}
