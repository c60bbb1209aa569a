// Joins the order of signing with the services of one instance: each answer is proven on receipt.
import { quote, SigstepError, toSigstepError } from "../errors.ts";
import type { Http, RetryReason } from "../services/http.ts";
import { requestEntry1, type LogOptions } from "../services/rekor1.ts";
import { requestEntry2 } from "../services/rekor2.ts";
import { createGate } from "../services/gate.ts";
import { requestTimestamp } from "../services/tsa.ts";
import { materialOf } from "../sigstore/entry-body.ts";
import { encodeEntry1, encodeHashedRekord2, type SignedDigest } from "../sigstore/entry-request.ts";
import type { LogEntry } from "../sigstore/entry.ts";
import type { Credential, Log, SigningSteps, Timestamp } from "../sigstore/sign.ts";
import type { Service } from "../sigstore/signing-config.ts";
import { verifyTimestamp } from "../sigstore/timestamp.ts";
import { parseTimestampResponse } from "../sigstore/timestamp-response.ts";
import type { TrustedRoot } from "../sigstore/trust.ts";
import { verifyEntry } from "../sigstore/verify-entry.ts";
import { blaming, type AskedService } from "./blame.ts";
import type { CredentialSource } from "./credentials.ts";
import type { Instance } from "./instance.ts";

/** What the steps of a run share. */
export interface StepContext {
  readonly http: Http;
  readonly credentials: CredentialSource;
  readonly now: () => Date;
  readonly onRetry: (reason: RetryReason) => void;
}

/** The steps that sign with `instance`. */
export function createSteps(
  instance: Instance,
  context: StepContext,
): Omit<SigningSteps, "onPublished"> {
  const { services, trustedRoot } = instance;
  const over = new WeakSet<Credential>();
  const noting = async <T>(credential: Credential, work: Promise<T>): Promise<T> => {
    try {
      return await work;
    } catch (error) {
      if (toSigstepError(error).code === "DEADLINE_REACHED") over.add(credential);
      throw error;
    }
  };
  const logs = services.logs.map((service) => createLog(service, instance, context));
  const timestamps = services.tsas.map((service) => createTimestamp(service, instance, context));
  return {
    certify: (ended) => context.credentials.get(ended),
    // The door gives up before the deadline when the next pause would lead past it.
    hasEnded: (credential) => over.has(credential) || context.now() >= credential.deadline,
    logs: logs.map((log): Log => (signed, credential, onAnswer) => {
      return noting(credential, log(signed, credential, onAnswer));
    }),
    timestamps: timestamps.map((stamp): Timestamp => (signature, credential) => {
      return noting(credential, stamp(signature, credential));
    }),
    trustedRoot,
  };
}

function createLog(service: Service, { trustedRoot }: Instance, context: StepContext): Log {
  const { version, url } = service;
  const request = version === 1 ? logIn1 : logIn2;
  const asked = askedService("Rekor", service, trustedRoot);
  return async (signed, credential, onAnswer) => {
    const watch = new AnswerWatch(context.onRetry);
    const options = { deadline: credential.deadline, onRetry: watch.onRetry };
    try {
      return await blaming(asked, async () => {
        const entry = await request({ http: context.http, url }, { signed, credential, options });
        onAnswer({ log: url, entry });
        return verifyEntry(entry, materialOf(signed), trustedRoot);
      });
    } catch (error) {
      if (watch.mayBePublic(toSigstepError(error))) onAnswer({ log: url });
      throw error;
    }
  };
}

/** Tells whether a log may have taken an entry although we never heard so. */
class AnswerWatch {
  #lost = false;
  readonly onRetry: StepContext["onRetry"];

  constructor(onRetry: StepContext["onRetry"]) {
    this.onRetry = (reason) => {
      // 429 and 503 are said by those who did not even begin.
      this.#lost ||= reason.status !== 429 && reason.status !== 503;
      onRetry(reason);
    };
  }

  mayBePublic({ code, cause }: SigstepError): boolean {
    if (code === "CANCELLED" || code === "LOG_ENTRY_EXISTS") return true;
    if (code === "SERVICE_UNAVAILABLE") return this.#lost || cause !== undefined;
    // A 502 may come from a gateway that did not wait for the log.
    return (code === "DEADLINE_REACHED" || code === "SERVICE_REFUSED") && this.#lost;
  }
}

function askedService(name: string, { url }: Service, { label }: TrustedRoot): AskedService {
  return { name, url, trustedRoot: quote(label) };
}

interface Addressed {
  readonly http: Http;
  readonly url: URL;
}

interface LogQuery {
  readonly signed: SignedDigest;
  readonly credential: Credential;
  readonly options: LogOptions;
}

function logIn1({ http, url }: Addressed, { signed, options }: LogQuery): Promise<LogEntry> {
  return requestEntry1(http, url, { ...options, body: encodeEntry1(signed) });
}

async function logIn2({ http, url }: Addressed, query: LogQuery): Promise<LogEntry> {
  const { signed, credential, options } = query;
  const body = encodeHashedRekord2(signed, credential.signer.keyDetails);
  const entry = await requestEntry2(http, url, { ...options, body });
  if (entry !== "exists") return entry;
  throw new SigstepError(
    "LOG_ENTRY_EXISTS",
    "The log has this entry already and does not give it back.",
    {
      hint: "Run again: each run makes a new signature.",
    },
  );
}

/** A timestamp is ready at once, a log entry after seconds: few sockets keep up with many. */
const timestampsInFlight = 32;

function createTimestamp(
  service: Service,
  { trustedRoot }: Instance,
  context: StepContext,
): Timestamp {
  const asked = askedService("Timestamp authority", service, trustedRoot);
  const authorities = trustedRoot.timestampAuthorities;
  const gate = createGate(timestampsInFlight);
  return (signature, credential) => {
    const options = optionsFor(credential, context);
    return blaming(asked, async () => {
      const query = { ...options, signature };
      const { nonce, body } = await gate.run(() =>
        requestTimestamp(context.http, service.url, query),
      );
      const response = readAnswer(() => parseTimestampResponse(body));
      return verifyTimestamp({ response, nonce, signature, authorities });
    });
  };
}

/** What cannot even be read is the service's fault, not the encoding's. */
function readAnswer<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (toSigstepError(error).code !== "ENCODING_INVALID") throw error;
    throw new SigstepError("SERVICE_ANSWER_INVALID", "The answer is not a timestamp.", {
      cause: error,
    });
  }
}

function optionsFor({ deadline }: Credential, { onRetry }: StepContext): LogOptions {
  return { deadline, onRetry };
}
