// The identity token of a run: from the inputs or the runner, read, checked, and asked for only once
// as long as it lives.
import { quote, SigstepError, systemCode } from "../errors.ts";
import type { Http } from "../services/http.ts";
import { parseIdentityToken, type IdentityToken } from "../sigstore/token.ts";
import { readSmallFile } from "../subjects/small-file.ts";
import type { SignRequest, TokenChoice } from "./request.ts";
import type { World } from "./world.ts";

/** A token that ends sooner is not worth a request. */
const leastLifeMs = 5_000;
const maxTokenBytes = 64 * 1024;

/** Gives the run's token. */
export interface TokenSource {
  /**
   * A token with some life left: the one at hand, else a new one where the runner can give one.
   * Callers that come together share it.
   *
   * @param spent - One that did not live long enough; it is not given again.
   * @throws SigstepError IDENTITY_UNAVAILABLE, IDENTITY_INVALID, IDENTITY_EXPIRED, INPUT_UNREADABLE
   */
  get(spent?: IdentityToken): Promise<IdentityToken>;
}

/** A source for `request`; nothing is read or asked before the first use. */
export function createTokenSource(
  request: Pick<SignRequest, "token" | "audience">,
  world: World,
  http: Http,
): TokenSource {
  const { token: choice, audience } = request;
  let current: Promise<IdentityToken> | undefined;
  const read = (): Promise<string> => readToken(choice, { world, http, audience });
  const ask = async (): Promise<IdentityToken> =>
    parseIdentityToken(await read(), audience, world.now());
  const renew = async (old: IdentityToken, spent?: IdentityToken): Promise<IdentityToken> => {
    const raw = await read();
    if (raw !== old.raw) return parseIdentityToken(raw, audience, world.now());
    // GitLab's tokens and those of a file serve until they end.
    if (old !== spent && old.expires > world.now()) return old;
    throw notRenewable(old);
  };
  const isSpent = ({ expires }: IdentityToken): boolean =>
    expires.getTime() - world.now().getTime() <= leastLifeMs;
  return {
    get: async (spent) => {
      const held = (current ??= ask());
      const token = await held;
      if (token !== spent && !isSpent(token)) return token;
      // Whoever comes first asks; the others find it asked.
      if (current === held) current = renew(token, spent);
      return current;
    },
  };
}

function notRenewable({ expires }: IdentityToken): SigstepError {
  return new SigstepError(
    "IDENTITY_EXPIRED",
    `The identity token ends ${expires.toISOString()}, and there is no newer one.`,
    { hint: "Run again; on GitLab a longer job timeout gives a longer token." },
  );
}

interface TokenContext {
  readonly world: World;
  readonly http: Http;
  readonly audience: string;
}

async function readToken(
  choice: TokenChoice,
  { world, http, audience }: TokenContext,
): Promise<string> {
  switch (choice.kind) {
    case "ambient":
      return world.runner.identityToken(audience, http);
    case "given":
      return choice.token;
    case "file": {
      const token = await readTokenFile(choice.path);
      world.runner.secret(token);
      return token;
    }
  }
}

async function readTokenFile(path: string): Promise<string> {
  let token: string;
  try {
    token = Buffer.from(await readSmallFile(path, maxTokenBytes))
      .toString("utf8")
      .trim();
  } catch (error) {
    throw new SigstepError(
      "INPUT_UNREADABLE",
      `Input identity-token-file: ${quotePath(path)} cannot be read (${systemCode(error)}).`,
      { where: "identity-token-file", hint: "Check the path and who may read it.", cause: error },
    );
  }
  if (token !== "") return token;
  throw new SigstepError("IDENTITY_UNAVAILABLE", `The token file ${quotePath(path)} is empty.`, {
    where: "identity-token-file",
    hint: "Write the token into it before this step.",
  });
}

/** Somebody will write the token itself where its file belongs. */
function quotePath(path: string): string {
  return path.startsWith("eyJ") ? "(a token, not a path)" : quote(path);
}
