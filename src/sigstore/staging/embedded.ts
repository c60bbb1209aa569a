// The files of Sigstore's staging instance, embedded so that a run needs nobody's word for them.
import { encodeEmbedded } from "../embedded.ts";
import root from "./root.json" with { type: "json" };
import signingConfig from "./signing_config.v0.2.json" with { type: "json" };
import trustedRoot from "./trusted_root.json" with { type: "json" };

/** Trusted root, signing config, and the TUF root to begin from. */
export const staging = {
  tufRoot: encodeEmbedded(root),
  trustedRoot: encodeEmbedded(trustedRoot),
  signingConfig: encodeEmbedded(signingConfig),
  /** When it was current. */
  asOf: new Date("2026-04-17T00:00:00Z"),
};
