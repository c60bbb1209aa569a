// The inputs that say where bundles go besides their files → one request.
import { SigstepError } from "../errors.ts";
import type { InputReader } from "./input-reader.ts";
import type { StoreInputName } from "./input-table.ts";

/** Which release gets the bundles. */
export type ReleaseChoice =
  | { readonly kind: "tag"; readonly tag: string }
  /** The one that started the workflow. */
  | { readonly kind: "event" };

/** Where a user wants bundles besides their files. */
export interface StoreRequest {
  /** A secret. */
  readonly gitHubToken: string | undefined;
  readonly release: ReleaseChoice | undefined;
  /** Name of the run's artifact; `job` leaves the name to us. */
  readonly artifact: { readonly name: string } | "job" | undefined;
}

/**
 * The request that the inputs make.
 *
 * @throws SigstepError INPUT_VALUE, INPUT_MISSING
 */
export function parseStoreRequest(inputs: InputReader<StoreInputName>): StoreRequest {
  const gitHubToken = inputs.text("github-token")?.trim();
  const release = chooseRelease(inputs);
  if (release !== undefined && gitHubToken === undefined) throw withoutToken();
  return { gitHubToken, release, artifact: chooseArtifact(inputs) };
}

function chooseRelease(inputs: InputReader<StoreInputName>): ReleaseChoice | undefined {
  const tag = inputs.text("release-tag");
  const upload = inputs.text("upload-release-assets");
  const isWanted = upload === "true" || (upload !== "false" && tag !== undefined);
  if (!isWanted) return undefined;
  return tag === undefined ? { kind: "event" } : { kind: "tag", tag };
}

function chooseArtifact(inputs: InputReader<StoreInputName>): StoreRequest["artifact"] {
  const text = inputs.text("upload-artifact");
  if (text === undefined || /^\s*false\s*$/i.test(text)) return undefined;
  return /^\s*true\s*$/i.test(text) ? "job" : { name: text };
}

function withoutToken(): SigstepError {
  return new SigstepError("INPUT_MISSING", "Input github-token is missing.", {
    where: "github-token",
    hint: "Release assets need it: in a workflow pass `github-token: ${{ github.token }}`, on a command line set SIGSTEP_GITHUB_TOKEN.",
  });
}
