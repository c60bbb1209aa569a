// Whom to ask and whom to believe in this run: the embedded public-good instance or two files.
import { readFile } from "node:fs/promises";
import { quote, SigstepError, systemCode, type BadInputCode } from "../errors.ts";
import {
  parseSigningConfig,
  selectServices,
  type SelectedServices,
} from "../sigstore/signing-config.ts";
import { parseTrustedRoot, type TrustedRoot } from "../sigstore/trust.ts";
import type { InstanceChoice } from "./request.ts";

/** A Sigstore instance, ready for use. */
export interface Instance {
  /** For people: what the plan and the summary call it. */
  readonly name: string;
  readonly services: SelectedServices;
  readonly trustedRoot: TrustedRoot;
  /** Whether what is signed goes to the public-good instance, for everyone to see. */
  readonly isPublicGood: boolean;
}

/**
 * The instance that a request chooses.
 *
 * @throws SigstepError SIGNING_CONFIG_INVALID, TRUSTED_ROOT_INVALID, INPUT_UNREADABLE, INPUT_CONFLICT
 */
export async function readInstance(choice: InstanceChoice, now: Date): Promise<Instance> {
  switch (choice.kind) {
    case "public-good":
      return readPublicGood(choice.rekorVersion, now);
    case "custom":
      return readCustom(choice, now);
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
  const config = parseSigningConfig(configBytes, choice.signingConfig);
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
    trustedRoot: parseTrustedRoot(rootBytes, choice.trustedRoot),
    isPublicGood: isPublicGood(services),
  };
}

/** A file of one's own may still name the public services. */
function isPublicGood(services: SelectedServices): boolean {
  const all = [services.ca, ...services.logs, ...services.tsas];
  return all.some(({ url }) => /(?:^|\.)sigstore\.dev\.?$/.test(url.hostname));
}

async function readInput(path: string, input: string, code: BadInputCode): Promise<Uint8Array> {
  try {
    return await readFile(path);
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
