// How old a signature may be, as people write it: 90m, 12h, 30d.
import { quote, SigstepError } from "../errors.ts";

const unitMs: Readonly<Record<string, number>> = {
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/**
 * Milliseconds that `text` stands for: a whole number and one unit.
 *
 * @param name - What the user calls it, for the message.
 * @throws SigstepError POLICY_INVALID
 */
export function parseMaxAge(text: string, name: string): number {
  const [, count, unit = ""] = /^([1-9]\d{0,5})([smhd])$/.exec(text) ?? [];
  const ms = unitMs[unit];
  if (count !== undefined && ms !== undefined) return Number(count) * ms;
  throw new SigstepError("POLICY_INVALID", `${name} ${quote(text, 40)} is no span of time.`, {
    where: name,
    hint: "Write a whole number and s, m, h or d: 90m, 12h, 30d.",
  });
}
