// A list in one text: one item a line, or words as a POSIX shell splits them. Nothing is expanded.
// POSIX.1-2024 Shell Command Language, section 2.2 Quoting.
import { SigstepError } from "../errors.ts";

/** No environment holds as much, and a longer one is beyond what node's patterns can match. */
const maxLength = 1024 * 1024;

/**
 * Items of a list input. With a line break in it, each line that is not blank is an item, verbatim;
 * otherwise it is split into shell words.
 *
 * @param name - The input, for messages.
 * @throws SigstepError INPUT_VALUE for a quote that does not close, a backslash at the end, or a text
 * above 1 MiB.
 */
export function parseList(text: string, name: string): string[] {
  if (text.length > maxLength) throw tooLong(text, name);
  if (/[\r\n]/.test(text)) return text.split(/\r?\n/).filter((line) => line.trim() !== "");
  return parseShellWords(text, name);
}

// Blanks, which are a shell's and no other white space: a name may hold a no-break or an ideographic
// space. Or one piece of a word: '…', "…", an escaped or a plain character run.
const token = /[ \t]+|'([^']*)'|"((?:[^"\\]|\\.)*)"|\\(.)|([^ \t'"\\]+)/gsy;

function parseShellWords(text: string, name: string): string[] {
  const words: string[] = [];
  let word: string | undefined;
  let end = 0;
  for (const match of text.matchAll(token)) {
    end = match.index + match[0].length;
    const piece = pieceOf(match);
    if (piece !== undefined) {
      word = (word ?? "") + piece;
    } else if (word !== undefined) {
      words.push(word);
      word = undefined;
    }
  }
  if (end < text.length) throw unfinished(text, end, name);
  return word === undefined ? words : [...words, word];
}

/** What a token adds to its word, without quoting; undefined for white space. */
function pieceOf([, single, double, escaped, plain]: RegExpExecArray): string | undefined {
  return single ?? double?.replace(/\\([$`"\\])/g, "$1") ?? escaped ?? plain;
}

function tooLong(text: string, name: string): SigstepError {
  const message = `Input ${name} has ${text.length} characters; at most ${maxLength} are read.`;
  return new SigstepError("INPUT_VALUE", message, {
    where: name,
    hint: "Write globs instead of names.",
  });
}

function unfinished(text: string, at: number, name: string): SigstepError {
  const what =
    text[at] === "\\"
      ? "a backslash at its end"
      : `a quote (${text[at] ?? ""}) that does not close`;
  return new SigstepError("INPUT_VALUE", `Input ${name} has ${what}, at character ${at + 1}.`, {
    where: name,
    hint: "Quote file names as in a shell, or write one a line.",
  });
}
