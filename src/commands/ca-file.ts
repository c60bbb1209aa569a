// The input ca-file: certificate authorities for https besides the usual ones.
import { quote, SigstepError, systemCode } from "../errors.ts";
import { readSmallFile } from "../subjects/small-file.ts";

const maxBytes = 4 * 1024 * 1024;

/**
 * The PEM text at `path`; undefined when none is given.
 *
 * @throws SigstepError INPUT_UNREADABLE
 */
export async function readCaFile(path: string | undefined): Promise<string | undefined> {
  if (path === undefined) return undefined;
  try {
    return Buffer.from(await readSmallFile(path, maxBytes)).toString("utf8");
  } catch (error) {
    const why = systemCode(error);
    throw new SigstepError(
      "INPUT_UNREADABLE",
      `Input ca-file: ${quote(path)} cannot be read (${why}).`,
      {
        where: "ca-file",
        hint: "Check the path: it is relative to the working directory of this step.",
        cause: error,
      },
    );
  }
}
