// The two kinds of registry that a policy engine meets: ocimem lists referrers itself, distribution
// leaves that to an index at a tag.

import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { reservePorts } from "../stack/ports.ts";
import { Server } from "../stack/server.ts";
import { ensureTools } from "../stack/tools.ts";

export interface Registry {
  readonly name: "ocimem" | "distribution";
  /** `localhost:PORT`, plain http. */
  readonly host: string;
}

/** Starts both; `directory` gets their files. What `cleanup` holds ends them. */
export async function startRegistries(
  directory: string,
  cleanup: AsyncDisposableStack,
): Promise<readonly Registry[]> {
  const tools = await ensureTools(["ocimem", "distribution"]);
  const ports = await reservePorts();
  cleanup.defer(() => ports.release());
  const start = async (
    name: Registry["name"],
    port: number,
    args: readonly string[],
  ): Promise<Registry> => {
    const isReady = async (): Promise<boolean> =>
      (await fetch(`http://127.0.0.1:${port}/v2/`, { signal: AbortSignal.timeout(1_000) })).ok;
    const server = new Server({ name, program: tools[name], args, directory, isReady });
    cleanup.defer(() => server.kill());
    await server.start();
    return { name, host: `localhost:${port}` };
  };
  const [ocimemPort, distributionPort] = [ports.next(), ports.next()];
  const config = join(directory, "distribution.yml");
  await writeFile(
    config,
    `version: 0.1
storage: {filesystem: {rootdirectory: ${directory}/images}}
http: {addr: "127.0.0.1:${distributionPort}", secret: not-a-secret}
`,
  );
  return Promise.all([
    start("ocimem", ocimemPort, [`--address=127.0.0.1:${ocimemPort}`]),
    start("distribution", distributionPort, ["serve", config]),
  ]);
}
