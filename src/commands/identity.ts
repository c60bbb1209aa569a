// The identity token of a run: from the inputs or the runner, read, checked, and asked for only once
// as long as it lives.
import { readFile } from "node:fs/promises";
import { quote, SigstepError, systemCode } from "../errors.ts";
import type { Http } from "../services/http.ts";
import { parseIdentityToken, type IdentityToken } from "../sigstore/token.ts";
import type { SignRequest, TokenChoice } from "./request.ts";
import type { World } from "./world.ts";

/** A token that ends sooner is not worth a request. */
const leastLifeMs = 5_000;

/** Gives the run's token. */
export interface TokenSource {
  /**
   * A token with some life left: the one at hand, else a new one where the runner can give one.
   *
   * @throws SigstepError IDENTITY_UNAVAILABLE, IDENTITY_INVALID, IDENTITY_EXPIRED, INPUT_UNREADABLE
   */
  get(): Promise<IdentityToken>;
}

/** A source for `request`; nothing is read or asked before the first use. */
export function createTokenSource(
  request: Pick<SignRequest, "token" | "audience">,
  world: World,
  http: Http,
): TokenSource {
  const { token: choice, audience } = request;
  let current: IdentityToken | undefined;
  return {
    get: async () => {
      const left = (current?.expires.getTime() ?? 0) - world.now().getTime();
      if (current !== undefined && left > leastLifeMs) return current;
      const raw = await readToken(choice, { world, http, audience });
      current = parseIdentityToken(raw, audience, world.now());
      return current;
    },
  };
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
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    throw new SigstepError(
      "INPUT_UNREADABLE",
      `Input identity-token-file: ${quote(path)} cannot be read (${systemCode(error)}).`,
      { where: "identity-token-file", hint: "Check the path and who may read it.", cause: error },
    );
  }
  if (text.trim() !== "") return text.trim();
  throw new SigstepError("IDENTITY_UNAVAILABLE", `The token file ${quote(path)} is empty.`, {
    where: "identity-token-file",
    hint: "Write the token into it before this step.",
  });
}
