// A report as --json prints it.
import type { SigstepError } from "../errors.ts";
import type { SignReport } from "./report.ts";
import { publishedBy } from "./results.ts";

/** JSON text. */
export function encodeReport(report: SignReport): string {
  const { outputs, published, error } = report;
  const failures = report.failures.map((failure) => ({
    path: failure.file.path,
    ...describeFailure(failure.error),
    published: publishedBy(failure),
  }));
  const json = {
    ...{ ...outputs, failures, published },
    ...(error === undefined
      ? {}
      : { error: { ...describeFailure(error), published: error.published } }),
  };
  return `${JSON.stringify(json, null, 2)}\n`;
}

function describeFailure({ code, message, hint, where }: SigstepError): Record<string, string> {
  return { code, message, hint, where };
}
