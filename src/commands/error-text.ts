// An error in words: message, what is already public, what to do. No stack trace.
import { quote, type Published, type SigstepError } from "../errors.ts";

const maxPublished = 20;

/** Lines for the log. */
export function describeError(error: SigstepError, published = error.published): string {
  const lines = [error.message, ...describePublished(published)];
  if (error.hint !== "") lines.push(error.hint);
  return lines.join("\n");
}

/** What is public, a line each; long lists are cut. */
export function describePublished(published: readonly Published[]): string[] {
  const rest = published.length - maxPublished;
  const lines = published.slice(0, maxPublished).map(describeOne);
  return rest > 0 ? [...lines, `Already public: ${rest} more`] : lines;
}

function describeOne({ kind, what, index, url }: Published): string {
  const at = url === undefined ? "" : ` (${url})`;
  switch (kind) {
    case "log-entry":
      return `Already public: log entry ${index ?? ""} for ${quote(what)}${at}`;
    case "maybe-log-entry":
      return `Perhaps public: a log entry for ${quote(what)}, its answer was lost${at}`;
    case "certificate":
      return `Already public: certificate of ${quote(what)}${at}`;
  }
}
