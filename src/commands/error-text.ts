// An error in words: message, what is already public, what to do. No stack trace.
import { quote, type Published, type SigstepError } from "../errors.ts";

/** Lines for the log. */
export function describeError(error: SigstepError, published = error.published): string {
  const lines = [error.message, ...published.map(describePublished)];
  if (error.hint !== "") lines.push(error.hint);
  return lines.join("\n");
}

function describePublished({ kind, what, index, url }: Published): string {
  const where = url === undefined ? "" : ` (${url})`;
  switch (kind) {
    case "certificate":
      return `Already public: a certificate for ${quote(what)}${where}`;
    case "log-entry":
      return `Already public: log entry ${index ?? ""} for ${quote(what)}${where}`;
    case "maybe-log-entry":
      return `Perhaps public: a log entry for ${quote(what)}, whose answer was lost${where}`;
  }
}
