// WWW-Authenticate: the challenges of a 401, read strictly and bounded. RFC 9110 section 11.3, RFC 7235.

/** One challenge. Names of scheme and parameters are in lower case. */
export interface Challenge {
  readonly scheme: string;
  readonly parameters: ReadonlyMap<string, string>;
}

const maxLength = 8192;
const maxChallenges = 8;
const maxParameters = 16;
const token = "[!#$%&'*+.^_`|~0-9A-Za-z-]+";
const schemeStart = new RegExp(`(${token})(?:[ \\t]+|(?=,)|$)`, "y");
const parameter = new RegExp(
  `(${token})[ \\t]*=[ \\t]*(?:"((?:[^"\\\\]|\\\\.)*)"|(${token}))`,
  "y",
);
const separator = /[ \t]*(?:,[ \t]*)+|[ \t]*$/y;

/**
 * The challenges in `header`, in its order; undefined when it does not follow the grammar, is too long,
 * or names a parameter twice: then nobody knows what was meant.
 */
export function parseChallenges(header: string): readonly Challenge[] | undefined {
  if (header.length > maxLength) return undefined;
  const found: Open[] = [];
  let at = 0;
  while (at < header.length) {
    at = readParameter(header, at, found.at(-1)) ?? readScheme(header, at, found) ?? -1;
    if (at < 0) return undefined;
  }
  return found;
}

interface Open {
  readonly scheme: string;
  readonly parameters: Map<string, string>;
}

/** Where what follows the scheme at `at` begins; undefined when there is none. */
function readScheme(header: string, at: number, found: Open[]): number | undefined {
  const scheme = match(schemeStart, header, at);
  if (scheme === undefined || found.length >= maxChallenges) return undefined;
  found.push({ scheme: (scheme[1] ?? "").toLowerCase(), parameters: new Map() });
  const end = at + scheme[0].length;
  // A scheme may stand alone; then a comma leads to the next.
  return header[end] === "," ? endOfSeparator(header, end) : end;
}

/** The same for a parameter of the challenge `last`; -1 for one that may not be there. */
function readParameter(header: string, at: number, last: Open | undefined): number | undefined {
  const found = match(parameter, header, at);
  if (found === undefined || last === undefined) return undefined;
  const [all, spelled = "", quoted, plain = ""] = found;
  const name = spelled.toLowerCase();
  if (last.parameters.has(name) || last.parameters.size >= maxParameters) return -1;
  last.parameters.set(name, quoted === undefined ? plain : quoted.replace(/\\(.)/g, "$1"));
  return endOfSeparator(header, at + all.length);
}

/** Where the separator at `at` ends, -1 when there is none. */
function endOfSeparator(header: string, at: number): number {
  const found = match(separator, header, at);
  return found === undefined ? -1 : at + found[0].length;
}

function match(pattern: RegExp, text: string, at: number): RegExpExecArray | undefined {
  pattern.lastIndex = at;
  return pattern.exec(text) ?? undefined;
}
