// Names of release assets. GitHub renames what it does not like, by rules it does not document, and a
// later look for the name then finds nothing: so only names that it leaves alone are sent.
// https://docs.github.com/en/rest/releases/assets#upload-a-release-asset
import { quote, SigstepError } from "../errors.ts";

const maxLength = 255;

/**
 * The name under which an asset called `name` is found on GitHub: as GitHub does, everything but
 * letters, digits, `_`, `-`, `+` and `.` becomes a dot, dots in a row one, none begins or ends it.
 *
 * @throws SigstepError INPUT_NAME when nothing is left, or too much.
 */
export function safeAssetName(name: string): string {
  const safe = name
    .replace(/[^\w+.-]+/g, ".")
    .replace(/\.{2,}/g, ".")
    .replace(/^\.|\.$/g, "");
  if (safe !== "" && safe.length <= maxLength) return safe;
  throw new SigstepError("INPUT_NAME", `${quote(name)} cannot be the name of a release asset.`, {
    hint: `GitHub takes letters, digits and _ - + . of ASCII, up to ${maxLength}: set bundle-name.`,
    where: "bundle-name",
  });
}

/**
 * The asset names of `names`, in order.
 *
 * @throws SigstepError INPUT_NAME, and INPUT_NAME_CLASH when two would become one.
 */
export function safeAssetNames(names: readonly string[]): string[] {
  const taken = new Map<string, string>();
  return names.map((name) => {
    const safe = safeAssetName(name);
    const other = taken.get(safe);
    if (other !== undefined) throw clash(safe, [other, name]);
    taken.set(safe, name);
    return safe;
  });
}

function clash(safe: string, [one, two]: readonly [string, string]): SigstepError {
  return new SigstepError(
    "INPUT_NAME_CLASH",
    `${quote(one)} and ${quote(two)} would both be the release asset ${quote(safe)}.`,
    { hint: "GitHub allows few characters in asset names: rename one of them.", where: safe },
  );
}
