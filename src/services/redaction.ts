// What must not be repeated from an answer: servers echo what they were sent.

/** Takes everything secret out of a text. */
export type Redact = (text: string) => string;

/**
 * Redaction for one request: what the caller knows to be secret, the credentials of this request,
 * and anything that has the form of a JSON web token.
 *
 * @param known - Redaction of the run (tokens registered with the runner).
 * @param authorization - Value of the request's Authorization header, if any.
 */
export function redactionFor(known: Redact, authorization: string | undefined): Redact {
  const credentials = authorization?.slice(authorization.indexOf(" ") + 1) ?? "";
  return (text) => {
    const safe = known(text).replace(webToken, "***");
    return credentials === "" ? safe : safe.replaceAll(credentials, "***");
  };
}

/** `eyJ` is `{"` in base64url: how every encoded JOSE header begins. Open-ended, so cut tokens match. */
const webToken = /eyJ[\w-]{8,}(\.[\w-]*){0,2}/g;
