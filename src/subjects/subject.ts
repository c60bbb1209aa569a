// A subject of a statement: a name, and digests that say which artifact is meant. The name is for people.
import { quote, SigstepError } from "../errors.ts";
import type { StatementSubject } from "../sigstore/statement.ts";

/** An artifact to make statements about: its name, and digests by in-toto's names in lower-case hexadecimal. */
export type Subject = StatementSubject;

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
  if (name.trim() === "") return "is empty";
  if (name.length > maxNameLength) return `is longer than ${maxNameLength} characters`;
  return unfit.test(name) ? "holds a control character" : undefined;
}
