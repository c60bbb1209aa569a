// The Sigstore instances that sigstep knows, and any other by its TUF mirror: where their trust is
// published, the root to begin from, and what stands in when nobody can be asked.
import { parseJson } from "../encoding/json.ts";
import { quote, SigstepError, systemCode } from "../errors.ts";
import type { Targets } from "../services/tuf/evidence.ts";
import type { Repository } from "../services/tuf/refresh.ts";
import { readSmallFile } from "../subjects/small-file.ts";

/** Instances that need no files. */
export type KnownInstance = "public-good" | "staging" | "github";

/** A TUF repository of one's own. */
export interface Mirror {
  readonly kind: "mirror";
  readonly url: URL;
  /** Path of its first root.json. */
  readonly root: string;
}

/** A repository, and what is embedded of it. */
export interface TrustSource extends Repository {
  readonly embedded: Embedded | undefined;
}

/** Targets as they were when this version was made. */
export interface Embedded {
  readonly files: Targets;
  readonly asOf: Date;
  /** Of the embedded root. */
  readonly expires: Date;
}

const maxRootBytes = 512 * 1024;

/** The source of a known instance. */
export async function knownSource(instance: KnownInstance): Promise<TrustSource> {
  switch (instance) {
    case "public-good": {
      const { publicGood } = await import("../sigstore/public-good/embedded.ts");
      const { tufRoot: root, asOf, trustedRoot, signingConfig } = publicGood;
      const files: Targets = new Map([
        ["trusted_root.json", trustedRoot],
        ["signing_config.v0.2.json", signingConfig[1]],
        ["signing_config_rekor_v2.v0.2.json", signingConfig[2]],
      ]);
      return {
        label: "the public-good Sigstore instance",
        url: new URL("https://tuf-repo-cdn.sigstore.dev/"),
        root,
        embedded: { files, asOf, expires: expiryOf(root) },
      };
    }
    case "staging": {
      const { staging } = await import("../sigstore/staging/embedded.ts");
      const { tufRoot: root, asOf, trustedRoot, signingConfig } = staging;
      const files: Targets = new Map([
        ["trusted_root.json", trustedRoot],
        ["signing_config.v0.2.json", signingConfig],
      ]);
      return {
        label: "Sigstore's staging instance",
        url: new URL("https://tuf-repo-cdn.sigstage.dev/"),
        root,
        embedded: { files, asOf, expires: expiryOf(root) },
      };
    }
    case "github": {
      const { github } = await import("../sigstore/github/embedded.ts");
      return {
        label: "GitHub's Sigstore instance",
        url: new URL("https://tuf-repo.github.com/"),
        root: github.tufRoot,
        // Its authorities change every half a year: what is embedded would not last.
        embedded: undefined,
      };
    }
  }
}

/**
 * The source that a mirror is.
 *
 * @throws SigstepError TUF_ROOT_INVALID when its root cannot be read
 */
export async function mirrorSource({ url, root: path }: Mirror): Promise<TrustSource> {
  return {
    label: `the TUF mirror ${url.host}`,
    url,
    root: await readRoot(path),
    embedded: undefined,
  };
}

async function readRoot(path: string): Promise<Uint8Array> {
  try {
    return await readSmallFile(path, maxRootBytes);
  } catch (error) {
    throw new SigstepError(
      "TUF_ROOT_INVALID",
      `Input tuf-root: ${quote(path)} cannot be read (${systemCode(error)}).`,
      {
        where: "tuf-root",
        hint: "Check the path: it is relative to the working directory of this step.",
        cause: error,
      },
    );
  }
}

function expiryOf(root: Uint8Array): Date {
  const source = { label: "embedded TUF root", code: "TUF_ROOT_INVALID" } as const;
  return parseJson(root, { ...source, maxBytes: maxRootBytes })
    .get("signed")
    .get("expires")
    .date();
}
