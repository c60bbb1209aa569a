// Subjects from several places as one set: each artifact once, and never two artifacts under one name.
import { quote, SigstepError } from "../errors.ts";
import { requireName, type Subject } from "./subject.ts";

/**
 * The subjects, each name once, in the order in which names first appear. Digests of one name are joined:
 * an artifact then has to match all of them that a verifier can compute, so joining never says too much.
 *
 * @throws SigstepError INPUT_NAME_CLASH for a name with two different digests of one algorithm; INPUT_NAME
 * for one that no line of text can show, such as a file may have.
 */
export function mergeSubjects(subjects: Iterable<Subject>): Subject[] {
  const byName = new Map<string, Map<string, string>>();
  for (const { name, digests } of subjects) {
    requireName(name, "the list of subjects");
    const known = byName.get(name) ?? new Map<string, string>();
    for (const [algorithm, hex] of digests) addDigest({ name, known }, algorithm, hex);
    byName.set(name, known);
  }
  return [...byName].map(([name, digests]) => ({ name, digests }));
}

interface Joined {
  readonly name: string;
  readonly known: Map<string, string>;
}

function addDigest({ name, known }: Joined, algorithm: string, hex: string): void {
  const other = known.get(algorithm);
  if (other !== undefined && other !== hex) {
    throw new SigstepError(
      "INPUT_NAME_CLASH",
      `Two subjects are called ${quote(name)}: one has ${algorithm} ${other}, the other ${hex}.`,
      {
        where: name,
        hint: "Give each artifact a name of its own, or attest them in two steps. Checksums: run sha256sum in the folder above, so that names differ by their path.",
      },
    );
  }
  known.set(algorithm, hex);
}
