// One result of `verify` as JSON: for --json and for the file of results.
import type { SigstepError } from "../errors.ts";
import type { Json } from "./verify-json.ts";
import type { Refusal, VerifyResult } from "./verify-results.ts";

/** A result, with all that was proven or why nothing was. */
export function encodeResult(result: VerifyResult): Json {
  const { name, digests, refusals } = result;
  const image = result.image === undefined ? {} : { image: result.image };
  const others = refusals.map(encodeRefusal);
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
        error: encodeError(result.error),
        ...(result.missing === undefined ? {} : { missing: result.missing }),
        refusedBundles: others,
      };
  }
}

function encodeRefusal({ bundle, error }: Refusal): Json {
  return { bundle, error: encodeError(error) };
}

/** An error with its step, where it has one. */
export function encodeError({ code, message, hint, where, step }: SigstepError): Json {
  return { code, message, hint, where, ...(step === undefined ? {} : { step }) };
}
