// Values that a certificate never holds are refused where they are asked for: a policy with one could
// never be satisfied, and whoever wrote it meant something else.
import { quote, SigstepError } from "../errors.ts";
import type { FulcioExtensionName } from "../sigstore/fulcio-extensions.ts";

interface Form {
  readonly is: RegExp;
  readonly what: string;
  readonly hint: string;
}

const number: Form = {
  is: /^(?:0|[1-9]\d{0,19})$/,
  what: "no number",
  hint: "Write the numeric id in plain digits, without leading zeros or exponent.",
};
const uri: Form = {
  is: /^https?:\/\/[\x21-\x7e]+$/,
  what: "no address",
  hint: "Write the full address, with https:// before it.",
};

const forms: Readonly<Partial<Record<FulcioExtensionName, Form>>> = {
  sourceRepositoryIdentifier: number,
  sourceRepositoryOwnerIdentifier: number,
  sourceRepositoryUri: uri,
  sourceRepositoryOwnerUri: uri,
  buildSignerUri: uri,
  buildConfigUri: uri,
  sourceRepositoryDigest: {
    is: /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/,
    what: "no commit",
    hint: "Write all 40 (or 64) hexadecimal digits, in lower case.",
  },
  sourceRepositoryRef: {
    is: /^refs\/./,
    what: "no full ref",
    hint: "Write refs/heads/BRANCH or refs/tags/TAG.",
  },
};

/**
 * Checks a value that an extension shall have.
 *
 * @param name - What the user calls it, for the message.
 * @throws SigstepError POLICY_INVALID
 */
export function checkExtensionText(
  extension: FulcioExtensionName,
  text: string,
  name: string,
): void {
  const form = forms[extension];
  if (form === undefined || form.is.test(text)) return;
  throw new SigstepError("POLICY_INVALID", `${name} ${quote(text, 80)} is ${form.what}.`, {
    where: name,
    hint: form.hint,
  });
}
