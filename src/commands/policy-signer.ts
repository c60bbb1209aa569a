// One accepted signer, from the texts of flags or of a policy file. Short forms are spelled out here:
// what `acme/widget` means is decided once.
import { quote, SigstepError } from "../errors.ts";
import type { FulcioExtensionName } from "../sigstore/fulcio-extensions.ts";
import { exactly, matching, type Matcher } from "../sigstore/matcher.ts";
import type { IdentityPolicy } from "../sigstore/policy.ts";
import { checkExtensionText } from "./policy-values.ts";
import { parseProject, parseRepository, type Source } from "./policy-source.ts";

/** What can be said of a signer. Absent: nothing is asked. */
export interface SignerTexts {
  readonly repository?: string | undefined;
  readonly project?: string | undefined;
  readonly issuer?: string | undefined;
  readonly issuerPattern?: string | undefined;
  readonly identity?: string | undefined;
  readonly identityPattern?: string | undefined;
  readonly signerWorkflow?: string | undefined;
  readonly extensions: ReadonlyMap<FulcioExtensionName, ExtensionText>;
}

/** A value, or a pattern of it. */
export interface ExtensionText {
  readonly text: string;
  readonly isPattern: boolean;
}

/** The key of a text → what the user calls it: `--repo`, `repository`. */
export type SignerNames = (
  key: Exclude<keyof SignerTexts, "extensions"> | FulcioExtensionName,
) => string;

/**
 * The identity that the texts describe.
 *
 * @throws SigstepError POLICY_INVALID for what contradicts itself, is no value, or names no issuer.
 */
export function parseSigner(texts: SignerTexts, names: SignerNames): IdentityPolicy {
  refuseBoth(texts, names);
  const source = readSource(texts, names);
  const identity = readMatcher(texts.identity, texts.identityPattern, names("identity"));
  return {
    issuer: readIssuer(texts, source, names),
    ...(identity === undefined ? {} : { identity }),
    extensions: readExtensions(texts, source, names),
  };
}

const exclusive = [
  ["repository", "project"],
  ["identity", "identityPattern"],
  ["issuer", "issuerPattern"],
] as const;

function refuseBoth(texts: SignerTexts, names: SignerNames): void {
  for (const [one, other] of exclusive) {
    if (texts[one] !== undefined && texts[other] !== undefined) {
      throw conflict(names(one), names(other));
    }
  }
  // Both would set the same extension, and one of them would be lost.
  const short = texts.repository === undefined ? "project" : "repository";
  if (texts[short] !== undefined && texts.extensions.has("sourceRepositoryUri")) {
    throw conflict(names(short), names("sourceRepositoryUri"));
  }
  if (texts.signerWorkflow !== undefined && texts.extensions.has("buildSignerUri")) {
    throw conflict(names("signerWorkflow"), names("buildSignerUri"));
  }
}

/** An error about two things of which one must go. */
export function conflict(one: string, other: string): SigstepError {
  return new SigstepError("POLICY_INVALID", `${one} and ${other} are both given.`, {
    where: one,
    hint: "Give one of them.",
  });
}

function readSource(texts: SignerTexts, names: SignerNames): Source | undefined {
  if (texts.repository !== undefined) return parseRepository(texts.repository, names("repository"));
  return texts.project === undefined ? undefined : parseProject(texts.project, names("project"));
}

function readMatcher(
  text: string | undefined,
  pattern: string | undefined,
  what: string,
): Matcher | undefined {
  if (pattern !== undefined) return matching(pattern, what);
  return text === undefined ? undefined : exactly(text, what);
}

function readIssuer(
  { issuer, issuerPattern }: SignerTexts,
  source: Source | undefined,
  names: SignerNames,
): Matcher {
  const matcher = readMatcher(issuer ?? source?.issuer, issuerPattern, names("issuer"));
  if (matcher !== undefined) return matcher;
  throw new SigstepError("POLICY_INVALID", "The policy names no issuer.", {
    where: names("issuer"),
    hint: `Add ${names("issuer")}: https://token.actions.githubusercontent.com for GitHub, https://gitlab.com for GitLab, or your own server's.`,
  });
}

function readExtensions(
  { extensions, signerWorkflow }: SignerTexts,
  source: Source | undefined,
  names: SignerNames,
): Partial<Record<FulcioExtensionName, Matcher>> {
  const read: Partial<Record<FulcioExtensionName, Matcher>> = {};
  for (const [key, { text, isPattern }] of extensions) {
    const what = names(key);
    if (!isPattern) checkExtensionText(key, text, what);
    read[key] = isPattern ? matching(text, what) : exactly(text, what);
  }
  if (source !== undefined) read.sourceRepositoryUri = exactly(source.uri, names("repository"));
  if (signerWorkflow !== undefined) {
    read.buildSignerUri = parseSignerWorkflow(signerWorkflow, source, names("signerWorkflow"));
  }
  return read;
}

/**
 * The workflow that signed: `OWNER/REPO/PATH` of any ref, or with `@REF` of that one. A reusable
 * workflow's is not the source repository's.
 */
function parseSignerWorkflow(text: string, source: Source | undefined, what: string): Matcher {
  const origin = source === undefined ? "https://github.com" : new URL(source.uri).origin;
  const uri = text.startsWith("https://") ? text : `${origin}/${text}`;
  if (!/^https:\/\/[\w.:-]+\/[\w.-]+\/[\w./ -]+\.ya?ml(?:@[\x21-\x7e]+)?$/.test(uri)) {
    throw new SigstepError("POLICY_INVALID", `${what} ${quote(text)} is no workflow.`, {
      where: what,
      hint: "Write OWNER/REPO/.github/workflows/FILE.yml, with @refs/tags/v1 for one ref alone.",
    });
  }
  if (uri.includes("@")) return exactly(uri, what);
  return matching(`${uri.replaceAll(".", "\\.")}@.+`, what);
}
