// Every input that says what to accept, once. The table of `verify` takes them from here.
import type { InputKind, InputSpec } from "./input-table.ts";

const text = (metavar: string): InputKind => ({ type: "text", metavar });

const spec = <Name extends string>(name: Name, kind: InputKind, help: string) =>
  ({ name, kind, default: "", help }) satisfies InputSpec;

/** In the order of the documentation. */
export const policyInputs = [
  spec(
    "repo",
    text("OWNER/NAME"),
    "GitHub repository that must be the source, or its full address on another GitHub. Letters' case counts.",
  ),
  spec(
    "project",
    text("GROUP/NAME"),
    "GitLab project that must be the source, or its full address on another GitLab.",
  ),
  spec(
    "certificate-identity",
    text("IDENTITY"),
    "Identity that must have signed, exactly as the certificate has it. Needs certificate-oidc-issuer unless repo or project is given.",
  ),
  spec(
    "certificate-identity-regexp",
    text("PATTERN"),
    "Pattern of the whole identity that must have signed, instead of certificate-identity. One that takes strangers is refused.",
  ),
  spec(
    "certificate-oidc-issuer",
    text("URL"),
    "Issuer of the identity, exactly. With repo or project, only where it is not the usual one.",
  ),
  spec(
    "source-ref",
    text("REF"),
    "Ref that was built, in full: refs/heads/main, refs/tags/v1.0.0.",
  ),
  spec("source-commit", text("SHA"), "Commit that was built, in full."),
  spec("trigger", text("EVENT"), "Event that started the build: push, release, schedule."),
  spec(
    "runner-environment",
    text("NAME"),
    "Kind of runner: github-hosted, gitlab-hosted, self-hosted.",
  ),
  spec(
    "repository-id",
    text("NUMBER"),
    "Numeric id of the source repository; it survives renames.",
  ),
  spec(
    "owner-id",
    text("NUMBER"),
    "Numeric id of the source repository's owner; it survives renames.",
  ),
  spec(
    "signer-workflow",
    text("WORKFLOW"),
    "Workflow that must have signed, OWNER/REPO/PATH or OWNER/REPO/PATH@REF. A reusable workflow has another repository than the source.",
  ),
  spec(
    "predicate-type",
    { type: "list", metavar: "TYPES" },
    "Predicate types to accept, URIs or short names (provenance, spdx, cyclonedx, sbom, …), any one of them. Without it any type is accepted and printed.",
  ),
  spec(
    "require-predicate",
    { type: "list", metavar: "TYPES" },
    "Attestations that must all be there for each artifact, each by some bundle: URIs or short names as with predicate-type, and sbom for either kind (provenance sbom). Statements of other types do not count.",
  ),
  spec(
    "builder-id",
    text("URI"),
    "Builder that SLSA provenance must name; then nothing but provenance is accepted, beside what require-predicate names.",
  ),
  {
    name: "check-provenance",
    kind: { type: "boolean" },
    default: "true",
    help: "Refuse provenance of a build type that repeats the identity token when it names another builder, source or run than its certificate. false accepts a statement for its signer alone, whatever it says.",
  },
  spec(
    "max-age",
    text("AGE"),
    "Oldest signature to accept, by its earliest proven time: 90m, 12h, 30d.",
  ),
  spec(
    "policy",
    text("FILE"),
    "Policy file (YAML) that says all of this, for several signers too; see docs/policy.md. No other input about the policy goes with it.",
  ),
] as const;

/** Name of an input about the policy. */
export type PolicyInputName = (typeof policyInputs)[number]["name"];
