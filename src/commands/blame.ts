// Whose answer an error is about, and what to do: services and verifiers know the fault, not the place.
import { SigstepError, toSigstepError, type ErrorCode } from "../errors.ts";

/** A service that was asked. */
export interface AskedService {
  /** As messages call it: "Fulcio", "Rekor". */
  readonly name: string;
  readonly url: URL;
  /** What vouches for it, for messages. */
  readonly trustedRoot: string;
}

/**
 * Does `work`, which asks `service` and judges its answer. An error of that answer names the service
 * and its host, and has a hint.
 */
export async function blaming<T>(service: AskedService, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (thrown) {
    throw blame(toSigstepError(thrown), service);
  }
}

/** The same error with `hint`, unless it has one. */
export function advise(error: SigstepError, hint: string): SigstepError {
  return error.hint === "" ? renew(error, error.message, { hint, where: error.where }) : error;
}

function blame(error: SigstepError, service: AskedService): SigstepError {
  const hint = hints[error.code];
  if (hint === undefined) return error;
  return renew(error, nameService(error.message, service), {
    hint: error.hint === "" ? hint(service) : error.hint,
    where: service.url.host,
  });
}

type Hint = (service: AskedService) => string;

const mistrust: Hint = ({ trustedRoot }) =>
  `Either the trusted root (${trustedRoot}) is not this instance's present one, or the service is at fault: then tell those who run it.`;

/** Errors that are about an answer. */
const hints: Readonly<Partial<Record<ErrorCode, Hint>>> = {
  SERVICE_ANSWER_INVALID: ({ name, url }) =>
    `Check that ${url.href} is the address of ${name}: a proxy or another server may have answered in its place.`,
  SERVICE_REFUSED: ({ name, url }) =>
    `Asking again would not help. Check that ${url.href} is the address of ${name}, in the version that the signing config says.`,
  IDENTITY_REFUSED: () => "Check that this Sigstore instance accepts the token's issuer.",
  CERTIFICATE_INVALID: mistrust,
  SCT_INVALID: mistrust,
  LOG_ENTRY_INVALID: (service) => `${mistrust(service)} The entry may be public all the same.`,
  TIMESTAMP_INVALID: mistrust,
};

function nameService(message: string, { name, url }: AskedService): string {
  if (message.includes(url.host)) return message;
  const full = `${name} (${url.host})`;
  const word = new RegExp(`\\b${name}\\b`);
  if (word.test(message)) return message.replace(word, () => full);
  return `${full}: ${message.slice(0, 1).toLowerCase()}${message.slice(1)}`;
}

function renew(
  { code, published, cause }: SigstepError,
  message: string,
  details: { readonly hint: string; readonly where: string },
): SigstepError {
  return new SigstepError(code, message, { ...details, published, cause });
}
