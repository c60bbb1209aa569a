// The inputs tuf-mirror and tuf-root: a TUF repository of one's own, which needs both.
import { quote, SigstepError } from "../errors.ts";
import type { Mirror } from "./trust-sources.ts";

/** Their texts, undefined where not given. */
export interface MirrorTexts {
  readonly mirror: string | undefined;
  readonly root: string | undefined;
}

/**
 * The mirror that the two inputs name, undefined when neither is given.
 *
 * @throws SigstepError INPUT_MISSING, INPUT_VALUE
 */
export function parseMirror({ mirror, root }: MirrorTexts): Mirror | undefined {
  if (mirror === undefined && root === undefined) return undefined;
  if (mirror !== undefined && root !== undefined) {
    return { kind: "mirror", url: parseUrl(mirror), root };
  }
  const missing = mirror === undefined ? "tuf-mirror" : "tuf-root";
  throw new SigstepError("INPUT_MISSING", `Input ${missing} is missing.`, {
    where: missing,
    hint: "A TUF repository of your own needs both tuf-mirror (where it is) and tuf-root (its root.json, from which all of it is proven).",
  });
}

function parseUrl(text: string): URL {
  const url = URL.parse(text.trim());
  const isPlain =
    url !== null &&
    /^https?:$/.test(url.protocol) &&
    `${url.username}${url.password}${url.search}${url.hash}` === "";
  if (isPlain) return url;
  // Credentials in it must not be told to the log.
  const shown = url === null ? quote(text, 60) : quote(`${url.protocol}//${url.host}`, 60);
  throw new SigstepError("INPUT_VALUE", `Input tuf-mirror is ${shown}, not the URL of a mirror.`, {
    where: "tuf-mirror",
    hint: "Write the https URL below which the repository's metadata stands, without user name, query or fragment.",
  });
}
