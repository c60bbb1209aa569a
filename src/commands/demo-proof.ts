// What a demo has made, read back from disk and proven as anyone would prove it: by the file, the
// bundle and the trusted root alone.
import { readFile as readBytes } from "node:fs/promises";
import { parseTrustedRoot } from "../sigstore/trust.ts";
import { readFile } from "../subjects/read.ts";
import type { DemoResultFiles } from "./demo-files.ts";
import { verifyOwnBundle, type OwnBundle } from "./own-work.ts";
import { signedResult, type SignedResult } from "./results.ts";
import type { World } from "./world.ts";

/** A bundle that holds. */
export interface DemoProof {
  readonly files: DemoResultFiles;
  readonly artifact: OwnBundle;
  readonly result: SignedResult;
  readonly bundleBytes: number;
}

/**
 * Verifies the results of a demo.
 *
 * @throws SigstepError the first thing that does not hold.
 */
export async function proveDemo(
  files: DemoResultFiles,
  { signal, now: clock }: Pick<World, "signal" | "now">,
): Promise<DemoProof> {
  const now = clock();
  const { file, trustedRootPath } = files;
  const { digest, content } = await readFile(file, signal);
  const bytes = await readBytes(file.bundlePath);
  const trustedRoot = parseTrustedRoot(await readBytes(trustedRootPath), trustedRootPath);
  const artifact = await verifyOwnBundle(bytes, {
    artifact: { digest, content },
    ...{ trustedRoot, required: {}, now },
  });
  const result = signedResult("signed", file, artifact);
  return { files, artifact, result, bundleBytes: bytes.byteLength };
}
