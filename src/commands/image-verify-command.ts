// The commands with which anyone checks an image, ready to paste into a POSIX shell.
import type { InstanceChoice } from "./instance-choice.ts";
import { signatureType } from "./image-plan.ts";
import type { SignedResult } from "./results.ts";
import { quoteWord } from "./verify-command.ts";

/** A cosign command that verifies one statement beside its image. */
export function imageVerifyCommand(result: SignedResult, instance: InstanceChoice): string {
  const { certificate, image } = result;
  if (image === undefined) throw new TypeError("no image");
  const isSignature = image.predicateType === signatureType;
  const words = [
    "cosign",
    ...(isSignature ? ["verify"] : ["verify-attestation", "--type", image.predicateType]),
    ...(image.listedBy === undefined ? ["--new-bundle-format=false"] : []),
    ...["--certificate-identity", certificate.identity],
    ...["--certificate-oidc-issuer", certificate.issuer],
    ...(instance.kind === "custom" ? ["--trusted-root", instance.trustedRoot] : []),
    image.name,
  ];
  return words.map(quoteWord).join(" ");
}

/** The same for GitHub's client, which wants an owner: undefined for identities that are not GitHub's. */
export function imageGhCommand(result: SignedResult, instance: InstanceChoice): string | undefined {
  const { certificate, image } = result;
  const owner = /^https:\/\/github\.com\/([^/]+)\//.exec(certificate.identity)?.[1];
  if (image?.listedBy === undefined || image.listedBy === "layout" || owner === undefined) {
    return undefined;
  }
  const words = [
    ...["gh", "attestation", "verify", `oci://${image.name}`, "--bundle-from-oci"],
    ...["--owner", owner, "--cert-identity", certificate.identity],
    ...["--cert-oidc-issuer", certificate.issuer, "--predicate-type", image.predicateType],
    ...(instance.kind === "custom" ? ["--custom-trusted-root", instance.trustedRoot] : []),
  ];
  return words.map(quoteWord).join(" ");
}
