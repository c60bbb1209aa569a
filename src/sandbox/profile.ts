// From claims to the contents of a certificate: Fulcio's templates for GitHub, GitLab and e-mail.
// A claim that a template names and the token lacks refuses the request; an empty value is left out.
// https://github.com/sigstore/fulcio/blob/main/docs/oid-info.md and config/identity/config.yaml
import type { JsonValue } from "../encoding/json.ts";
import type { IssuerKind } from "./claims.ts";
import { TokenRefused, type VerifiedToken } from "./identity.ts";

/** What a certificate says of its holder. */
export interface Profile {
  readonly name: { readonly type: "url" | "email"; readonly value: string };
  readonly extensions: readonly ProfileExtension[];
}

/** One extension under 1.3.6.1.4.1.57264.1. */
export interface ProfileExtension {
  /** Last arc of its identifier. */
  readonly number: number;
  /** The first six are bare bytes, the others a UTF8String in DER. */
  readonly form: "raw" | "utf8";
  readonly value: string;
}

type Templates = readonly (readonly [number: number, template: string])[];

const github: Templates = [
  [1, "{iss}"],
  [2, "{event_name}"],
  [3, "{sha}"],
  [4, "{workflow}"],
  [5, "{repository}"],
  [6, "{ref}"],
  [8, "{iss}"],
  [9, "https://github.com/{job_workflow_ref}"],
  [10, "{job_workflow_sha}"],
  [11, "{runner_environment}"],
  [12, "https://github.com/{repository}"],
  [13, "{sha}"],
  [14, "{ref}"],
  [15, "{repository_id}"],
  [16, "https://github.com/{repository_owner}"],
  [17, "{repository_owner_id}"],
  [18, "https://github.com/{workflow_ref}"],
  [19, "{workflow_sha}"],
  [20, "{event_name}"],
  [21, "https://github.com/{repository}/actions/runs/{run_id}/attempts/{run_attempt}"],
  [22, "{repository_visibility}"],
  [23, "{environment?}"],
  [24, "{sub}"],
];

const gitlab: Templates = [
  [1, "{iss}"],
  [8, "{iss}"],
  [9, "https://{ci_config_ref_uri}"],
  [10, "{ci_config_sha}"],
  [11, "{runner_environment}"],
  [12, "https://gitlab.com/{project_path}"],
  [13, "{sha}"],
  [14, "{source_ref}"],
  [15, "{project_id}"],
  [16, "https://gitlab.com/{namespace_path}"],
  [17, "{namespace_id}"],
  [18, "https://{ci_config_ref_uri}"],
  [19, "{ci_config_sha}"],
  [20, "{pipeline_source}"],
  [21, "https://gitlab.com/{project_path}/-/jobs/{job_id}"],
  [22, "{project_visibility}"],
  [23, "{environment?}"],
  [24, "{sub}"],
];

const email: Templates = [
  [1, "{iss}"],
  [8, "{iss}"],
  [24, "{sub}"],
];

const templates: Readonly<Record<IssuerKind, Templates>> = { github, gitlab, email };

/**
 * The contents of a certificate for the holder of `token`.
 *
 * @throws TokenRefused when a claim is missing
 */
export function profileOf({ issuer, claims }: VerifiedToken): Profile {
  const extensions = templates[issuer.kind].map(([number, template]): ProfileExtension => {
    const form = number <= 6 ? "raw" : "utf8";
    return { number, form, value: render(template, claims) };
  });
  return {
    name: nameOf(issuer.kind, claims),
    extensions: extensions.filter((extension) => extension.value !== ""),
  };
}

function nameOf(kind: IssuerKind, claims: JsonValue): Profile["name"] {
  switch (kind) {
    case "github":
      return { type: "url", value: render("https://github.com/{job_workflow_ref}", claims) };
    case "gitlab":
      return { type: "url", value: render("https://{ci_config_ref_uri}", claims) };
    case "email":
      if (claims.get("email_verified").raw !== true) throw new TokenRefused("e-mail not verified");
      return { type: "email", value: render("{email}", claims) };
  }
}

function render(template: string, claims: JsonValue): string {
  return template.replace(/\{(\w+)(\??)\}/g, (_whole, name: string, optional: string) => {
    if (name === "source_ref") return sourceRef(claims);
    return textOf(claims, name, optional !== "");
  });
}

function textOf(claims: JsonValue, name: string, optional: boolean): string {
  const value = claims.get(name).raw;
  if (typeof value === "string") return value;
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  if (optional) return "";
  throw new TokenRefused(`claim ${name} is missing`);
}

/** GitLab's `ref` is a bare name. */
function sourceRef(claims: JsonValue): string {
  const kind = textOf(claims, "ref_type", false) === "branch" ? "heads" : "tags";
  return `refs/${kind}/${textOf(claims, "ref", false)}`;
}
