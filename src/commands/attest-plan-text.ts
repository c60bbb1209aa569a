// The plan of `attest` in words: what a dry run prints.
import { quote } from "../errors.ts";
import type { AttestPlan } from "./attest-plan.ts";
import { describeServices } from "./plan-text.ts";

const shownStatements = 100;
const shownSubjects = 10;

/** The plan, one line a thing. */
export function describeAttestPlan(plan: AttestPlan, namesInstance: boolean): string {
  const { files, instance, manifestPath } = plan;
  const rest = files.length - shownStatements;
  const count = files.length === 1 ? "1 statement" : `${files.length} statements`;
  return [
    "Dry run: nothing is signed and nobody is asked.",
    `Would attest ${count} with ${instance.name}:`,
    ...(namesInstance
      ? []
      : [
          "  (with GitHub's own instance instead when the identity token says that the repository is not public)",
        ]),
    ...files.slice(0, shownStatements).flatMap(describeStatement),
    ...(rest > 0 ? [`  and ${rest} more`] : []),
    `Manifest: ${quote(manifestPath)}`,
    ...describeServices(plan, count),
  ].join("\n");
}

function describeStatement({
  path,
  subjects,
  predicate: { type },
  statement: { predicateType },
  bundlePath,
}: AttestPlan["files"][number]): string[] {
  const referred = predicateType === type.uri ? "" : `, a reference to ${type.uri}`;
  const rest = subjects.length - shownSubjects;
  return [
    `  ${quote(path)} (${predicateType}${referred}) → ${quote(bundlePath)}`,
    ...subjects
      .slice(0, shownSubjects)
      .flatMap(({ name, digests }) =>
        [...digests].map(([algorithm, hex]) => `    ${quote(name)} ${algorithm}:${hex}`),
      ),
    ...(rest > 0 ? [`    and ${rest} more subjects`] : []),
  ];
}
