// Whom to ask and whom to believe in this run: the embedded public-good instance or two files.
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
import type { InstanceChoice } from "./request.ts";

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
export interface InstanceTerms {
  readonly now: Date;
  /** Hosts that may be asked over plain http. */
  readonly insecureHosts: readonly string[];
}

/**
 * The instance that a request chooses: one that may be asked, and that its trusted root vouches for.
 *
 * @throws SigstepError SIGNING_CONFIG_INVALID, TRUSTED_ROOT_INVALID, INPUT_UNREADABLE, INPUT_CONFLICT
 */
export async function readInstance(
  choice: InstanceChoice,
  { now, insecureHosts }: InstanceTerms,
): Promise<Instance> {
  const instance = await (choice.kind === "public-good"
    ? readPublicGood(choice.rekorVersion, now)
    : readCustom(choice, now));
  for (const { url } of allServices(instance.services)) requireAddress(url, insecureHosts);
  requireInForce(instance.services, instance.trustedRoot, now);
  return instance;
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

async function readPublicGood(rekorVersion: 1 | 2, now: Date): Promise<Instance> {
  const { publicGood } = await import("../sigstore/public-good/embedded.ts");
  const label = `embedded public-good, Rekor v${rekorVersion}`;
  const config = parseSigningConfig(publicGood.signingConfig[rekorVersion], label);
  return {
    name: `the public-good Sigstore instance, Rekor v${rekorVersion}`,
    services: selectServices(config, now),
    trustedRoot: parseTrustedRoot(publicGood.trustedRoot, "embedded public-good"),
    isPublicGood: true,
  };
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
  const chosen = services.logs[0]?.version;
  if (choice.rekorVersion !== undefined && chosen !== choice.rekorVersion) {
    throw new SigstepError(
      "INPUT_CONFLICT",
      `Input rekor-version is ${choice.rekorVersion}, but the signing config chooses ${chosen === undefined ? "no log" : `Rekor v${chosen}`}.`,
      { where: "rekor-version", hint: "Leave rekor-version out: the signing config decides." },
    );
  }
  return {
    name: `the Sigstore instance of ${quote(choice.signingConfig)}`,
    services,
    trustedRoot: parse(choice.trustedRoot, "trusted root", (label) =>
      parseTrustedRoot(rootBytes, label),
    ),
    isPublicGood: isPublicGood(services),
  };
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

/** A file of one's own may still name the public services. */
function isPublicGood(services: SelectedServices): boolean {
  return allServices(services).some(({ url }) => /(?:^|\.)sigstore\.dev\.?$/.test(url.hostname));
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
