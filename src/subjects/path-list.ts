// Lists of paths, separated by commas or line breaks, as actions/attest reads its subject-path (CSV with
// relaxed quotes). A space belongs to a path; a quoted item may hold a comma.
import { SigstepError } from "../errors.ts";

const maxLength = 1024 * 1024;

/** `"…"` with `""` for a quote, or anything up to a comma or line break, then that separator. */
const item = /[ \t]*"([^"]*(?:""[^"]*)*)"[ \t]*(?=[,\r\n]|$)|([^,\r\n]*)/y;

/**
 * The items of such a list, without those that are empty or begin with `#`.
 *
 * @param input - Its name, for messages.
 * @throws SigstepError INPUT_VALUE above 1 MiB; INPUT_MISSING when nothing is left.
 */
export function parsePathList(text: string, input = "subject-path"): string[] {
  if (text.length > maxLength) {
    throw new SigstepError("INPUT_VALUE", `Input ${input} is above ${maxLength} characters.`, {
      where: input,
      hint: "Write globs instead of names, or a list of checksums to subject-checksums.",
    });
  }
  const items = splitItems(text).filter((path) => path !== "" && !path.startsWith("#"));
  if (items.length > 0) return items;
  throw new SigstepError("INPUT_MISSING", `Input ${input} names no file.`, {
    where: input,
    hint: `Name files: \`${input}: dist/app.tar.gz\`.`,
  });
}

function splitItems(text: string): string[] {
  const items: string[] = [];
  const pattern = new RegExp(item);
  while (pattern.lastIndex <= text.length) {
    const match = pattern.exec(text);
    if (match === null) break;
    const [, quoted, plain = ""] = match;
    items.push((quoted?.replaceAll('""', '"') ?? plain).trim());
    pattern.lastIndex += 1;
  }
  return items;
}
