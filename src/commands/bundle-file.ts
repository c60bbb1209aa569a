// Bundles in files that anyone may have written: one, or one a line. Nothing of them is believed here.
import { quote, SigstepError, systemCode, toSigstepError } from "../errors.ts";
import { maxBundleBytes, parseBundle, type Bundle } from "../sigstore/bundle.ts";
import { atStep } from "../sigstore/step.ts";
import { readFoundFile } from "../subjects/small-file.ts";
import { readBundleLines } from "./bundle-lines.ts";

/** A bundle as it was found, or why it cannot be read. */
export type Candidate =
  | { readonly label: string; readonly bundle: Bundle; readonly error?: undefined }
  | { readonly label: string; readonly bundle?: undefined; readonly error: SigstepError };

/** Whether the file at `path` holds a bundle a line. */
export function isLines(path: string): boolean {
  return path.endsWith(".jsonl");
}

/**
 * The bundles in the file at `path`: those of a `.jsonl` are read one by one, as they are asked for.
 * What cannot be read is a candidate with its error, and the last one.
 *
 * @param skips - Which lines, by label, are not even parsed.
 */
export async function* readCandidates(
  path: string,
  skips: (label: string) => boolean = () => false,
): AsyncGenerator<Candidate> {
  if (!isLines(path)) {
    yield await readOne(path);
    return;
  }
  let isEmpty = true;
  try {
    for await (const { number, bytes } of readBundleLines(path)) {
      isEmpty = false;
      const label = `${path}:${number}`;
      if (!skips(label)) yield attempt(label, () => parseBundle(bytes, `bundle ${quote(label)}`));
    }
  } catch (thrown) {
    yield { label: path, error: unreadable(path, thrown) };
    return;
  }
  if (isEmpty) yield { label: path, error: invalid(path, "is empty") };
}

async function readOne(path: string): Promise<Candidate> {
  try {
    const bytes = await readFoundFile(path, maxBundleBytes);
    return attempt(path, () => parseBundle(bytes, `bundle ${quote(path)}`));
  } catch (thrown) {
    return { label: path, error: unreadable(path, thrown) };
  }
}

function attempt(label: string, parse: () => Bundle): Candidate {
  try {
    return { label, bundle: parse() };
  } catch (thrown) {
    return { label, error: toSigstepError(thrown) };
  }
}

/** Why a bundle's file cannot be read, as an error of step 1. */
function unreadable(path: string, thrown: unknown): SigstepError {
  if (thrown instanceof SigstepError) return toSigstepError(atStep(1, thrown));
  const code = systemCode(thrown);
  if (code === "ENOENT" || code === "ENOTDIR") return missing(path, thrown);
  return invalid(path, reasons[code] ?? `cannot be read (${code})`, thrown);
}

const reasons: Readonly<Record<string, string>> = {
  EFTYPE: "is not a regular file",
  EISDIR: "is a folder",
  EFBIG: `is above ${maxBundleBytes} bytes, more than any bundle`,
  ENXIO: "is not a regular file",
};

function missing(path: string, cause: unknown): SigstepError {
  const error = new SigstepError("BUNDLE_MISSING", `There is no bundle ${quote(path)}.`, {
    where: path,
    hint: "Check the path: it is relative to the working directory.",
    cause,
  });
  return toSigstepError(atStep(1, error));
}

function invalid(path: string, why: string, cause?: unknown): SigstepError {
  const error = new SigstepError("BUNDLE_INVALID", `The bundle ${quote(path)} ${why}.`, {
    where: path,
    hint: "A bundle is a file that sigstep, cosign or another Sigstore client has written: PATH.sigstore.json.",
    cause,
  });
  return toSigstepError(atStep(1, error));
}
