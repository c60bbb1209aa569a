// A proxy that lets nobody through and remembers who wanted where: so that a test can say that nothing was
// even tried, and never reaches a machine outside.
import assert from "node:assert/strict";
import { createServer } from "node:net";

/** A recorder that runs. */
export interface Recorder {
  /** For HTTPS_PROXY. */
  readonly url: string;
  /** First line of every connection, in order. */
  readonly attempts: readonly string[];
  close(): Promise<void>;
}

/** Starts one on 127.0.0.1. */
export async function startRecorder(): Promise<Recorder> {
  const attempts: string[] = [];
  const server = createServer((socket) => {
    socket.on("error", () => undefined);
    socket.once("data", (data) => {
      attempts.push(data.toString("latin1").split("\r\n", 1)[0] ?? "");
      socket.end("HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n");
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  assert.ok(typeof address === "object" && address !== null);
  return {
    url: `http://127.0.0.1:${address.port}`,
    attempts,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}
