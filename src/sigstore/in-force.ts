// Whether a trusted root can vouch now for what a signing config selects, told before anybody is asked.
import { encodeHex } from "../encoding/base64.ts";
import { quote, SigstepError } from "../errors.ts";
import type { SelectedServices } from "./signing-config.ts";
import type { TrustedAuthority, TrustedRoot } from "./trust.ts";
import { isWithin, type ValidityRange } from "./validity.ts";

/** A part of the trusted root that signing will need. */
interface Need {
  readonly what: string;
  /** How many different ones. */
  readonly count: number;
  readonly inForce: ReadonlySet<string>;
  readonly listed: readonly { readonly validFor: ValidityRange }[];
}

/**
 * Refuses a trusted root without what `services` need at `now`: a certificate authority, as many logs as
 * are selected, a timestamp authority, and a certificate log where the root has had one.
 *
 * @throws SigstepError TRUSTED_ROOT_INVALID, saying which is missing
 */
export function requireInForce(
  services: SelectedServices,
  trustedRoot: TrustedRoot,
  now: Date,
): void {
  const { logs, ctLogs, certificateAuthorities, timestampAuthorities } = trustedRoot;
  const needs: readonly Need[] = [
    {
      what: "certificate authority",
      count: 1,
      inForce: authoritiesAt(certificateAuthorities, now),
      listed: certificateAuthorities,
    },
    {
      what: "transparency log",
      count: services.logs.length,
      inForce: new Set(logs.filter(isAt(now)).map(({ logId }) => encodeHex(logId))),
      listed: logs,
    },
    {
      what: "timestamp authority",
      count: Math.min(1, services.tsas.length),
      inForce: authoritiesAt(timestampAuthorities, now),
      listed: timestampAuthorities,
    },
    {
      what: "certificate transparency log",
      count: Math.min(1, ctLogs.length),
      inForce: new Set(ctLogs.filter(isAt(now)).map(({ logId }) => encodeHex(logId))),
      listed: ctLogs,
    },
  ];
  for (const need of needs) {
    if (need.inForce.size < need.count) throw missing(need, trustedRoot, now);
  }
}

function isAt(now: Date): (one: { readonly validFor: ValidityRange }) => boolean {
  return ({ validFor }) => isWithin(now, validFor);
}

/** An authority is in force while all of its certificates are. */
function authoritiesAt(authorities: readonly TrustedAuthority[], now: Date): Set<string> {
  const inForce = authorities
    .filter(isAt(now))
    .filter(({ certificates }) =>
      certificates.every(({ notBefore, notAfter }) => now >= notBefore && now <= notAfter),
    );
  return new Set(inForce.flatMap(({ certificates: [first] }) => first?.fingerprint ?? []));
}

function missing(
  { what, count, inForce, listed }: Need,
  { label }: TrustedRoot,
  now: Date,
): SigstepError {
  const has = inForce.size === 0 ? `no ${what}` : `only ${inForce.size} ${what}`;
  return new SigstepError(
    "TRUSTED_ROOT_INVALID",
    `The trusted root ${quote(label)} has ${has} in force at ${now.toISOString()}, and signing needs ${count}. It lists ${describeListed(listed)}.`,
    {
      where: label,
      hint: "Get the current trusted root of the instance that the signing config is of. If that time is wrong, set this machine's clock.",
    },
  );
}

function describeListed(listed: Need["listed"]): string {
  if (listed.length === 0) return "none";
  const ends = listed.map(({ validFor }) => validFor.end?.toISOString() ?? "");
  const last = ends.includes("") ? "" : ends.toSorted().at(-1);
  return `${listed.length}${last === "" ? "" : `, the last until ${last}`}`;
}
