// Ports for one stack, so that any number of stacks can run on one machine at once.
//
// A port that is merely free now may be taken by another stack before our server opens it. So ports
// come in blocks, and the first port of a block is its lock: we listen on it for as long as the stack
// lives, and the kernel gives it back however we end. The range lies below the ports that the
// kernel hands out for outgoing connections (32768 and up on Linux).

import { createServer, type Server } from "node:net";

const firstPort = 10_000;
const blockSize = 20;
const blocks = 1_100;

export interface Ports {
  /** The next port of the block; nobody else's until `release`. */
  next(): number;
  release(): Promise<void>;
}

/** @throws Error when no block is free. */
export async function reservePorts(): Promise<Ports> {
  const start = Math.floor(Math.random() * blocks);
  for (let offset = 0; offset < blocks; offset++) {
    const base = firstPort + ((start + offset) % blocks) * blockSize;
    const lock = await listen(base);
    if (lock === undefined) continue;
    if (await allFree(base)) return handOut(base, lock);
    await close(lock);
  }
  throw new Error("test/stack: no free block of ports");
}

function handOut(base: number, lock: Server): Ports {
  let last = base;
  return {
    next: () => {
      last += 1;
      if (last >= base + blockSize) throw new RangeError("the block of ports is used up");
      return last;
    },
    release: () => close(lock),
  };
}

// Programs that know nothing of blocks may sit on a port.
async function allFree(base: number): Promise<boolean> {
  for (let port = base + 1; port < base + blockSize; port++) {
    const probe = await listen(port);
    if (probe === undefined) return false;
    await close(probe);
  }
  return true;
}

/** A listener that does not keep the process alive; undefined when the port is taken. */
function listen(port: number): Promise<Server | undefined> {
  const { promise, resolve, reject } = Promise.withResolvers<Server | undefined>();
  const server = createServer((socket) => socket.destroy());
  server.once("error", (cause: NodeJS.ErrnoException) => {
    if (cause.code === "EADDRINUSE") resolve(undefined);
    else reject(cause);
  });
  server.listen({ port, host: "127.0.0.1", exclusive: true }, () => {
    server.unref();
    resolve(server);
  });
  return promise;
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
  });
}
