// What every service's answer has in common: refused, or JSON of a bounded size.
import { parseJson, type JsonValue } from "../encoding/json.ts";
import { quote, SigstepError } from "../errors.ts";
import type { HttpResponse } from "./http.ts";

const shownBytes = 256;

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
  const words = describeBody(response.body);
  return new SigstepError(
    "SERVICE_REFUSED",
    `${service} refused the request with status ${response.status}${words === "" ? "" : `: ${words}`}.`,
    { hint, where: service },
  );
}

/** The `message` of a JSON error, else the first bytes of the body. */
export function describeBody(body: Uint8Array): string {
  const text = Buffer.from(body.subarray(0, 4096)).toString("utf8").trim();
  const message = /"message"\s*:\s*"((?:[^"\\]|\\.){1,300})"/.exec(text)?.[1] ?? text;
  return message === "" ? "" : quote(message, shownBytes);
}
