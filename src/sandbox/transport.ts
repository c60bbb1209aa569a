// Faults of the transport: what a broken proxy, a dead server or a bad line does to an answer.
import type { ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import type { Fault } from "./faults.ts";

/** Does what `faults` say about the transport. True when that was the whole answer. */
export async function misbehave(
  faults: readonly Fault[],
  response: ServerResponse,
): Promise<boolean> {
  for (const fault of faults) {
    if (fault.kind === "delay") await sleep(fault.ms);
  }
  const last = faults.at(-1);
  return last !== undefined && replaceAnswer(last, response);
}

function replaceAnswer(fault: Fault, response: ServerResponse): boolean {
  if (fault.kind === "hang") return true;
  if (fault.kind === "status") {
    response.writeHead(fault.status, { ...fault.headers }).end(fault.body ?? "");
  } else if (fault.kind === "html") {
    response.writeHead(fault.status ?? 502, { "content-type": "text/html" }).end(page);
  } else if (fault.kind === "cut") {
    response.writeHead(200, { "content-type": "application/json", "content-length": "4096" });
    response.write('{"half":', () => response.destroy());
  } else if (fault.kind === "huge") {
    flood(response, fault.bytes ?? 64 * 1024 * 1024);
  } else {
    return false;
  }
  return true;
}

const page =
  "<html><head><title>Bad Gateway</title></head><body><h1>Try later</h1></body></html>\n";

/** Sends spaces, which are valid before any JSON, for as long as the client reads. */
function flood(response: ServerResponse, bytes: number): void {
  const chunk = Buffer.alloc(65_536, " ");
  let left = bytes;
  const more = (): void => {
    while (left > 0 && !response.destroyed) {
      left -= chunk.length;
      if (!response.write(chunk)) {
        response.once("drain", more);
        return;
      }
    }
    response.end();
  };
  response.writeHead(200, { "content-type": "application/json" });
  more();
}
