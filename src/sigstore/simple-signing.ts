// What cosign 2 signs of an image: a payload that names its digest. The signature is over these bytes, so
// they are what a bundle proves, and the image is what they name.
// https://github.com/containers/image/blob/main/docs/containers-signature.5.md#json-data-format
import { parseJson } from "../encoding/json.ts";
import { quote, SigstepError } from "../errors.ts";
import { inStep } from "./step.ts";

/** Predicate type of a statement that is no more than a signature of an image, as cosign 3 makes it. */
export const imageSignatureType = "https://sigstore.dev/cosign/sign/v1";

const type = "cosign container image signature";
const maxBytes = 1024 * 1024;

/**
 * Checks that a proven payload is a signature for the image `digest`. The name in it proves nothing: images
 * are copied between registries, and their digest stays.
 *
 * @param digest - `sha256:…`
 * @throws SigstepError STATEMENT_INVALID, of step 12
 */
export function requireSimpleSigning(payload: Uint8Array, digest: string): void {
  inStep(12, () => {
    const source = { label: "payload", code: "STATEMENT_INVALID", maxBytes } as const;
    const critical = parseJson(payload, source).get("critical");
    if (critical.get("type").string() !== type) {
      throw critical.get("type").refuse(`is not ${quote(type)}`);
    }
    const found = critical.get("image").get("docker-manifest-digest").string();
    if (found === digest) return;
    throw new SigstepError(
      "STATEMENT_INVALID",
      `The signature is for the image ${quote(found, 140)}, not for ${digest}.`,
    );
  });
}
