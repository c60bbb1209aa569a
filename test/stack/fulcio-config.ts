// Fulcio's configuration: our three issuers, and for the two CI providers the templates that the
// public instance uses. Each claim that a template names must be in the token, or Fulcio answers 400.
// See https://github.com/sigstore/fulcio/blob/v1.8.8/config/identity/config.yaml

import type { ServiceUrls } from "./trust.ts";

/**
 * The text of a `--config-path` file: JSON, which YAML readers take.
 *
 * Fulcio tries JSON first, with other names for the fields. The comment makes it YAML.
 */
export function fulcioConfig(urls: ServiceUrls): string {
  const json = JSON.stringify(
    {
      "oidc-issuers": {
        [urls.github]: ciIssuer(urls.github, "github-workflow"),
        [urls.gitlab]: ciIssuer(urls.gitlab, "gitlab-pipeline"),
        [urls.email]: { "issuer-url": urls.email, "client-id": "sigstore", type: "email" },
      },
      "ci-issuer-metadata": { "github-workflow": github, "gitlab-pipeline": gitlab },
    },
    null,
    2,
  );
  return `# YAML\n${json}\n`;
}

function ciIssuer(url: string, provider: string): unknown {
  return {
    "issuer-url": url,
    "client-id": "sigstore",
    type: "ci-provider",
    "ci-provider": provider,
  };
}

const github = {
  "default-template-values": { url: "https://github.com", environment: "" },
  "extension-templates": {
    "github-workflow-trigger": "event_name",
    "github-workflow-sha": "sha",
    "github-workflow-name": "workflow",
    "github-workflow-repository": "repository",
    "github-workflow-ref": "ref",
    "build-signer-uri": "{{ .url }}/{{ .job_workflow_ref }}",
    "build-signer-digest": "job_workflow_sha",
    "runner-environment": "runner_environment",
    "source-repository-uri": "{{ .url }}/{{ .repository }}",
    "source-repository-digest": "sha",
    "source-repository-ref": "ref",
    "source-repository-identifier": "repository_id",
    "source-repository-owner-uri": "{{ .url }}/{{ .repository_owner }}",
    "source-repository-owner-identifier": "repository_owner_id",
    "build-config-uri": "{{ .url }}/{{ .workflow_ref }}",
    "build-config-digest": "workflow_sha",
    "build-trigger": "event_name",
    "run-invocation-uri":
      "{{ .url }}/{{ .repository }}/actions/runs/{{ .run_id }}/attempts/{{ .run_attempt }}",
    "source-repository-visibility-at-signing": "repository_visibility",
    "deployment-environment": "environment",
  },
  "subject-alternative-name-template": "{{ .url }}/{{ .job_workflow_ref }}",
};

const gitlab = {
  "default-template-values": { url: "https://gitlab.com", environment: "" },
  "extension-templates": {
    "build-signer-uri": "https://{{ .ci_config_ref_uri }}",
    "build-signer-digest": "ci_config_sha",
    "runner-environment": "runner_environment",
    "source-repository-uri": "{{ .url }}/{{ .project_path }}",
    "source-repository-digest": "sha",
    "source-repository-ref":
      'refs/{{if eq .ref_type "branch"}}heads/{{ else }}tags/{{end}}{{ .ref }}',
    "source-repository-identifier": "project_id",
    "source-repository-owner-uri": "{{ .url }}/{{ .namespace_path }}",
    "source-repository-owner-identifier": "namespace_id",
    "build-config-uri": "https://{{ .ci_config_ref_uri }}",
    "build-config-digest": "ci_config_sha",
    "build-trigger": "pipeline_source",
    "run-invocation-uri": "{{ .url }}/{{ .project_path }}/-/jobs/{{ .job_id }}",
    "source-repository-visibility-at-signing": "project_visibility",
    "deployment-environment": "environment",
  },
  "subject-alternative-name-template": "https://{{ .ci_config_ref_uri }}",
};
