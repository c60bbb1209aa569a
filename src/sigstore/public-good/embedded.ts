// The public-good instance's files, embedded so that a run needs nobody's word for them.
// JSON modules are bundled as values; parsers take bytes, so the text is made anew.
import signingConfigRekor1 from "./signing_config.v0.2.json" with { type: "json" };
import signingConfigRekor2 from "./signing_config_rekor_v2.v0.2.json" with { type: "json" };
import trustedRoot from "./trusted_root.json" with { type: "json" };

function encode(value: unknown): Uint8Array {
  return Buffer.from(JSON.stringify(value), "utf8");
}

/** Trusted root, and signing config by Rekor version, as JSON text in UTF-8. */
export const publicGood = {
  trustedRoot: encode(trustedRoot),
  signingConfig: { 1: encode(signingConfigRekor1), 2: encode(signingConfigRekor2) },
};
