// The one error class and every code it can carry.
// A message says what was wrong, where and with which value (shortened, escaped); the hint says what
// to do. Neither ever holds a token, a key or raw bytes from outside.

/** What a user can have asked wrongly: knowable from arguments and files, before any request. */
export type BadInputCode =
  | "INPUT_UNKNOWN"
  | "INPUT_VALUE"
  | "INPUT_MISSING"
  | "INPUT_CONFLICT"
  | "INPUT_NO_MATCH"
  | "INPUT_NOT_A_FILE"
  | "INPUT_UNREADABLE"
  | "INPUT_NAME"
  | "INPUT_NAME_CLASH"
  | "INPUT_NOT_WRITABLE"
  | "PREDICATE_INVALID"
  | "SBOM_INVALID"
  | "SIGNING_CONFIG_INVALID"
  | "TRUSTED_ROOT_INVALID"
  | "TUF_ROOT_INVALID"
  | "POLICY_INVALID"
  | "REFERENCE_INVALID"
  | "CREDENTIALS_INVALID";

/** What can go wrong once a run has begun. */
export type FailureCode =
  | "IDENTITY_UNAVAILABLE"
  | "IDENTITY_INVALID"
  | "IDENTITY_EXPIRED"
  | "IDENTITY_REFUSED"
  | "PUBLIC_LOG_NOT_ALLOWED"
  | "SERVICE_UNAVAILABLE"
  | "SERVICE_REFUSED"
  | "SERVICE_ANSWER_INVALID"
  | "INSECURE_URL"
  | "CERTIFICATE_INVALID"
  | "SCT_INVALID"
  | "LOG_ENTRY_INVALID"
  | "LOG_ENTRY_EXISTS"
  | "TIMESTAMP_INVALID"
  | "SIGNATURE_INVALID"
  | "POLICY_NOT_SATISFIED"
  | "BUNDLE_INVALID"
  | "BUNDLE_MISSING"
  | "STATEMENT_INVALID"
  | "TRUST_UNAVAILABLE"
  | "TRUST_INVALID"
  | "FILE_CHANGED"
  | "FILE_UNREADABLE"
  | "WRITE_FAILED"
  | "PERMISSION_MISSING"
  | "STORE_NOT_OFFERED"
  | "STORE_REFUSED"
  | "RELEASE_UNUSABLE"
  | "ASSET_EXISTS"
  | "CANCELLED"
  | "DEADLINE_REACHED"
  | "ENCODING_INVALID"
  | "REGISTRY_REFUSED"
  | "REGISTRY_ANSWER_INVALID"
  | "IMAGE_NOT_FOUND"
  | "IMAGE_INVALID"
  | "INTERNAL";

export type ErrorCode = BadInputCode | FailureCode;

/** Something of this run that is already public and stays so, whatever happens next. */
export interface Published {
  /** `maybe-log-entry`: asked for, and the answer was lost. */
  readonly kind: "certificate" | "log-entry" | "maybe-log-entry";
  /** What it is, in a few words: the subject's name, or the certificate's identity. */
  readonly what: string;
  /** Global index in the log, decimal; absent for certificates. */
  readonly index?: string;
  readonly url?: string;
}

/** A step of verification: its number and name in sigstore/step.ts. */
export interface VerificationStep {
  readonly number: number;
  readonly name: string;
}

/** The optional parts of a {@link SigstepError}. */
export interface ErrorDetails {
  /** What to do, with the YAML to paste where there is one. */
  readonly hint?: string;
  /** File, input, service or field the message is about, when a program wants it apart. */
  readonly where?: string;
  readonly published?: readonly Published[];
  /** The step of verification that failed. */
  readonly step?: VerificationStep | undefined;
  readonly cause?: unknown;
}

/** The only error that this program throws for a reason outside its own code. */
export class SigstepError extends Error {
  override readonly name = "SigstepError";
  readonly code: ErrorCode;
  readonly hint: string;
  readonly where: string;
  readonly published: readonly Published[];
  readonly step: VerificationStep | undefined;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.hint = details.hint ?? "";
    this.where = details.where ?? "";
    this.published = details.published ?? [];
    this.step = details.step;
  }
}

const badInput: ReadonlySet<string> = new Set<BadInputCode>([
  "INPUT_UNKNOWN",
  "INPUT_VALUE",
  "INPUT_MISSING",
  "INPUT_CONFLICT",
  "INPUT_NO_MATCH",
  "INPUT_NOT_A_FILE",
  "INPUT_UNREADABLE",
  "INPUT_NAME",
  "INPUT_NAME_CLASH",
  "INPUT_NOT_WRITABLE",
  "PREDICATE_INVALID",
  "SBOM_INVALID",
  "SIGNING_CONFIG_INVALID",
  "TRUSTED_ROOT_INVALID",
  "TUF_ROOT_INVALID",
  "POLICY_INVALID",
  "REFERENCE_INVALID",
  "CREDENTIALS_INVALID",
]);

/** Exit code of a run that ended with `error`: 2 for bad input, 1 for everything else. */
export function exitCodeOf(error: SigstepError): 1 | 2 {
  return badInput.has(error.code) ? 2 : 1;
}

/**
 * Any thrown value as a {@link SigstepError}; what is not one already is a defect of ours, and says so.
 * The original message is kept as cause only: it may hold bytes from outside.
 */
export function toSigstepError(thrown: unknown): SigstepError {
  if (thrown instanceof SigstepError) return thrown;
  const kind = thrown instanceof Error ? thrown.name : typeof thrown;
  return new SigstepError("INTERNAL", `Internal error (${kind}); this is a defect of sigstep.`, {
    hint: "Report it with the command or workflow that leads to it.",
    cause: thrown,
  });
}

/** The operating system's name for what went wrong (`ENOENT`), or the error's own name. */
export function systemCode(error: unknown): string {
  if (error instanceof Error && "code" in error && typeof error.code === "string") {
    return error.code;
  }
  return error instanceof Error ? error.name : typeof error;
}

/**
 * Text from outside made fit for one line of a message: control, format and unpaired surrogate
 * characters are escaped, and everything past `limit` characters is cut.
 */
export function quote(text: string, limit = 120): string {
  const escaped = text.slice(0, limit).replace(unprintable, escapeCharacter);
  return `"${escaped}${text.length > limit ? "…" : ""}"`;
}

const unprintable = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}"\\]/gu;

function escapeCharacter(character: string): string {
  if (character === '"' || character === "\\") return `\\${character}`;
  const named = { "\n": "\\n", "\r": "\\r", "\t": "\\t" }[character];
  return named ?? `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;
}
