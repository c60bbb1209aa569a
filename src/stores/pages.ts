// Lists that come in pages: how the next one is asked for.
// https://docs.github.com/en/rest/using-the-rest-api/using-pagination-in-the-rest-api
import { SigstepError } from "../errors.ts";
import type { HttpResponse } from "../services/http.ts";

/**
 * The value of query parameter `name` in the Link header's `rel="next"`, undefined on the last page.
 * Nothing else of that address is used: where to ask is not the answer's to say.
 */
export function findNextPage(answer: HttpResponse, name: "page" | "after"): string | undefined {
  const links = (answer.headers.link ?? "").slice(0, 8192);
  const next = /<([^<>]{1,2000})>\s*;\s*rel="?next"?/.exec(links)?.[1];
  return next === undefined ? undefined : readParameter(next, name);
}

function readParameter(address: string, name: string): string {
  const value = URL.parse(address)?.searchParams.get(name) ?? "";
  if (value !== "" && value.length <= 512) return value;
  throw new SigstepError(
    "SERVICE_ANSWER_INVALID",
    "GitHub's list has a next page without a name.",
    {
      where: "Link",
    },
  );
}
