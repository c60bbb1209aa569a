// One result of `verify` as JSON: for --json and for the file of results.
import type { SigstepError } from "../errors.ts";
import type { Json } from "./verify-json.ts";
import type { Refusal, VerifyResult } from "./verify-results.ts";

/** Takes secrets, and what looks like one, out of a text. */
export type Redact = (text: string) => string;

/**
 * A result, with all that was proven or why nothing was.
 *
 * @param redact - For errors alone: they may repeat what is not proven. Proven values stay as they are.
 */
export function encodeResult(result: VerifyResult, redact: Redact): Json {
  const { name, digests, refusals } = result;
  const image = result.image === undefined ? {} : { image: result.image };
  const others = refusals.map((refusal) => encodeRefusal(refusal, redact));
  switch (result.kind) {
    case "verified":
      return {
        ...{ name, verified: true, digests, ...image },
        bundles: result.proofs.map(({ json }) => json),
        refusedBundles: others,
      };
    case "refused":
      return {
        ...{ name, verified: false, digests, ...image },
        error: encodeError(result.error, redact),
        ...(result.missing === undefined ? {} : { missing: result.missing }),
        refusedBundles: others,
      };
  }
}

function encodeRefusal({ bundle, error }: Refusal, redact: Redact): Json {
  return { bundle, error: encodeError(error, redact) };
}

/** An error with its step, where it has one. */
export function encodeError(
  { code, message, hint, where, step }: SigstepError,
  redact: Redact = (text) => text,
): Json {
  return {
    ...{ code, message: redact(message), hint: redact(hint), where: redact(where) },
    ...(step === undefined ? {} : { step }),
  };
}
