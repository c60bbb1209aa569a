// Which of several instances a bundle is of. It decides only whom to ask: the chosen root proves or refuses.
import { equalBytes } from "../encoding/base64.ts";
import { SigstepError } from "../errors.ts";
import type { Bundle } from "./bundle.ts";
import { parseCertificate, type Certificate } from "./certificate.ts";
import type { TrustedRoot } from "./trust.ts";

/**
 * The root one of whose authorities has the name of the certificate's issuer; with a key, the root that
 * has the log of an entry. The first one when none has: its refusal then says what it does not know.
 *
 * @param roots - One at least, the instance to believe in doubt first.
 */
export function chooseTrustedRoot(bundle: Bundle, roots: readonly TrustedRoot[]): TrustedRoot {
  const [first] = roots;
  if (first === undefined) throw new TypeError("There is no trusted root to choose from.");
  if (roots.length === 1) return first;
  const leaf = readLeaf(bundle);
  const knows = leaf === undefined ? knowsLog : knowsIssuer;
  return roots.find((root) => knows(root, bundle, leaf)) ?? first;
}

/** A certificate that cannot be read is refused later, with its step. */
function readLeaf({ signer }: Bundle): Certificate | undefined {
  if (signer.kind === "public-key") return undefined;
  try {
    return parseCertificate(signer.certificate);
  } catch (error) {
    if (error instanceof SigstepError) return undefined;
    throw error;
  }
}

function knowsLog({ logs }: TrustedRoot, { entries }: Bundle): boolean {
  return entries.some((entry) => logs.some(({ logId }) => equalBytes(logId, entry.logId)));
}

function knowsIssuer(
  { certificateAuthorities }: TrustedRoot,
  _bundle: Bundle,
  leaf: Certificate | undefined,
): boolean {
  return certificateAuthorities.some(({ certificates }) =>
    certificates.some(
      ({ subject }) => leaf !== undefined && equalBytes(subject.raw, leaf.issuer.raw),
    ),
  );
}
