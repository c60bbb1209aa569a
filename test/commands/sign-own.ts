// Results of files that a Sigstore of the test's own has signed.
import { computeDigest } from "../../src/crypto/digest.ts";
import type { PlannedFile } from "../../src/commands/plan.ts";
import { signedResult, type SignedResult } from "../../src/commands/results.ts";
import type { Published } from "../../src/errors.ts";
import type { Credential } from "../../src/sigstore/sign.ts";
import { signArtifact } from "../../src/sigstore/sign.ts";
import { logTo, stamp, trustedRoot, v1 } from "../sigstore/own-instance.ts";

/** The result of a file; `earlier` became public on the way and came to nothing. */
export async function signOwn(
  kind: SignedResult["kind"],
  file: PlannedFile,
  { credential, earlier = [] }: { credential: Credential; earlier?: readonly Published[] },
): Promise<SignedResult> {
  const content = Buffer.from(file.name);
  const digest = computeDigest("sha256", content);
  const artifact = await signArtifact(
    { digest, content },
    {
      certify: () => Promise.resolve(credential),
      logs: [logTo(v1)],
      timestamps: [stamp()],
      trustedRoot,
      onPublished: () => undefined,
      hasEnded: () => true,
    },
  );
  const entries = artifact.entries.map(({ entry }): Published => {
    return { kind: "log-entry", what: file.name, index: String(entry.logIndex) };
  });
  return signedResult(kind, file, { ...artifact, digest, published: [...earlier, ...entries] });
}
