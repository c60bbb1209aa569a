// Whom to ask and whom to believe in this run: a known instance or a mirror, by TUF, or two files.
import { quote, SigstepError, systemCode, toSigstepError, type BadInputCode } from "../errors.ts";
import { assertAddress } from "../services/address.ts";
import { requireInForce } from "../sigstore/in-force.ts";
import {
  parseSigningConfig,
  selectServices,
  type SelectedServices,
  type Service,
} from "../sigstore/signing-config.ts";
import { parseTrustedRoot, type TrustedRoot } from "../sigstore/trust.ts";
import { readSmallFile } from "../subjects/small-file.ts";
import { advise } from "./blame.ts";
import type { InstanceChoice } from "./instance-choice.ts";
import {
  readMaterial,
  requireFile,
  type TrustMaterial,
  type TrustTerms,
} from "./trust-material.ts";
import { knownSource, mirrorSource } from "./trust-sources.ts";

/** No trust file is larger. */
const maxBytes = 4 * 1024 * 1024;

/** A Sigstore instance, ready for use. */
export interface Instance {
  /** For people: what the plan and the summary call it. */
  readonly name: string;
  readonly services: SelectedServices;
  readonly trustedRoot: TrustedRoot;
  /** Whether what is signed goes to the public-good instance, for everyone to see. */
  readonly isPublicGood: boolean;
}

/** What an instance is judged by. */
export interface InstanceTerms extends TrustTerms {
  /** Hosts that may be asked over plain http. */
  readonly insecureHosts: readonly string[];
}

/**
 * The instance that a request chooses: one that may be asked, and that its trusted root vouches for.
 *
 * @throws SigstepError SIGNING_CONFIG_INVALID, TRUSTED_ROOT_INVALID, INPUT_UNREADABLE, INPUT_CONFLICT; of a
 * known instance or a mirror also TRUST_UNAVAILABLE, TRUST_INVALID, TUF_ROOT_INVALID, CANCELLED
 */
export async function readInstance(
  choice: InstanceChoice,
  terms: InstanceTerms,
): Promise<Instance> {
  const now = terms.world.now();
  return requireUsable(await choose(choice, terms, now), terms, now);
}

/**
 * The same from what is embedded alone, at once and without a word; undefined where nothing is, or where it
 * will not do.
 */
export async function readEmbedded(
  choice: InstanceChoice,
  terms: InstanceTerms,
): Promise<Instance | undefined> {
  if (choice.kind !== "public-good" && choice.kind !== "staging") return undefined;
  const { label, embedded } = await knownSource(choice.kind);
  if (embedded === undefined) return undefined;
  const now = terms.world.now();
  const material = { label: `${label}, embedded`, files: embedded.files };
  try {
    return requireUsable(assemble(choice, { material, name: label }, now), terms, now);
  } catch (error) {
    if (error instanceof SigstepError) return undefined;
    throw error;
  }
}

/** Refuses an instance that may not be asked, or that its trusted root does not vouch for. */
function requireUsable(instance: Instance, { insecureHosts }: InstanceTerms, now: Date): Instance {
  for (const { url } of allServices(instance.services)) requireAddress(url, insecureHosts);
  requireInForce(instance.services, instance.trustedRoot, now);
  return instance;
}

function choose(choice: InstanceChoice, terms: TrustTerms, now: Date): Promise<Instance> {
  switch (choice.kind) {
    case "public-good":
    case "staging":
    case "mirror":
      return readPublished(choice, terms, now);
    case "github":
      return readGitHub(terms, now);
    case "custom":
      return readCustom(choice, now);
  }
}

/** The door's own rule, asked before anything is sent: the URL is the signing config's fault. */
function requireAddress(url: URL, insecureHosts: readonly string[]): void {
  try {
    assertAddress(url, insecureHosts);
  } catch (error) {
    const { message, hint } = toSigstepError(error);
    throw new SigstepError(
      "SIGNING_CONFIG_INVALID",
      `The signing config selects ${quote(url.href)}: ${message}`,
      { where: url.host, hint, cause: error },
    );
  }
}

type PublishedChoice = Extract<InstanceChoice, { kind: "public-good" | "staging" | "mirror" }>;

/** An instance whose TUF repository has a signing config. */
async function readPublished(
  choice: PublishedChoice,
  terms: TrustTerms,
  now: Date,
): Promise<Instance> {
  const source = await (choice.kind === "mirror" ? mirrorSource(choice) : knownSource(choice.kind));
  const material = await readMaterial(source, terms);
  return assemble(choice, { material, name: source.label }, now);
}

/** The public-good instance has one config for each Rekor, any other one that decides. */
function assemble(
  choice: PublishedChoice,
  { material, name }: { readonly material: TrustMaterial; readonly name: string },
  now: Date,
): Instance {
  const isPublic = choice.kind === "public-good";
  const config = requireFile(material, configNames[isPublic ? choice.rekorVersion : 1]);
  const services = selectServices(parseSigningConfig(config, material.label), now);
  if (!isPublic) requireVersion(services, choice.rekorVersion);
  return {
    name: isPublic ? `${name}, Rekor v${choice.rekorVersion}` : name,
    services,
    trustedRoot: rootOf(material),
    isPublicGood: isPublic || isPublicGood(services),
  };
}

/** Target by the Rekor that it leads to; the first is the one that every instance has. */
const configNames = {
  1: "signing_config.v0.2.json",
  2: "signing_config_rekor_v2.v0.2.json",
} as const;

/** GitHub publishes no signing config: the one that is embedded is ours. */
async function readGitHub(terms: TrustTerms, now: Date): Promise<Instance> {
  const { github } = await import("../sigstore/github/embedded.ts");
  const source = await knownSource("github");
  const config = parseSigningConfig(github.signingConfig, "embedded for GitHub");
  return {
    name: source.label,
    services: selectServices(config, now),
    trustedRoot: rootOf(await readMaterial(source, terms)),
    isPublicGood: false,
  };
}

function rootOf(material: TrustMaterial): TrustedRoot {
  return parseTrustedRoot(requireFile(material, "trusted_root.json"), material.label);
}

async function readCustom(
  choice: Extract<InstanceChoice, { kind: "custom" }>,
  now: Date,
): Promise<Instance> {
  const [configBytes, rootBytes] = await Promise.all([
    readInput(choice.signingConfig, "signing-config", "SIGNING_CONFIG_INVALID"),
    readInput(choice.trustedRoot, "trusted-root", "TRUSTED_ROOT_INVALID"),
  ]);
  const config = parse(choice.signingConfig, "signing config", (label) =>
    parseSigningConfig(configBytes, label),
  );
  const services = selectServices(config, now);
  requireVersion(services, choice.rekorVersion);
  return {
    name: `the Sigstore instance of ${quote(choice.signingConfig)}`,
    services,
    trustedRoot: parse(choice.trustedRoot, "trusted root", (label) =>
      parseTrustedRoot(rootBytes, label),
    ),
    isPublicGood: isPublicGood(services),
  };
}

/** Refuses a config that chooses another log than the user expects. */
function requireVersion({ logs }: SelectedServices, expected: 1 | 2 | undefined): void {
  const chosen = logs[0]?.version;
  if (expected === undefined || chosen === expected) return;
  throw new SigstepError(
    "INPUT_CONFLICT",
    `Input rekor-version is ${expected}, but the signing config chooses ${chosen === undefined ? "no log" : `Rekor v${chosen}`}.`,
    { where: "rekor-version", hint: "Leave rekor-version out: the signing config decides." },
  );
}

/** What `read` makes of the file at `path`; an error says where to get a better one. */
function parse<T>(path: string, what: string, read: (label: string) => T): T {
  try {
    return read(path);
  } catch (error) {
    throw advise(
      toSigstepError(error),
      `Get the instance's current ${what}; those who run it publish both files.`,
    );
  }
}

/** A config of one's own may still name the public services; the staging instance's log is public too. */
function isPublicGood(services: SelectedServices): boolean {
  return allServices(services).some(({ url }) =>
    /(?:^|\.)sig(?:store|stage)\.dev\.?$/.test(url.hostname),
  );
}

function allServices({ ca, logs, tsas }: SelectedServices): Service[] {
  return [ca, ...logs, ...tsas];
}

async function readInput(path: string, input: string, code: BadInputCode): Promise<Uint8Array> {
  try {
    return await readSmallFile(path, maxBytes);
  } catch (error) {
    throw new SigstepError(
      code,
      `Input ${input}: ${quote(path)} cannot be read (${systemCode(error)}).`,
      {
        where: input,
        hint: "Check the path: it is relative to the working directory of this step.",
        cause: error,
      },
    );
  }
}
