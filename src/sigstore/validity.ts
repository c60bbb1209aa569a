// Time ranges of the trusted root and the signing config: inclusive at both ends, open without an end.
import type { JsonValue } from "../encoding/json.ts";

/** `start` to `end`, both included; without `end` it is still in force. */
export interface ValidityRange {
  readonly start: Date;
  readonly end?: Date;
}

/**
 * Reads `validFor`; the start is required.
 *
 * @throws SigstepError of the source's code.
 */
export function parseValidity(json: JsonValue): ValidityRange {
  const start = json.get("start").date();
  const end = json.get("end").optional()?.date();
  if (end === undefined) return { start };
  if (end < start) throw json.refuse("ends before it starts");
  return { start, end };
}

/** Whether `time` lies in `range`. */
export function isWithin(time: Date, range: ValidityRange): boolean {
  return time >= range.start && (range.end === undefined || time <= range.end);
}
