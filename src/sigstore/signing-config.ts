// Signing config: whom to ask for a certificate, a log entry and a timestamp.
// protobuf-specs sigstore_trustroot.proto, message SigningConfig, v0.2 only.
import { parseJson, type JsonValue } from "../encoding/json.ts";
import { quote, SigstepError } from "../errors.ts";
import { isWithin, parseValidity, type ValidityRange } from "./validity.ts";

const mediaType = "application/vnd.dev.sigstore.signingconfig.v0.2+json";
const maxBytes = 256 * 1024;
const maxServices = 64;

/** Versions of each API that this program speaks. A CA's version 1 is the API under `/api/v2`. */
const spoken = { ca: [1], log: [1, 2], tsa: [1] };

/** One service as the config lists it. */
export interface Service {
  readonly url: URL;
  readonly version: number;
  readonly validFor: ValidityRange;
  readonly operator: string;
}

/** The services of one run. */
export interface SelectedServices {
  readonly ca: Service;
  /** All of one version; empty when the instance has no log. */
  readonly logs: readonly Service[];
  /** Full URLs; empty when the instance has no timestamp authority. */
  readonly tsas: readonly Service[];
}

type Selector =
  { readonly kind: "ANY" | "ALL" } | { readonly kind: "EXACT"; readonly count: number };

/** A signing config as read, before any choice. */
export interface SigningConfig {
  readonly label: string;
  readonly cas: readonly Service[];
  readonly logs: readonly Service[];
  readonly logSelector: Selector | undefined;
  readonly tsas: readonly Service[];
  readonly tsaSelector: Selector | undefined;
}

/**
 * Reads a signing config.
 *
 * @param label - Where it comes from, for messages.
 * @throws SigstepError SIGNING_CONFIG_INVALID
 */
export function parseSigningConfig(bytes: Uint8Array, label: string): SigningConfig {
  const json = parseJson(bytes, {
    label: `signing config ${quote(label)}`,
    code: "SIGNING_CONFIG_INVALID",
    maxBytes,
  });
  checkMediaType(json.get("mediaType"));
  return {
    label,
    cas: parseServices(json.get("caUrls")),
    logs: parseServices(json.get("rekorTlogUrls")),
    logSelector: parseSelector(json.get("rekorTlogConfig")),
    tsas: parseServices(json.get("tsaUrls")),
    tsaSelector: parseSelector(json.get("tsaConfig")),
  };
}

function checkMediaType(json: JsonValue): void {
  const found = json.string();
  if (found === mediaType) return;
  const version = /signingconfig\.v(\d+)\.(\d+)\+json$/.exec(found);
  const newer = version !== null && (Number(version[1]) > 0 || Number(version[2]) > 2);
  const { code, message, where } = json.refuse(
    `is ${quote(found)}; this version of sigstep reads ${mediaType}`,
  );
  const hint = newer ? "The file is newer: use a newer sigstep, or the file's version 0.2." : "";
  throw new SigstepError(code, message, { where, hint });
}

function parseServices(json: JsonValue): Service[] {
  return json.itemsOrNone(maxServices).map((item) => ({
    url: parseUrl(item.get("url")),
    // Protobuf's JSON may leave out a zero, which stands for a service that is not released yet.
    version: item.get("majorApiVersion").optional()?.integer() ?? 0,
    validFor: parseValidity(item.get("validFor")),
    operator: item.get("operator").optional()?.string() ?? "",
  }));
}

function parseUrl(json: JsonValue): URL {
  const url = URL.parse(json.string());
  if (url === null || (url.protocol !== "https:" && url.protocol !== "http:")) {
    throw json.refuse("is not an http or https URL");
  }
  if (url.username !== "" || url.password !== "")
    throw json.refuse("holds a user name or password");
  return url;
}

function parseSelector(json: JsonValue): Selector | undefined {
  if (!json.present) return undefined;
  const kind = json.get("selector").string();
  if (kind === "ANY" || kind === "ALL") return { kind };
  if (kind !== "EXACT")
    throw json.get("selector").refuse(`is ${quote(kind)}, not ANY, ALL or EXACT`);
  const count = json.get("count").integer();
  if (count < 1) throw json.get("count").refuse("is below 1");
  return { kind, count };
}

/** One list of the config, with what it is and which versions of it we speak. */
interface Listed {
  readonly what: string;
  readonly services: readonly Service[];
  readonly versions: readonly number[];
  readonly selector?: Selector | undefined;
}

/**
 * The services to use at `now`: per kind those in force, of the highest version we speak, one an
 * operator, as many as the selector asks.
 *
 * @throws SigstepError SIGNING_CONFIG_INVALID when that leaves less than is asked for.
 * @see sigstore_trustroot.proto, comments of SigningConfig and ServiceSelector
 */
export function selectServices(config: SigningConfig, now: Date): SelectedServices {
  const refuse = (why: string): SigstepError =>
    new SigstepError(
      "SIGNING_CONFIG_INVALID",
      `The signing config ${quote(config.label)} ${why}.`,
      {
        hint: "Get the instance's current signing config.",
        where: config.label,
      },
    );
  const { cas, logs: tlogs, tsas: stamps } = config;
  const caList = { what: "certificate authority", services: cas, versions: spoken.ca };
  const ca = newestFirst(usable(caList, now, refuse))[0];
  if (ca === undefined) throw refuse("lists no certificate authority (caUrls)");
  const logs = select(
    { what: "log", services: tlogs, versions: spoken.log, selector: config.logSelector },
    now,
    refuse,
  );
  const tsas = select(
    {
      what: "timestamp authority",
      services: stamps,
      versions: spoken.tsa,
      selector: config.tsaSelector,
    },
    now,
    refuse,
  );
  if (tsas.length === 0 && logs[0]?.version !== 1) {
    throw refuse(
      logs.length === 0
        ? "lists neither a log nor a timestamp authority: nothing would prove the time"
        : "lists no timestamp authority, and a Rekor v2 log proves no time",
    );
  }
  return { ca, logs, tsas };
}

type Refuse = (why: string) => SigstepError;

function select(list: Listed, now: Date, refuse: Refuse): Service[] {
  const { what, services, selector } = list;
  if (services.length === 0) return [];
  if (selector === undefined) throw refuse(`does not say how many of its ${what} list to use`);
  const byOperator = new Map<string, Service>();
  for (const service of newestFirst(usable(list, now, refuse))) {
    if (!byOperator.has(service.operator)) byOperator.set(service.operator, service);
  }
  const candidates = [...byOperator.values()];
  const count = wantedCount(selector, candidates.length);
  if (candidates.length < count) {
    throw refuse(`asks for ${count} operators of a ${what} and has ${candidates.length}`);
  }
  const chosen = candidates.slice(0, count);
  const twice = findTwice(chosen.map(({ url }) => url.href.replace(/\/+$/, "")));
  if (twice === undefined) return chosen;
  throw refuse(`selects the ${what} ${quote(twice)} twice, under two operators`);
}

function findTwice(texts: readonly string[]): string | undefined {
  return texts.find((text, index) => texts.indexOf(text) !== index);
}

function wantedCount(selector: Selector, available: number): number {
  switch (selector.kind) {
    case "ANY":
      return 1;
    case "ALL":
      return available;
    case "EXACT":
      return selector.count;
  }
}

/** Services in force, of the highest version we speak: decided before any counting. */
function usable(list: Listed, now: Date, refuse: Refuse): Service[] {
  const { what, services, versions } = list;
  if (services.length === 0) return [];
  const inForce = services.filter(({ validFor }) => isWithin(now, validFor));
  if (inForce.length === 0) {
    const ends = services.map(({ validFor }) => validFor.end?.toISOString() ?? "").toSorted();
    const last = ends.at(-1) ?? "";
    throw refuse(`has no ${what} in force now${last === "" ? "" : `: the last ended ${last}`}`);
  }
  const known = inForce.filter(({ version }) => versions.includes(version));
  if (known.length === 0) {
    const offered = inForce.map(({ version }) => version).join(", ");
    throw refuse(
      `has no ${what} of a version we speak (${versions.join(", ")}; it offers ${offered})`,
    );
  }
  const highest = Math.max(...known.map(({ version }) => version));
  return known.filter(({ version }) => version === highest);
}

/** Newest start first; the file's order where starts are equal. */
function newestFirst(services: readonly Service[]): Service[] {
  return services.toSorted((a, b) => b.validFor.start.getTime() - a.validFor.start.getTime());
}
