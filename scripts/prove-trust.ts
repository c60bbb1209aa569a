// Asks the real TUF repositories of every instance that is embedded, as a run without a cache does, and says
// what they publish now and whether what is embedded has fallen behind. Not part of the tests, which ask nobody.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { requireFile } from "../src/commands/trust-material.ts";
import { knownSource, type KnownInstance } from "../src/commands/trust-sources.ts";
import { SigstepError } from "../src/errors.ts";
import { createHttp } from "../src/services/door.ts";
import { readCache, cachePath } from "../src/services/tuf/cache.ts";
import { readTargets } from "../src/services/tuf/tuf.ts";
import { parseTrustedRoot } from "../src/sigstore/trust.ts";

const instances: readonly KnownInstance[] = ["public-good", "staging", "github"];

/** What one instance publishes, in one line. */
async function prove(instance: KnownInstance, cacheDirectory: string): Promise<string> {
  const source = await knownSource(instance);
  const now = new Date();
  const http = createHttp({ budgetMs: 60_000, now: () => new Date() });
  try {
    const terms = { now, cacheDirectory, offline: false, hasStandIn: false, notice: console.log };
    const answer = await readTargets(source, { ...terms, http: () => Promise.resolve(http) });
    if (answer.kind === "unavailable") throw answer.error;
    const material = { label: source.label, files: answer.files };
    const bytes = requireFile(material, "trusted_root.json");
    const root = parseTrustedRoot(bytes, source.label);
    const cached = await readCache(cachePath(cacheDirectory, source));
    return [
      `${instance}: ${cached?.roots.length ?? 0} roots after the embedded one`,
      `${root.certificateAuthorities.length} certificate authorities`,
      `${root.logs.length} logs`,
      `${root.timestampAuthorities.length} timestamp authorities`,
      describeEmbedded(bytes, source.embedded?.files.get("trusted_root.json")),
    ].join(", ");
  } finally {
    await http.close();
  }
}

/** Layout does not count: what is embedded was bundled as a value. */
function describeEmbedded(present: Uint8Array, embedded: Uint8Array | undefined): string {
  if (embedded === undefined) return "no trusted root embedded";
  const [left, right] = [present, embedded].map((bytes) =>
    JSON.stringify(JSON.parse(Buffer.from(bytes).toString("utf8"))),
  );
  return left === right ? "embedded as it is" : "newer than what is embedded";
}

const directory = await mkdtemp(join(tmpdir(), "sigstep-trust-"));
try {
  for (const instance of instances) {
    try {
      console.log(await prove(instance, directory));
    } catch (error) {
      if (!(error instanceof SigstepError)) throw error;
      console.error(`${instance}: ${error.code}: ${error.message}`);
      process.exitCode = 1;
    }
  }
} finally {
  await rm(directory, { recursive: true });
}
