// The command with which anyone checks a bundle, ready to paste into a POSIX shell.
import type { InstanceChoice } from "./request.ts";
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

/** One shell word; `$'…'` where a control character would break the line. */
function quoteWord(word: string): string {
  if (/^[\w@%+=:,./-]+$/.test(word)) return word;
  if (!/\p{Cc}/u.test(word)) return `'${word.replaceAll("'", `'\\''`)}'`;
  const escaped = word.replace(/[\\']/g, "\\$&").replace(
    /\p{Cc}/gu,
    (found) =>
      `\\x${Buffer.from(found, "utf8")
        .toString("hex")
        .replace(/(..)(?=.)/g, "$1\\x")}`,
  );
  return `$'${escaped}'`;
}
