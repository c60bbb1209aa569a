// Lists of checksums, as sha256sum and its kin write them: `<digest> [ *]<name>`, or BSD's tagged lines
// `SHA256 (<name>) = <digest>`. Strict: a line that is neither is an error with its number, never skipped.
// https://www.gnu.org/software/coreutils/manual/html_node/md5sum-invocation.html
import { quote, SigstepError, systemCode } from "../errors.ts";
import { requireBareDigest, requireDigest, type DigestText } from "./digest-text.ts";
import { readSmallFile } from "./small-file.ts";
import { requireName, type Subject } from "./subject.ts";

/** Room for over 100,000 files; actions/attest takes 512 KiB. */
const maxBytes = 16 * 1024 * 1024;

const input = "subject-checksums";

/**
 * The subjects of the input `subject-checksums`: a file of that name, or else the text itself.
 *
 * @throws SigstepError INPUT_VALUE, INPUT_NAME as {@link parseChecksums}; INPUT_UNREADABLE; INPUT_NO_MATCH
 * for one line that is neither a file nor a checksum.
 */
export async function readChecksums(text: string): Promise<Subject[]> {
  const isPath = !/[\r\n\0]/.test(text);
  const bytes = isPath ? await readIfPresent(text) : undefined;
  if (bytes !== undefined) return parseChecksums(bytes, `${input} ${quote(text)}`);
  if (isPath && !/^\\?[0-9a-f]{32,} |^[\w/-]+ ?\(/i.test(text)) {
    throw new SigstepError("INPUT_NO_MATCH", `There is no file ${quote(text)}.`, {
      where: input,
      hint: "Name a file made by sha256sum, relative to the working directory of this step, or paste its lines.",
    });
  }
  return parseChecksums(Buffer.from(text), input);
}

async function readIfPresent(path: string): Promise<Uint8Array | undefined> {
  try {
    return await readSmallFile(path, maxBytes);
  } catch (error) {
    const code = systemCode(error);
    if (["ENOENT", "ENOTDIR", "ENAMETOOLONG"].includes(code)) return undefined;
    if (code === "EFBIG") throw tooLarge(`${input} ${quote(path)}`);
    throw new SigstepError("INPUT_UNREADABLE", `File ${quote(path)} cannot be read (${code}).`, {
      where: input,
      hint: "Name a file made by sha256sum.",
      cause: error,
    });
  }
}

/**
 * The subjects of a list of checksums, a line each and in its order. Empty lines and those that begin with
 * `#` are passed over, as coreutils does.
 *
 * @param label - For messages: `subject-checksums`.
 * @throws SigstepError INPUT_VALUE, with the line's number; INPUT_NAME; INPUT_MISSING for a list without
 * a checksum.
 */
export function parseChecksums(bytes: Uint8Array, label: string): Subject[] {
  if (bytes.byteLength > maxBytes) throw tooLarge(label);
  const subjects: Subject[] = [];
  for (const [index, ended] of decode(bytes, label).split("\n").entries()) {
    const line = ended.endsWith("\r") ? ended.slice(0, -1) : ended;
    if (line.trim() === "" || line.startsWith("#")) continue;
    subjects.push(parseLine(line, `${label} line ${index + 1}`));
  }
  if (subjects.length > 0) return subjects;
  throw new SigstepError("INPUT_MISSING", `The list in ${label} has no checksum.`, {
    where: label,
    hint: "Write one line a file, as sha256sum does.",
  });
}

function decode(bytes: Uint8Array, label: string): string {
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    if (!text.startsWith("\uFEFF")) return text;
  } catch {
    // Told below, with the other kind that PowerShell writes.
  }
  throw new SigstepError("INPUT_VALUE", `The list in ${label} is not plain UTF-8.`, {
    where: label,
    hint: "PowerShell's > writes UTF-16 or a byte order mark: use Set-Content -Encoding utf8NoBOM.",
  });
}

// One space or tab, then perhaps the flag for text or binary. A name may begin with a space itself.
const plain = /^(\\?)([0-9a-f]+)[ \t](?:[ *])?(.+)$/is;
const tagged = /^(\\?)(SHA[0-9/-]+) ?\((.+)\) ?= ?([0-9a-f]+)$/is;

function parseLine(line: string, place: string): Subject {
  const { escaped, name, digest } = readTagged(line, place) ?? readPlain(line, place);
  const written = escaped ? unescapeName(name, place) : name;
  requireName(written, place);
  return { name: written, digests: new Map([[digest.algorithm, digest.hex]]) };
}

interface LineParts {
  readonly escaped: boolean;
  readonly name: string;
  readonly digest: DigestText;
}

function readPlain(line: string, place: string): LineParts {
  const [, mark, digits, name] = plain.exec(line) ?? [];
  if (digits === undefined || name === undefined) {
    throw new SigstepError("INPUT_VALUE", `There is no checksum in ${place}: ${quote(line, 80)}.`, {
      where: place,
      hint: "Write the digest in hexadecimal, two spaces and the name, as sha256sum does.",
    });
  }
  return { escaped: mark === "\\", name, digest: requireBareDigest(digits, place) };
}

/** `SHA256 (name) = …`, also `SHA512/256` and `SHA2-256`. */
function readTagged(line: string, place: string): LineParts | undefined {
  const [, mark, tag, name, digits] = tagged.exec(line) ?? [];
  if (tag === undefined || name === undefined || digits === undefined) return undefined;
  const algorithm = tag
    .toLowerCase()
    .replace(/^sha2?-/, "sha")
    .replace(/[/-]/, "_");
  return { escaped: mark === "\\", name, digest: requireDigest(algorithm, digits, place) };
}

/** coreutils marks a line with a backslash when it had to write one, or a line break, in the name. */
function unescapeName(name: string, place: string): string {
  return name.replaceAll(/\\(.?)/g, (_, character: string) => {
    const meant = { "\\": "\\", n: "\n", r: "\r" }[character];
    if (meant !== undefined) return meant;
    throw new SigstepError("INPUT_VALUE", `The name in ${place} has a stray backslash.`, {
      where: place,
      hint: "A line that begins with a backslash has \\\\, \\n and \\r in its name, as sha256sum writes them.",
    });
  });
}

function tooLarge(label: string): SigstepError {
  return new SigstepError("INPUT_VALUE", `The list in ${label} is above ${maxBytes} bytes.`, {
    where: label,
    hint: "Split it into several runs.",
  });
}
