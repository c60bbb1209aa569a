// What is embedded of GitHub's own instance: where to begin, and whom to ask for a signature.
import { encodeEmbedded } from "../embedded.ts";
import root from "./root.json" with { type: "json" };
import signingConfig from "./signing_config.json" with { type: "json" };

/** The TUF root to begin from, and our signing config. */
export const github = {
  tufRoot: encodeEmbedded(root),
  signingConfig: encodeEmbedded(signingConfig),
};
