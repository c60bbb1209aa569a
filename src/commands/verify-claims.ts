// What a proven statement claims, for people: one line of its own, and for provenance the SLSA level that
// the certificate leaves possible. Nothing in a predicate raises that level.
import { describeClaim } from "../predicates/predicate-claims.ts";
import { slsaLevel } from "../predicates/slsa-level.ts";
import { gitHubBuildType, gitLabBuildType } from "../sigstore/build-types.ts";
import type { ProvenCertificate } from "../sigstore/chain.ts";
import type { FulcioExtensions } from "../sigstore/fulcio-extensions.ts";
import { isProvenance, readProvenance } from "../sigstore/provenance.ts";
import type { Statement } from "../sigstore/statement.ts";

/** One line, two for provenance; none for a signature over the artifact itself. */
export function describeClaims(
  statement: Statement | undefined,
  certificate: ProvenCertificate | undefined,
): readonly string[] {
  if (statement === undefined) return [];
  const claim = describeClaim(statement);
  if (!isProvenance(statement)) return [claim];
  return [claim, describeLevel(statement, certificate?.certificate.fulcio.named)];
}

/** Build types whose fields were compared with the certificate. */
const compared: readonly (string | undefined)[] = [gitHubBuildType, gitLabBuildType];

function describeLevel(
  statement: Statement,
  certificate: FulcioExtensions["named"] | undefined,
): string {
  if (certificate === undefined) return `${unknown}: a key does not say what built it`;
  const { runnerEnvironment } = certificate;
  if (!compared.includes(readProvenance(statement).buildType) || runnerEnvironment === undefined) {
    return `${unknown}: the certificate does not show that this is the build that it is for`;
  }
  const { level, reason } = slsaLevel({ token: { issuer: "", claims: claimsOf(certificate) } });
  return `SLSA build level ${level} at most: ${reason}`;
}

const unknown = "SLSA build level unknown";

/** The claims of the token that the certificate repeats. */
function claimsOf({
  runnerEnvironment = "",
  buildSignerUri,
  buildConfigUri,
}: FulcioExtensions["named"]): ReadonlyMap<string, string> {
  const claims = new Map([["runner_environment", runnerEnvironment]]);
  if (buildSignerUri === undefined || buildConfigUri === undefined) return claims;
  return claims.set("job_workflow_ref", buildSignerUri).set("workflow_ref", buildConfigUri);
}
