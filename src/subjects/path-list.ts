// Input `subject-path`: paths and globs, separated by commas or line breaks, as actions/attest reads it
// (CSV with relaxed quotes). A quoted item may hold a comma.
import { SigstepError } from "../errors.ts";

const maxLength = 1024 * 1024;

/** `"…"` with `""` for a quote, or anything up to a comma or line break, then that separator. */
const item = /[ \t]*"([^"]*(?:""[^"]*)*)"[ \t]*(?=[,\r\n]|$)|([^,\r\n]*)/y;

/**
 * The items of a `subject-path`, without those that are empty or begin with `#`.
 *
 * @throws SigstepError INPUT_VALUE above 1 MiB; INPUT_MISSING when nothing is left.
 */
export function parsePathList(text: string): string[] {
  if (text.length > maxLength) {
    throw new SigstepError("INPUT_VALUE", `Input subject-path is above ${maxLength} characters.`, {
      where: "subject-path",
      hint: "Write globs instead of names, or a list of checksums to subject-checksums.",
    });
  }
  const items = splitItems(text).filter((path) => path !== "" && !path.startsWith("#"));
  if (items.length > 0) return items;
  throw new SigstepError("INPUT_MISSING", "Input subject-path names no file.", {
    where: "subject-path",
    hint: "Name files or globs: `subject-path: dist/*.tar.gz`.",
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
