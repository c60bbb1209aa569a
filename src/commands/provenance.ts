// Provenance of the job that this process is part of, made of what its certificate and token say.
import { encodeGitHubProvenance } from "../predicates/provenance-github.ts";
import { encodeGitLabProvenance } from "../predicates/provenance-gitlab.ts";
import type { BuildIdentity } from "../predicates/claims.ts";
import type { WorkflowInputs } from "../predicates/workflow-inputs.ts";
import { parseJson } from "../encoding/json.ts";
import { SigstepError } from "../errors.ts";
import type { JobFacts } from "../runner/runner.ts";
import { matchProvenance } from "../sigstore/provenance-match.ts";

/** What of the job no token says. */
export interface ProvenanceExtras {
  readonly job: JobFacts;
  /** The event's inputs, when the user asked for them. */
  readonly inputs: WorkflowInputs | undefined;
}

const maxBytes = 1024 * 1024;

/**
 * The predicate as JSON text, compared with the certificate before it is handed out.
 *
 * @throws SigstepError IDENTITY_INVALID for the token of neither a GitHub nor a GitLab job.
 */
export function encodeProvenance(identity: BuildIdentity, extras: ProvenanceExtras): string {
  const text = encodeByKind(identity, extras);
  const source = { label: "provenance", code: "INTERNAL", maxBytes } as const;
  matchProvenance(parseJson(Buffer.from(text), source), identity.certificate);
  return text;
}

/**
 * Refuses a token of which no provenance can be made: known before a certificate is asked for, which is
 * public for ever.
 *
 * @throws SigstepError IDENTITY_INVALID
 */
export function requireProvenance(token: BuildIdentity["token"], extras: ProvenanceExtras): void {
  encodeByKind({ token, certificate: {} }, extras);
}

/**
 * The predicate without that comparison: what this run says of itself, to be compared with what an earlier
 * attempt has signed under a certificate of its own.
 *
 * @throws SigstepError IDENTITY_INVALID
 */
export function encodeByKind(identity: BuildIdentity, { job, inputs }: ProvenanceExtras): string {
  const { claims } = identity.token;
  if (claims.has("job_workflow_ref")) return encodeGitHubProvenance(identity, inputs);
  if (claims.has("ci_config_ref_uri")) {
    const { name, startedOn } = job;
    return encodeGitLabProvenance(identity, { name, startedOn });
  }
  throw new SigstepError(
    "IDENTITY_INVALID",
    "Provenance is made for GitHub Actions and GitLab CI jobs, and the identity token is of neither.",
    {
      where: "predicate-type",
      hint: "Attest a predicate of your own: predicate-type and predicate-path.",
    },
  );
}
