// Where a certificate differs from what a policy wants, in words.
import type { ProvenCertificate } from "./chain.ts";
import { fulcioExtensionNames, type FulcioExtensionName } from "./fulcio-extensions.ts";
import { fits, type Matcher } from "./matcher.ts";
import { describeDifference, type Difference } from "./policy-words.ts";

export type { Difference } from "./policy-words.ts";

/** What is compared. */
export interface WantedIdentity {
  readonly issuer: Matcher;
  readonly identity?: Matcher;
  readonly extensions: Readonly<Partial<Record<FulcioExtensionName, Matcher>>>;
}

type Named = ProvenCertificate["certificate"]["fulcio"]["named"];

/** Everything in which `certificate` is not `wanted`, the most telling first. */
export function findDifferences(
  certificate: ProvenCertificate,
  wanted: WantedIdentity,
): Difference[] {
  const { named } = certificate.certificate.fulcio;
  const found = [...differentIssuer(named, wanted.issuer)];
  if (wanted.identity !== undefined) {
    found.push(...different("identity", certificate.identity.value, wanted.identity));
  }
  for (const name of fulcioExtensionNames.values()) {
    const matcher = wanted.extensions[name];
    if (matcher === undefined) continue;
    found.push(...different(name, readExtension(named, name, matcher), matcher));
  }
  return found;
}

function different(what: string, found: string | undefined, wanted: Matcher): Difference[] {
  return found !== undefined && fits(wanted, found)
    ? []
    : [describeDifference(what, found, wanted)];
}

/** A certificate may name its issuer in the older extension, in the newer or in both, alike. */
function differentIssuer({ issuer, issuerV1 }: Named, wanted: Matcher): Difference[] {
  const [found, other] = [issuer ?? issuerV1, issuerV1];
  if (issuer !== undefined && other !== undefined && other !== issuer) {
    return [describeDifference("older issuer", other, { kind: "exact", text: issuer })];
  }
  return different("issuer", found, wanted);
}

/** Older names of the same claims, in certificates from before 2023. */
const olderNames: Readonly<Partial<Record<FulcioExtensionName, FulcioExtensionName>>> = {
  issuer: "issuerV1",
  sourceRepositoryDigest: "githubWorkflowSha",
  sourceRepositoryRef: "githubWorkflowRef",
  buildTrigger: "githubWorkflowTrigger",
};

function readExtension(
  named: Named,
  name: FulcioExtensionName,
  wanted: Matcher,
): string | undefined {
  const older = olderNames[name];
  const found = named[name] ?? (older === undefined ? undefined : named[older]);
  return found ?? (name === "sourceRepositoryUri" ? readOldRepository(named, wanted) : undefined);
}

const githubOrigin = "https://github.com/";
const githubIssuer = "https://token.actions.githubusercontent.com";

/**
 * The older extension has owner and name without a host: that of GitHub itself, when its issuer vouches
 * for it. For a pattern nothing is put together.
 */
function readOldRepository(
  { githubWorkflowRepository: repository, issuer, issuerV1 }: Named,
  wanted: Matcher,
): string | undefined {
  const from = issuer ?? issuerV1;
  if (repository === undefined || wanted.kind !== "exact") return undefined;
  return from === githubIssuer ? `${githubOrigin}${repository}` : undefined;
}
