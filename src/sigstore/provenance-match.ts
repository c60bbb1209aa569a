// What provenance says of builder, run and source, against what the certificate says of them: the
// certificate authority has seen the token, the predicate is the signer's own word. Judged for the build
// types of actions/attest and of ours; of another build type we do not know what its fields mean.
import type { JsonValue } from "../encoding/json.ts";
import { quote, SigstepError } from "../errors.ts";
import { gitHubBuildType, gitLabBuildType } from "./build-types.ts";
import type { FulcioExtensionName, FulcioExtensions } from "./fulcio-extensions.ts";

type Named = FulcioExtensions["named"];
type Path = readonly (string | number)[];

/** Field → the extension that says the same, and what of it. */
interface Rule {
  readonly path: Path;
  readonly extension: FulcioExtensionName;
  readonly expected: (named: Named) => string | undefined;
}

const rule = (path: string, extension: FulcioExtensionName): Rule => ({
  path: path.split(" "),
  extension,
  expected: (named) => named[extension],
});

const source: Path = ["buildDefinition", "resolvedDependencies", 0];

const common: readonly Rule[] = [
  rule("runDetails builder id", "buildSignerUri"),
  rule("runDetails metadata invocationId", "runInvocationUri"),
  { path: [...source, "uri"], extension: "sourceRepositoryUri", expected: sourceUri },
  {
    path: [...source, "digest", "gitCommit"],
    extension: "sourceRepositoryDigest",
    expected: (named) => named.sourceRepositoryDigest,
  },
];

const rules: ReadonlyMap<string, readonly Rule[]> = new Map([
  [
    gitHubBuildType,
    [
      ...common,
      rule("buildDefinition externalParameters workflow repository", "sourceRepositoryUri"),
      rule("buildDefinition externalParameters workflow ref", "sourceRepositoryRef"),
      rule("buildDefinition internalParameters github repository_id", "sourceRepositoryIdentifier"),
      rule(
        "buildDefinition internalParameters github repository_owner_id",
        "sourceRepositoryOwnerIdentifier",
      ),
    ],
  ],
  [
    gitLabBuildType,
    [
      ...common,
      rule("buildDefinition externalParameters pipeline repository", "sourceRepositoryUri"),
      rule("buildDefinition externalParameters pipeline ref", "sourceRepositoryRef"),
      rule("buildDefinition internalParameters gitlab project_id", "sourceRepositoryIdentifier"),
    ],
  ],
]);

function sourceUri({
  sourceRepositoryUri: repository,
  sourceRepositoryRef: ref,
}: Named): string | undefined {
  return repository === undefined || ref === undefined ? undefined : `git+${repository}@${ref}`;
}

/** The first versions of actions/attest named the kind of runner where later ones name the workflow. */
const runners = /^https:\/\/github\.com\/actions\/runner\/(?:github|self)-hosted$/;

/**
 * Checks SLSA provenance v1 against the certificate of its signer. A fact that either does not have is not
 * compared.
 *
 * @throws SigstepError STATEMENT_INVALID with the first difference
 */
export function matchProvenance(predicate: JsonValue, named: Named): void {
  const buildType = valueAt(predicate.raw, ["buildDefinition", "buildType"]);
  const known = typeof buildType === "string" ? rules.get(buildType) : undefined;
  for (const { path, extension, expected } of known ?? []) {
    const wanted = expected(named);
    const found = valueAt(predicate.raw, path);
    if (wanted === undefined || found === undefined || found === wanted) continue;
    if (isOldSpelling(extension, found, named)) continue;
    throw differs(path, found, { extension, wanted });
  }
}

/** What earlier versions of actions/attest wrote in good faith. */
function isOldSpelling(extension: FulcioExtensionName, found: unknown, named: Named): boolean {
  if (typeof found !== "string") return false;
  if (extension === "buildSignerUri") return runners.test(found);
  // Once it was the ref of the workflow file: on a pull request not that of the source.
  const { buildConfigUri } = named;
  const config = buildConfigUri?.slice(buildConfigUri.indexOf("@") + 1);
  return extension === "sourceRepositoryRef" && found === config;
}

/** What stands at `path`; undefined when there is nothing. */
function valueAt(value: unknown, path: Path): unknown {
  let at = value;
  for (const key of path) {
    if (typeof at !== "object" || at === null || !Object.hasOwn(at, key)) return undefined;
    at = Object.getOwnPropertyDescriptor(at, key)?.value;
  }
  return at ?? undefined;
}

function differs(
  path: Path,
  found: unknown,
  { extension, wanted }: Pick<Rule, "extension"> & { readonly wanted: string },
): SigstepError {
  const says = typeof found === "string" ? `says ${quote(found)}` : "has no text";
  return new SigstepError(
    "STATEMENT_INVALID",
    `The provenance ${says} in ${path.join(".")}; its certificate says ${quote(wanted)} (${extension}).`,
    {
      where: path.join("."),
      hint: "Whoever signed this wrote provenance of another build. Do not trust it.",
    },
  );
}
