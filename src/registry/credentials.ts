// What a registry may be told about us, and the order in which the places that know are asked.

/** What opens a registry. Every value but the username is a secret. */
export type Credentials =
  | { readonly kind: "anonymous" }
  | { readonly kind: "basic"; readonly username: string; readonly password: string }
  /** An OAuth2 refresh token, for the realm alone. */
  | { readonly kind: "identity-token"; readonly token: string }
  /** A bearer token that is sent as it is. */
  | { readonly kind: "registry-token"; readonly token: string };

/** Credentials with the place they are from, for messages: a path or a variable's name, never a secret. */
export interface FoundCredentials {
  readonly credentials: Credentials;
  readonly source: string;
}

/** Told each secret before anything else sees it, so that it never appears in a log. */
export type Secret = (value: string) => void;

export const anonymous: Credentials = { kind: "anonymous" };

/** Announces what is secret in `credentials`, also in the form in which it is sent. */
export function announce(credentials: Credentials, secret: Secret): Credentials {
  switch (credentials.kind) {
    case "anonymous":
      return credentials;
    case "basic":
      // An empty one masked would mask everything.
      if (credentials.password !== "") secret(credentials.password);
      secret(basicValue(credentials));
      return credentials;
    case "identity-token":
    case "registry-token":
      secret(credentials.token);
      return credentials;
  }
}

/** What follows `Basic ` in an Authorization header. RFC 7617 section 2. */
export function basicValue({ username, password }: { username: string; password: string }): string {
  return Buffer.from(`${username}:${password}`, "utf8").toString("base64");
}
