// What a demo has made, read back from disk and proven as anyone would prove it: by the file, the
// bundle and the trusted root alone.
import { readFile as readBytes } from "node:fs/promises";
import { parseBundle } from "../sigstore/bundle.ts";
import type { SignedArtifact } from "../sigstore/sign.ts";
import { parseTrustedRoot } from "../sigstore/trust.ts";
import { verifyBundle } from "../sigstore/verify.ts";
import { readFile } from "../subjects/read.ts";
import type { DemoResultFiles } from "./demo-files.ts";
import { signedResult, type SignedResult } from "./results.ts";

/** A bundle that holds. */
export interface DemoProof {
  readonly files: DemoResultFiles;
  readonly artifact: SignedArtifact;
  readonly result: SignedResult;
  readonly bundleBytes: number;
}

/**
 * Verifies the results of a demo.
 *
 * @throws SigstepError the first thing that does not hold.
 */
export async function proveDemo(files: DemoResultFiles, signal: AbortSignal): Promise<DemoProof> {
  const { file, trustedRootPath } = files;
  const { digest, content } = await readFile(file, signal);
  const bytes = await readBytes(file.bundlePath);
  const trustedRoot = parseTrustedRoot(await readBytes(trustedRootPath), trustedRootPath);
  const bundle = parseBundle(bytes, "bundle");
  const artifact = await verifyBundle(bundle, { digest, content }, trustedRoot);
  const result = signedResult("signed", file, artifact);
  return { files, artifact, result, bundleBytes: bytes.byteLength };
}
