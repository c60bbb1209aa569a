// Inputs `subject-digest` and `subject-name`: one artifact that need not be here.
import { quote, SigstepError } from "../errors.ts";
import { requireDigest } from "./digest-text.ts";
import { requireName, type Subject } from "./subject.ts";

/**
 * The subject called `name` with digest `text`.
 *
 * @param text - `algorithm:hexadecimal`; sha224, sha256, sha384, sha512, sha512_224 or sha512_256.
 * @throws SigstepError INPUT_MISSING without a name, INPUT_VALUE for what is not a digest, INPUT_NAME
 */
export function parseDigestSubject(text: string, name: string): Subject {
  const place = "subject-digest";
  if (name === "") {
    throw new SigstepError("INPUT_MISSING", "Input subject-digest needs subject-name.", {
      where: "subject-name",
      hint: "Say what the digest is of: `subject-name: app.tar.gz`, or the image without its tag.",
    });
  }
  requireName(name, "subject-name");
  const [, algorithm, digits] = /^([^:]*):(.*)$/s.exec(text) ?? [];
  if (algorithm === undefined || digits === undefined) {
    throw new SigstepError("INPUT_VALUE", `Input subject-digest is ${quote(text)}.`, {
      where: place,
      hint: "Write the algorithm, a colon and hexadecimal digits: sha256:…",
    });
  }
  const digest = requireDigest(algorithm, digits, place);
  return { name, digests: new Map([[digest.algorithm, digest.hex]]) };
}
