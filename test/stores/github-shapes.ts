// What GitHub's API answers with: all that its description requires, and nothing that we are not sent.
import { createHash } from "node:crypto";
import { at, text } from "../sandbox/wire.ts";
import type { DoubleAsset, DoubleRelease, GitHubDouble } from "./github-api.ts";

const when = "2026-11-20T12:00:00Z";
const anywhere = "https://api.github.com/x";

function user(login: string, type: string): object {
  const urls = [
    ...["avatar_url", "url", "html_url", "followers_url", "following_url", "gists_url"],
    ...["starred_url", "subscriptions_url", "organizations_url", "repos_url", "events_url"],
    "received_events_url",
  ];
  return {
    ...Object.fromEntries(urls.map((name) => [name, anywhere])),
    ...{ login, id: 3003, node_id: "x", gravatar_id: "", type, site_admin: false },
  };
}

/** As `GET /repos/{owner}/{repo}`; see full-repository. */
export function repositoryAnswer({ repository }: GitHubDouble): object {
  const urls = [
    ...["archive_url", "assignees_url", "blobs_url", "branches_url", "collaborators_url"],
    ...["comments_url", "commits_url", "compare_url", "contents_url", "contributors_url"],
    ...["deployments_url", "downloads_url", "events_url", "forks_url", "git_commits_url"],
    ...["git_refs_url", "git_tags_url", "hooks_url", "html_url", "issue_comment_url"],
    ...["issue_events_url", "issues_url", "keys_url", "labels_url", "languages_url"],
    ...["merges_url", "milestones_url", "notifications_url", "pulls_url", "releases_url"],
    ...["stargazers_url", "statuses_url", "subscribers_url", "subscription_url", "tags_url"],
    ...["teams_url", "trees_url", "url", "svn_url", "clone_url", "git_url", "ssh_url"],
  ];
  const counts = [
    ...["forks", "forks_count", "network_count", "open_issues", "open_issues_count", "size"],
    ...["stargazers_count", "subscribers_count", "watchers", "watchers_count"],
  ];
  const flags = ["has_downloads", "has_issues", "has_pages", "has_wiki", "has_discussions", "fork"];
  const empty = ["description", "homepage", "language", "license", "mirror_url"];
  const { push } = repository;
  return {
    ...Object.fromEntries(urls.map((name) => [name, anywhere])),
    ...Object.fromEntries(counts.map((name) => [name, 0])),
    ...Object.fromEntries([...flags, "disabled", "has_projects"].map((name) => [name, false])),
    ...Object.fromEntries(empty.map((name) => [name, null])),
    ...{ id: 1, node_id: "x", name: "app", full_name: "acme/app", default_branch: "main" },
    ...{ created_at: when, pushed_at: when, updated_at: when },
    owner: user("acme", repository.ownerType),
    private: repository.isPrivate,
    archived: repository.archived,
    ...(push === undefined ? {} : { permissions: { admin: false, pull: true, push } }),
  };
}

export function releaseAnswer(double: GitHubDouble, release: DoubleRelease): object {
  const { id, tag, draft, immutable } = release;
  const urls = ["url", "html_url", "assets_url", "tarball_url", "zipball_url"];
  const base = double.uploadsHere
    ? `${double.url.origin}/api/uploads`
    : "https://uploads.github.com";
  return {
    ...Object.fromEntries(urls.map((name) => [name, anywhere])),
    upload_url: release.uploadUrl ?? `${base}/repos/acme/app/releases/${id}/assets{?name,label}`,
    ...{ id, node_id: "x", tag_name: tag, target_commitish: "main", name: tag, draft, immutable },
    ...{ prerelease: false, created_at: when, published_at: draft ? null : when },
    author: user("octocat", "User"),
    assets: release.assets.map((asset) => assetAnswer(double, asset)),
  };
}

export function assetAnswer(_double: GitHubDouble, asset: DoubleAsset): object {
  const { id, name, content, state, hasDigest } = asset;
  const digest = createHash("sha256").update(content).digest("hex");
  return {
    ...{ id, name, state, node_id: "x", label: null, content_type: "application/octet-stream" },
    ...{ size: content.length, digest: hasDigest ? `sha256:${digest}` : null, download_count: 0 },
    ...{ url: anywhere, created_at: when, updated_at: when },
    browser_download_url: `https://github.com/acme/app/releases/download/v1/${name}`,
    uploader: user("octocat", "User"),
  };
}

export function recordAnswer(record: unknown, id: number): object {
  const [name, digest] = [text(at(record, "name")), text(at(record, "digest"))];
  const made = { id, name, digest, artifact_url: null, repository: null, status: "active" };
  const registry_url = text(at(record, "registry_url"));
  const dates = { created_at: when, updated_at: when };
  return { total_count: 1, storage_records: [{ ...made, registry_url, ...dates }] };
}
