// A process that verifies bundles in a loop, from the bytes of a file to the verdict, and prints how many a
// second. node verify-loop.ts FOLDER TRUSTED-ROOT IDENTITY ISSUER SECONDS
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { computeDigest } from "../src/crypto/digest.ts";
import { parseBundle } from "../src/sigstore/bundle.ts";
import { exactly } from "../src/sigstore/matcher.ts";
import { parseTrustedRoot } from "../src/sigstore/trust.ts";
import { verifyBundle } from "../src/sigstore/verify.ts";

const [folder = "", root = "", identity = "", issuer = "", seconds = "5"] = process.argv.slice(2);
const trustedRoot = parseTrustedRoot(readFileSync(root), "root");
const policy = {
  identities: [
    { identity: exactly(identity, "identity"), issuer: exactly(issuer, "issuer"), extensions: {} },
  ],
};
const suffix = ".sigstore.json";
const cases = readdirSync(folder)
  .filter((name) => name.endsWith(suffix) && !name.includes("manifest"))
  .map((name) => ({
    bytes: readFileSync(join(folder, name)),
    content: readFileSync(join(folder, name.slice(0, -suffix.length))),
  }));

/** The first file again and again would be in every cache: all are taken in turn. */
async function verifyFor(milliseconds: number): Promise<number> {
  const started = performance.now();
  let count = 0;
  while (performance.now() - started < milliseconds) {
    const { bytes, content } = cases[count % cases.length] ?? {
      bytes: Buffer.of(),
      content: Buffer.of(),
    };
    const digests = new Map([["sha256", computeDigest("sha256", content).bytes]] as const);
    const bundle = parseBundle(bytes, "bundle");
    await verifyBundle({
      bundle,
      artifact: { digests, content },
      trustedRoot,
      policy,
      now: new Date(),
    });
    count++;
  }
  return (count * 1000) / (performance.now() - started);
}

await verifyFor(1000);
process.stdout.write(JSON.stringify({ perSecond: await verifyFor(Number(seconds) * 1000) }));
