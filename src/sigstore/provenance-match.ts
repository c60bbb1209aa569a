// What provenance says of builder, run and source, against what the certificate says of them: the
// certificate authority has seen the token, the predicate is the signer's own word. Judged for the build
// types of actions/attest and of ours; of another build type we do not know what its fields mean.
import type { JsonValue } from "../encoding/json.ts";
import { quote, SigstepError } from "../errors.ts";
import { gitHubBuildType, gitLabBuildType } from "./build-types.ts";
import type { FulcioExtensionName, FulcioExtensions } from "./fulcio-extensions.ts";

type Named = FulcioExtensions["named"];

interface Fact {
  /** Of the predicate. */
  readonly field: JsonValue;
  readonly extension: FulcioExtensionName;
  /** What the field has to be; undefined when the certificate does not say. */
  readonly expected: string | undefined;
}

/** The first versions of actions/attest named the kind of runner where later ones name the workflow. */
const runners = /^https:\/\/github\.com\/actions\/runner\/(?:github|self)-hosted$/;

const maxDependencies = 10_000;

/**
 * Checks SLSA provenance v1 against the certificate of its signer. A fact that the certificate does not
 * have is not compared; one that the predicate lacks fails.
 *
 * @throws SigstepError POLICY_NOT_SATISFIED with the first difference; the code that `predicate` was read
 * with when it is not provenance.
 */
export function matchProvenance(predicate: JsonValue, named: Named): void {
  const definition = predicate.get("buildDefinition");
  const facts = factsOf(definition.get("buildType").string(), predicate, named);
  for (const { field, extension, expected } of facts) {
    if (expected === undefined) continue;
    const found = field.present ? field.string() : undefined;
    if (extension === "buildSignerUri" && runners.test(found ?? "")) continue;
    if (found !== expected) throw differs(field, found, { extension, expected });
  }
}

function factsOf(buildType: string, predicate: JsonValue, named: Named): Fact[] {
  if (buildType === gitHubBuildType)
    return [...commonFacts(predicate, named), ...gitHubFacts(predicate, named)];
  if (buildType === gitLabBuildType)
    return [...commonFacts(predicate, named), ...gitLabFacts(predicate, named)];
  return [];
}

/** Builder, run and source, where both build types have them. */
function commonFacts(predicate: JsonValue, named: Named): Fact[] {
  const details = predicate.get("runDetails");
  const list = predicate.get("buildDefinition").get("resolvedDependencies");
  const [source] = list.items(maxDependencies);
  if (source === undefined) throw list.refuse("is empty");
  const { sourceRepositoryUri: repository, sourceRepositoryRef: ref } = named;
  return [
    {
      field: details.get("builder").get("id"),
      extension: "buildSignerUri",
      expected: named.buildSignerUri,
    },
    {
      field: details.get("metadata").get("invocationId"),
      extension: "runInvocationUri",
      expected: named.runInvocationUri,
    },
    {
      field: source.get("uri"),
      extension: "sourceRepositoryUri",
      expected:
        repository === undefined || ref === undefined ? undefined : `git+${repository}@${ref}`,
    },
    {
      field: source.get("digest").get("gitCommit"),
      extension: "sourceRepositoryDigest",
      expected: named.sourceRepositoryDigest,
    },
  ];
}

function gitHubFacts(predicate: JsonValue, named: Named): Fact[] {
  const definition = predicate.get("buildDefinition");
  const workflow = definition.get("externalParameters").get("workflow");
  const github = definition.get("internalParameters").get("github");
  return [
    {
      field: workflow.get("repository"),
      extension: "sourceRepositoryUri",
      expected: named.sourceRepositoryUri,
    },
    workflowRefFact(workflow.get("ref"), named),
    {
      field: github.get("repository_id"),
      extension: "sourceRepositoryIdentifier",
      expected: named.sourceRepositoryIdentifier,
    },
    {
      field: github.get("repository_owner_id"),
      extension: "sourceRepositoryOwnerIdentifier",
      expected: named.sourceRepositoryOwnerIdentifier,
    },
  ];
}

/** Before version 1.6 of actions/toolkit packages/attest it was the ref of the workflow file: on a pull request not that of the source. */
function workflowRefFact(field: JsonValue, named: Named): Fact {
  const { sourceRepositoryRef: source, buildConfigUri } = named;
  const config = buildConfigUri?.slice(buildConfigUri.indexOf("@") + 1);
  if (field.raw === config && config !== undefined) {
    return { field, extension: "buildConfigUri", expected: config };
  }
  return { field, extension: "sourceRepositoryRef", expected: source };
}

function gitLabFacts(predicate: JsonValue, named: Named): Fact[] {
  const definition = predicate.get("buildDefinition");
  const pipeline = definition.get("externalParameters").get("pipeline");
  return [
    {
      field: pipeline.get("repository"),
      extension: "sourceRepositoryUri",
      expected: named.sourceRepositoryUri,
    },
    {
      field: pipeline.get("ref"),
      extension: "sourceRepositoryRef",
      expected: named.sourceRepositoryRef,
    },
    {
      field: definition.get("internalParameters").get("gitlab").get("project_id"),
      extension: "sourceRepositoryIdentifier",
      expected: named.sourceRepositoryIdentifier,
    },
  ];
}

function differs(
  { path }: JsonValue,
  found: string | undefined,
  { extension, expected }: Pick<Fact, "extension"> & { readonly expected: string },
): SigstepError {
  const says = found === undefined ? "lacks" : `says ${quote(found)} in`;
  return new SigstepError(
    "POLICY_NOT_SATISFIED",
    `The provenance ${says} ${path}; its certificate says ${quote(expected)} (${extension}).`,
    {
      where: path,
      hint: "Whoever signed this wrote provenance of another build. Do not trust it.",
    },
  );
}
