// Bytes for an address that was signed for us alone: Azure's block blobs, as GitHub keeps artifacts in.
// https://learn.microsoft.com/en-us/rest/api/storageservices/put-block
import { isSuccess, refusedError } from "../services/answer.ts";
import type { Http } from "../services/http.ts";

const service = "GitHub's artifact storage";
const timeoutMs = 120_000;
const maxBytes = 64 * 1024;
const blockBytes = 8 * 1024 * 1024;

/**
 * Puts `bytes` to the blob at `address`, block by block, and then makes the blob of them: until the
 * last request nothing is there.
 *
 * @param address - Signed, so a secret; it is the only credential.
 * @throws SigstepError SERVICE_REFUSED, and those of the door.
 */
export async function putBlob(http: Http, address: URL, bytes: Uint8Array): Promise<void> {
  const ids: string[] = [];
  for (let start = 0; start < bytes.byteLength; start += blockBytes) {
    const id = Buffer.from(String(ids.length).padStart(8, "0")).toString("base64");
    await put(http, withQuery(address, { comp: "block", blockid: id }), {
      type: "application/octet-stream",
      content: bytes.subarray(start, start + blockBytes),
    });
    ids.push(id);
  }
  const list = ids.map((id) => `<Latest>${id}</Latest>`).join("");
  await put(http, withQuery(address, { comp: "blocklist" }), {
    type: "application/xml",
    content: `<?xml version="1.0" encoding="utf-8"?><BlockList>${list}</BlockList>`,
  });
}

/** Added as text: to write the query anew could spell the signed part otherwise. */
function withQuery(address: URL, more: Readonly<Record<string, string>>): URL {
  const url = new URL(address);
  const query = new URLSearchParams(more).toString();
  url.search = url.search === "" ? query : `${url.search}&${query}`;
  return url;
}

async function put(
  http: Http,
  url: URL,
  { type, content }: { readonly type: string; readonly content: Uint8Array | string },
): Promise<void> {
  const answer = await http.request({
    ...{ service, timeoutMs, maxBytes, method: "PUT", retry: "budget", url },
    headers: { "content-type": type, "x-ms-blob-content-type": "application/zip" },
    body: content,
  });
  if (!isSuccess(answer)) throw refusedError(service, answer);
}
