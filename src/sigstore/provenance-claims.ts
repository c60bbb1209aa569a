// Provenance whose build type promises to repeat the identity token: it must say what the certificate
// says. Other builders name themselves as they like, and are left alone.
// https://github.com/actions/buildtypes/blob/main/workflow/v1/README.md
import { SigstepError } from "../errors.ts";
import type { ProvenCertificate } from "./chain.ts";
import type { FulcioExtensionName } from "./fulcio-extensions.ts";
import { showText } from "./show-text.ts";
import { textAt } from "./provenance.ts";
import type { Statement } from "./statement.ts";

const buildTypePath = ["buildDefinition", "buildType"];
const githubBuildType = "https://actions.github.io/buildtypes/workflow/v1";

const builderPath = ["runDetails", "builder", "id"];
const workflow = ["buildDefinition", "externalParameters", "workflow"];

/** Field → the extension that repeats the same claim. */
const rules: readonly (readonly [what: string, string[], FulcioExtensionName])[] = [
  ["builder id", builderPath, "buildSignerUri"],
  ["source repository", [...workflow, "repository"], "sourceRepositoryUri"],
  ["invocation", ["runDetails", "metadata", "invocationId"], "runInvocationUri"],
];

/** The first versions of actions/attest named the kind of runner where later ones name the workflow. */
const runners = /^https:\/\/github\.com\/actions\/runner\/(?:github|self)-hosted$/;

/**
 * Checks provenance of GitHub's own build type against the certificate that signed it; what either
 * does not say is not compared.
 *
 * @throws SigstepError STATEMENT_INVALID
 */
export function verifyProvenanceClaims(
  { predicateType, predicate }: Statement,
  { certificate }: ProvenCertificate,
): void {
  if (predicateType !== "https://slsa.dev/provenance/v1") return;
  if (textAt(predicate.raw, buildTypePath) !== githubBuildType) return;
  for (const [what, path, name] of rules) {
    const found = textAt(predicate.raw, path);
    const signed = certificate.fulcio.named[name];
    if (found === undefined || signed === undefined || found === signed) continue;
    if (path === builderPath && runners.test(found)) continue;
    throw differs(what, found, signed);
  }
}

function differs(what: string, found: string, signed: string): SigstepError {
  return new SigstepError(
    "STATEMENT_INVALID",
    `The provenance's ${what} is ${showText(found)}, and the certificate that signed it says ${showText(signed)}.`,
    { where: what, hint: "Whoever signed it wrote something else than was proven: do not use it." },
  );
}
