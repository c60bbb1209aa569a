// The inputs of a workflow run, as the event has them, for provenance. The identity token says nothing of
// them and a step of the job could have changed the event's file: they are the job's own word.
import type { JsonValue } from "../encoding/json.ts";
import { quote, SigstepError } from "../errors.ts";

/** Inputs by name. */
export type WorkflowInputs = Readonly<Record<string, string | number | boolean>>;

/** Inputs that may be published, and the names of those that may not. */
export interface SelectedInputs {
  readonly inputs: WorkflowInputs;
  /** Left out because a secret stands in them. Sorted. */
  readonly dropped: readonly string[];
}

/** So much JSON may they be: GitHub takes no larger payload of inputs. */
export const maxInputsBytes = 64 * 1024;

/**
 * The inputs of `event` without those in whose name or value a secret stands.
 *
 * @param event - The event's payload.
 * @param hasSecret - Whether a text holds something that is masked in the job's log.
 * @throws SigstepError INPUT_VALUE when they are above 64 KiB, or not what GitHub makes of inputs.
 */
export function selectInputs(
  event: JsonValue,
  hasSecret: (text: string) => boolean,
): SelectedInputs {
  const inputs: Record<string, string | number | boolean> = {};
  const dropped: string[] = [];
  for (const [name, value] of listInputs(event)) {
    if (hasSecret(name) || hasSecret(String(value))) dropped.push(name);
    else Object.defineProperty(inputs, name, { value, enumerable: true });
  }
  const size = Buffer.byteLength(JSON.stringify(inputs));
  if (size > maxInputsBytes) {
    throw refuse(`The inputs of this run are ${size} bytes, more than ${maxInputsBytes}.`);
  }
  return { inputs, dropped };
}

/** By name, in the order of names; an input without a value is none. */
function listInputs(event: JsonValue): (readonly [string, string | number | boolean])[] {
  const found = event.get("inputs").optional()?.members() ?? {};
  const present = Object.entries(found).filter(([, value]) => value !== null);
  return present
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([name, value]) => {
      if (isScalar(value)) return [name, value] as const;
      throw refuse(`Input ${quote(name)} of this run is neither text, number nor switch.`);
    });
}

function isScalar(value: unknown): value is string | number | boolean {
  return ["string", "number", "boolean"].includes(typeof value);
}

function refuse(message: string): SigstepError {
  return new SigstepError("INPUT_VALUE", message, {
    where: "provenance-inputs",
    hint: "Set `provenance-inputs: false` to leave them out of the provenance.",
  });
}
