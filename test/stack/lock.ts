// A lock between processes of one machine that no crash can leave locked: a listening abstract socket
// (Linux), which only one process can open and which ends with it.

import { createHash } from "node:crypto";
import { createServer, type Server } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

const pollMs = 200;

/** Holds one of the named locks, whichever is free first, while `work` runs. */
export async function withLock<T>(names: readonly string[], work: () => Promise<T>): Promise<T> {
  const lock = await acquire(names);
  try {
    return await work();
  } finally {
    lock.close();
  }
}

async function acquire(names: readonly string[]): Promise<Server> {
  for (;;) {
    for (const name of names) {
      const lock = await tryAcquire(name);
      if (lock !== undefined) return lock;
    }
    await sleep(pollMs);
  }
}

function tryAcquire(name: string): Promise<Server | undefined> {
  const { promise, resolve, reject } = Promise.withResolvers<Server | undefined>();
  const server = createServer((socket) => socket.destroy());
  server.once("error", (cause: NodeJS.ErrnoException) => {
    if (cause.code === "EADDRINUSE") resolve(undefined);
    else reject(cause);
  });
  // The leading zero makes the name abstract: there is no file of that name. It may have 107 bytes.
  const short = createHash("sha256").update(name).digest("hex");
  server.listen(`\0sigstep-${short}`, () => resolve(server));
  return promise;
}
