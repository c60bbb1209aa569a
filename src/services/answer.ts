// What every service's answer has in common: refused, or JSON of a bounded size.
import { parseJson, type JsonValue } from "../encoding/json.ts";
import { SigstepError } from "../errors.ts";
import type { HttpResponse } from "./http.ts";

/** Whether the service did what was asked. */
export function isSuccess(response: HttpResponse): boolean {
  return response.status >= 200 && response.status < 300;
}

/**
 * A successful answer's JSON.
 *
 * @throws SigstepError SERVICE_REFUSED for another status, SERVICE_ANSWER_INVALID for another body.
 */
export function parseAnswer(service: string, response: HttpResponse, maxBytes: number): JsonValue {
  if (!isSuccess(response)) throw refusedError(service, response);
  return parseJson(response.body, {
    label: `answer of ${service}`,
    code: "SERVICE_ANSWER_INVALID",
    maxBytes,
  });
}

/** The error for a status that waiting cannot cure, with the service's own words, shortened. */
export function refusedError(service: string, response: HttpResponse, hint = ""): SigstepError {
  const words = response.excerpt();
  return new SigstepError(
    "SERVICE_REFUSED",
    `${service} refused the request with status ${response.status}${words === "" ? "" : `: ${words}`}.`,
    { hint, where: service },
  );
}
