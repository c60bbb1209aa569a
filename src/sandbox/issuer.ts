// An OpenID Connect issuer that gives tokens to whoever asks: discovery, keys, and the endpoint from
// which a GitHub job takes its token. Signs RS256, as GitHub and GitLab do. Listens on loopback only.
import { createHash, generateKeyPair, randomUUID, sign, type KeyObject } from "node:crypto";
import { promisify } from "node:util";
import { defaultClaims, essentialClaim, type Claims, type IssuerKind } from "./claims.ts";
import { Faults, type Corruption } from "./faults.ts";
import { Requests } from "./requests.ts";
import { answerJson, startServer, type Answer, type Call, type World } from "./server.ts";

/** An RSA key pair for tokens, and its name in the JWKS. */
export interface TokenKey {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
  readonly keyId: string;
}

/** How to start an issuer. Only `kind` is needed. */
export interface IssuerOptions {
  readonly kind: IssuerKind;
  /** 0 or absent: any free one. */
  readonly port?: number | undefined;
  readonly tokenLifetimeSeconds?: number | undefined;
  readonly world?: World;
  /** Made here when absent. May still be in the making: the issuer waits for it when it signs. */
  readonly key?: Promise<TokenKey>;
}

/** An issuer that runs. */
export interface Issuer {
  readonly kind: IssuerKind;
  /** `http://localhost:PORT`, also the `iss` of its tokens. */
  readonly url: string;
  /** As `ACTIONS_ID_TOKEN_REQUEST_URL`: `&audience=X` is to be appended. */
  readonly requestUrl: string;
  /** As `ACTIONS_ID_TOKEN_REQUEST_TOKEN`: to be sent as `Authorization: Bearer`. */
  readonly requestToken: string;
  /** A token; `claims` replace the defaults one by one, and `undefined` leaves a claim out. */
  token(claims?: Claims): Promise<string>;
  /** From now on, lays `claims` over the defaults of every token, those of the endpoint included. */
  setClaims(claims: Claims): void;
  /** The key that verifies its tokens. */
  publicKey(): Promise<KeyObject>;
  close(): Promise<void>;
}

/** Makes the key for one or several issuers: RSA takes a tenth of a second, so do it once. */
export async function generateTokenKey(): Promise<TokenKey> {
  const { privateKey, publicKey } = await promisify(generateKeyPair)("rsa", {
    modulusLength: 2048,
  });
  const spki = publicKey.export({ format: "der", type: "spki" });
  return {
    privateKey,
    publicKey,
    keyId: createHash("sha256").update(spki).digest("hex").slice(0, 16),
  };
}

/**
 * Starts an issuer on 127.0.0.1.
 *
 * @see https://openid.net/specs/openid-connect-discovery-1_0.html#ProviderConfig
 */
export async function startIssuer(options: IssuerOptions): Promise<Issuer> {
  const issuer = new RunningIssuer(options);
  await issuer.start();
  return issuer;
}

class RunningIssuer implements Issuer {
  readonly kind: IssuerKind;
  readonly requestToken = `sandbox-request-${randomUUID()}`;
  readonly #options: IssuerOptions;
  readonly #world: World;
  readonly #key: Promise<TokenKey>;
  #claims: Claims = {};
  #port = 0;
  #close: () => Promise<void> = () => Promise.resolve();

  constructor(options: IssuerOptions) {
    this.kind = options.kind;
    this.#options = options;
    this.#key = options.key ?? generateTokenKey();
    this.#world = options.world ?? {
      faults: new Faults(),
      requests: new Requests(),
      now: () => new Date(),
    };
  }

  get url(): string {
    return `http://localhost:${this.#port}`;
  }

  get requestUrl(): string {
    return `${this.url}/token?api-version=2.0`;
  }

  async start(): Promise<void> {
    const server = await startServer({
      service: "issuer",
      port: this.#options.port,
      world: this.#world,
      handler: (call) => this.#handle(call),
    });
    this.#port = server.port;
    this.#close = () => server.close();
  }

  close(): Promise<void> {
    return this.#close();
  }

  setClaims(claims: Claims): void {
    this.#claims = { ...this.#claims, ...claims };
  }

  async publicKey(): Promise<KeyObject> {
    return (await this.#key).publicKey;
  }

  async token(claims: Claims = {}): Promise<string> {
    return signToken(this.#allClaims(claims), await this.#key);
  }

  #allClaims(claims: Claims): Claims {
    const now = Math.floor(this.#world.now().getTime() / 1000);
    return {
      jti: randomUUID(),
      aud: "sigstore",
      iss: this.url,
      iat: now,
      nbf: now - 5,
      exp: now + (this.#options.tokenLifetimeSeconds ?? 300),
      ...defaultClaims(this.kind),
      ...this.#claims,
      ...claims,
    };
  }

  async #handle(call: Call): Promise<Answer> {
    if (call.method !== "GET") return answerJson(405, { error: "method not allowed" });
    switch (call.path) {
      case "/.well-known/openid-configuration":
        return answerJson(200, this.#configuration());
      case "/.well-known/jwks":
        return answerJson(200, { keys: [jwkOf(await this.#key)] });
      case "/token":
        return this.#answerToken(call);
      default:
        return answerJson(404, { error: "not found" });
    }
  }

  #configuration(): unknown {
    return {
      issuer: this.url,
      jwks_uri: `${this.url}/.well-known/jwks`,
      authorization_endpoint: `${this.url}/authorize`,
      token_endpoint: `${this.url}/token`,
      response_types_supported: ["id_token"],
      subject_types_supported: ["public"],
      id_token_signing_alg_values_supported: ["RS256"],
      scopes_supported: ["openid"],
      claims_supported: Object.keys(this.#allClaims({})),
    };
  }

  /** GitHub's endpoint: no credential is 401, a wrong one 403. */
  async #answerToken(call: Call): Promise<Answer> {
    const authorization = call.headers.authorization;
    if (authorization === undefined) return answerJson(401, { message: "Unauthorized" });
    // The scheme's case does not matter (RFC 9110 section 11.1); cosign writes it in lower case.
    if (authorization.replace(/^bearer /i, "") !== this.requestToken) {
      return answerJson(403, { message: "Forbidden" });
    }
    if (call.corruption === "not-json") return { status: 200, body: "not JSON" };
    if (call.corruption === "empty") return answerJson(200, { value: "" });
    const key = call.wrongKey ? await generateTokenKey() : await this.#key;
    return answerJson(200, { value: signToken(this.#requestedClaims(call), key) });
  }

  #requestedClaims(call: Call): Claims {
    const audience = call.query.get("audience") ?? "https://github.com/acme";
    const claims = this.#allClaims({ aud: audience });
    const now = Math.floor(this.#world.now().getTime() / 1000);
    const falsified: Partial<Record<Corruption, Claims>> = {
      "wrong-audience": { aud: "somebody-else" },
      expired: { iat: now - 900, nbf: now - 900, exp: now - 600 },
      "missing-claim": { [essentialClaim(this.kind)]: undefined },
    };
    return { ...claims, ...(call.corruption && falsified[call.corruption]) };
  }
}

/** @see https://www.rfc-editor.org/rfc/rfc7515#section-7.1 */
function signToken(claims: Claims, key: TokenKey): string {
  const header = { alg: "RS256", typ: "JWT", kid: key.keyId };
  const signed = [header, claims].map((part) => base64url(JSON.stringify(part))).join(".");
  const signature = sign("sha256", Buffer.from(signed), key.privateKey);
  return `${signed}.${signature.toString("base64url")}`;
}

function jwkOf(key: TokenKey): unknown {
  return { ...key.publicKey.export({ format: "jwk" }), kid: key.keyId, use: "sig", alg: "RS256" };
}

function base64url(text: string): string {
  return Buffer.from(text).toString("base64url");
}
