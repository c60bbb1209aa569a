// Which of several instances a bundle is of. It decides only whom to ask: the chosen root proves or refuses.
import { equalBytes } from "../encoding/base64.ts";
import { SigstepError } from "../errors.ts";
import type { Bundle } from "./bundle.ts";
import { isSignedBy } from "./certificate-signature.ts";
import { parseCertificate, type Certificate } from "./certificate.ts";
import type { TrustedRoot } from "./trust.ts";

/**
 * The root one of whose authorities has signed the bundle's certificate: names alone do not tell, as
 * staging has those of the public-good instance. When none has, the first that has the issuer's name;
 * with a key, the root that has the log of an entry. The first one of all when none has: its refusal then
 * says what it does not know.
 *
 * @param roots - One at least, the instance to believe in doubt first.
 */
export function chooseTrustedRoot(bundle: Bundle, roots: readonly TrustedRoot[]): TrustedRoot {
  const [first] = roots;
  if (first === undefined) throw new TypeError("There is no trusted root to choose from.");
  if (roots.length === 1) return first;
  const certificates = readCertificates(bundle);
  const named =
    certificates.length === 0
      ? roots.filter((root) => knowsLog(root, bundle))
      : roots.filter((root) => certificates.some((each) => namedIssuers(root, each).length > 0));
  const signed = named.find((root) => certificates.some((each) => hasSigned(root, each)));
  return signed ?? named[0] ?? first;
}

/** The signer's, and those that old bundles bridge with. What cannot be read is refused later, with its step. */
function readCertificates({ signer }: Bundle): Certificate[] {
  if (signer.kind === "public-key") return [];
  return [signer.certificate, ...signer.chain].flatMap((der) => {
    try {
      return [parseCertificate(der)];
    } catch (error) {
      if (error instanceof SigstepError) return [];
      throw error;
    }
  });
}

function knowsLog({ logs }: TrustedRoot, { entries }: Bundle): boolean {
  return entries.some((entry) => logs.some(({ logId }) => equalBytes(logId, entry.logId)));
}

/** Whether an authority of `root` has issued `certificate`, by name and signature. Proves nothing else. */
export function hasSigned(root: TrustedRoot, certificate: Certificate): boolean {
  return namedIssuers(root, certificate).some((issuer) => isSignedBy(certificate, issuer));
}

function namedIssuers(
  { certificateAuthorities }: TrustedRoot,
  { issuer }: Certificate,
): Certificate[] {
  return certificateAuthorities.flatMap(({ certificates }) =>
    certificates.filter(({ subject }) => equalBytes(subject.raw, issuer.raw)),
  );
}
