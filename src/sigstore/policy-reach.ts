// Whom a policy lets in. One that lets strangers in is refused before anything is verified: the issuers
// of this world sign for everybody, so something must say whose signature it is.
import { SigstepError } from "../errors.ts";
import type { FulcioExtensionName } from "./fulcio-extensions.ts";
import type { Matcher } from "./matcher.ts";
import type { IdentityPolicy } from "./policy-identity.ts";
import { describeMatcher } from "./policy-words.ts";

/**
 * Extensions that say whose build it was. Not among them: commits, which every fork has; workflow
 * names, events and runners, which are alike everywhere; and the signer's workflow, which others call.
 */
const telling: readonly FulcioExtensionName[] = [
  "sourceRepositoryUri",
  "sourceRepositoryIdentifier",
  "sourceRepositoryOwnerUri",
  "sourceRepositoryOwnerIdentifier",
  "buildConfigUri",
  "runInvocationUri",
  "githubWorkflowRepository",
];

/** The part of a policy that is looked at. */
interface Identities {
  /** Any one of them. */
  readonly identities: readonly IdentityPolicy[];
}

/** How names begin, or are, that nobody has asked for. A pattern that takes one takes anyone's. */
const strangers = {
  prefixes: [
    "https://github.com/sigstep-stranger-1f0e/",
    "https://gitlab.com/sigstep-stranger-1f0e/",
    "https://buildkite.com/sigstep-stranger-1f0e/",
    "https://circleci.com/api/v2/projects/1f0e2d3c",
    "https://sigstep-stranger-1f0e.example/",
    "spiffe://sigstep-stranger-1f0e.example/",
  ],
  texts: [
    "sigstep-stranger-1f0e/widget",
    "someone.1f0e@gmail.com",
    "someone.1f0e@sigstep-stranger.example",
    "90817263544536271809",
  ],
};

/**
 * Refuses a policy that any stranger could satisfy: without an identity, with a pattern that takes
 * names of people nobody knows, or with nothing but an issuer.
 *
 * @param keyed - Whether a key is trusted, which takes the place of identities.
 * @throws SigstepError POLICY_INVALID
 */
export function requireMeaningful({ identities }: Identities, keyed = false): void {
  if (keyed && identities.length > 0) {
    throw invalid(
      "The policy has identities and a key, and a signature has one of the two",
      hintKey,
    );
  }
  if (!keyed && identities.length === 0) {
    throw invalid("The policy does not say whose signatures to accept", hint);
  }
  for (const [index, identity] of identities.entries()) requireTelling(identity, index, identities);
}

const hintKey = "Leave out the key, or everything about certificates.";
const hint =
  "Name the repository (--repo OWNER/NAME or --project GROUP/NAME), or the identity with its issuer. A pattern must begin with what is yours: https://github\\.com/OWNER/.*, or [^/]+@YOUR\\.DOMAIN for addresses.";

function requireTelling(
  identity: IdentityPolicy,
  index: number,
  { length }: readonly IdentityPolicy[],
): void {
  const which = length > 1 ? `, identity ${index + 1} of ${length},` : "";
  if (isOpen(identity.issuer)) {
    const issuer = describeMatcher(identity.issuer);
    throw invalid(`The policy${which} would accept any issuer: ${issuer}`, "Name the issuer.");
  }
  if (identity.identity !== undefined && !isOpen(identity.identity)) return;
  if (telling.some((name) => isTelling(identity.extensions[name]))) return;
  throw invalid(`The policy${which} would accept anyone${becauseOf(identity)}`, hint);
}

function isTelling(matcher: Matcher | undefined): boolean {
  return matcher !== undefined && !isOpen(matcher);
}

function becauseOf({ identity, issuer }: IdentityPolicy): string {
  return identity === undefined
    ? ` who has a certificate by ${describeMatcher(issuer)}`
    : `: its identity is ${describeMatcher(identity)}`;
}

/** Whether strangers fit. */
function isOpen(matcher: Matcher): boolean {
  if (matcher.kind === "exact") return false;
  const { prefixes, texts } = strangers;
  return (
    prefixes.some((prefix) => matcher.admits(prefix)) || texts.some((text) => matcher.matches(text))
  );
}

function invalid(message: string, advice: string): SigstepError {
  return new SigstepError("POLICY_INVALID", `${message}.`, { where: "policy", hint: advice });
}
