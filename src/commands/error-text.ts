// An error in words: message, what is already public, what to do. No stack trace.
import { quote, type Published, type SigstepError } from "../errors.ts";

/** Lines for the log. */
export function describeError(error: SigstepError, published = error.published): string {
  const lines = [error.message, ...published.map(describePublished)];
  if (error.hint !== "") lines.push(error.hint);
  return lines.join("\n");
}

function describePublished({ kind, what, index, url }: Published): string {
  const name =
    kind === "log-entry"
      ? `log entry ${index ?? ""} for ${quote(what)}`
      : `certificate of ${quote(what)}`;
  return `Already public: ${name}${url === undefined ? "" : ` (${url})`}`;
}
