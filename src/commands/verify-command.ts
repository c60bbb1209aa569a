// The command with which anyone checks a bundle, ready to paste into a POSIX shell.
import type { InstanceChoice } from "./instance-choice.ts";
import type { SignedResult } from "./results.ts";

/** A cosign command that verifies one result. */
export function verifyCommand(result: SignedResult, instance: InstanceChoice): string {
  const { certificate, file } = result;
  const words = [
    "cosign",
    "verify-blob",
    "--bundle",
    file.bundlePath,
    "--certificate-identity",
    certificate.identity,
    "--certificate-oidc-issuer",
    certificate.issuer,
    ...(instance.kind === "custom" ? ["--trusted-root", instance.trustedRoot] : []),
    file.path.startsWith("-") ? `./${file.path}` : file.path,
  ];
  return words.map(quoteWord).join(" ");
}

/** A cosign command that verifies one attestation, for its first subject. */
export function verifyAttestationCommand(result: SignedResult, instance: InstanceChoice): string {
  const { certificate, file } = result;
  const { predicateType = "", subjects = [] } = file.statement ?? {};
  const [first] = subjects;
  const [[algorithm, hex] = ["", ""]] = [...(first?.digests ?? [])];
  const words = [
    ...["cosign", "verify-blob-attestation", "--bundle", file.bundlePath],
    ...["--type", predicateType, "--certificate-identity", certificate.identity],
    ...["--certificate-oidc-issuer", certificate.issuer],
    ...(instance.kind === "custom" ? ["--trusted-root", instance.trustedRoot] : []),
    ...["--digest", hex, "--digestAlg", algorithm],
  ];
  return words.map(quoteWord).join(" ");
}

/** What breaks a line, steers a terminal or shows text in another order than it has. */
const unprintable = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;

/** One shell word; `$'…'` with octal bytes, which end by themselves, where a character cannot be shown. */
export function quoteWord(word: string): string {
  if (/^[\w@%+=:,./-]+$/.test(word)) return word;
  if (!unprintable.test(word)) return `'${word.replaceAll("'", `'\\''`)}'`;
  const escaped = word
    .replace(/[\\']/g, "\\$&")
    .replace(new RegExp(unprintable, "gu"), (found) =>
      [...Buffer.from(found, "utf8")]
        .map((byte) => `\\${byte.toString(8).padStart(3, "0")}`)
        .join(""),
    );
  return `$'${escaped}'`;
}
