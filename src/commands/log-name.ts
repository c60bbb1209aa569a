import { encodeHex } from "../encoding/base64.ts";
import type { TransparencyLog } from "../sigstore/log.ts";

/** What people call a log: its host, or its id where the trusted root has no address for it. */
export function logName({ baseUrl, logId }: TransparencyLog): string {
  return URL.parse(baseUrl)?.host ?? (baseUrl === "" ? encodeHex(logId) : baseUrl);
}
