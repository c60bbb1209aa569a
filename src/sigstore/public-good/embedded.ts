// The public-good instance's files, embedded so that a run needs nobody's word for them.
import { encodeEmbedded } from "../embedded.ts";
import root from "./root.json" with { type: "json" };
import signingConfigRekor1 from "./signing_config.v0.2.json" with { type: "json" };
import signingConfigRekor2 from "./signing_config_rekor_v2.v0.2.json" with { type: "json" };
import trustedRoot from "./trusted_root.json" with { type: "json" };

/** Trusted root, signing config by Rekor version, and the TUF root to begin from. */
export const publicGood = {
  tufRoot: encodeEmbedded(root),
  trustedRoot: encodeEmbedded(trustedRoot),
  signingConfig: { 1: encodeEmbedded(signingConfigRekor1), 2: encodeEmbedded(signingConfigRekor2) },
  /** When it was current. */
  asOf: new Date("2026-08-21T00:00:00Z"),
};
