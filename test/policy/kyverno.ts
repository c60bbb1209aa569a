// Kyverno as a judge: the engine that clusters run, over a file instead of a cluster.

import { mkdtemp, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { emptyEnvironment, run } from "../stack/run.ts";
import { ensureTools } from "../stack/tools.ts";

export interface Admission {
  readonly admitted: boolean;
  /** What it printed, both streams. */
  readonly output: string;
}

/**
 * Whether Kyverno admits a pod of these images under the policy.
 *
 * @throws Error when it did not judge: a policy that it does not take, or that no image falls under
 */
export async function askKyverno(
  directory: string,
  {
    policy,
    images,
  }: { readonly policy: string; readonly images: Readonly<Record<string, string>> },
): Promise<Admission> {
  const { kyverno } = await ensureTools(["kyverno"]);
  const home = await mkdtemp(join(directory, "kyverno-"));
  const [policyFile, podFile] = [join(home, "policy.yaml"), join(home, "pod.yaml")];
  await writeFile(policyFile, policy);
  await writeFile(podFile, JSON.stringify(podOf(images)));
  const options = ["--registry", "--remove-color", "--detailed-results", "-v=6"];
  const args = ["apply", policyFile, "--resource", podFile, ...options];
  const result = await run(kyverno, args, {
    environment: emptyEnvironment(home),
    timeoutMs: 120_000,
  });
  const output = result.stdout + result.stderr;
  const count = countsOf(output);
  // What it cannot load, it denies; but that is no judgement of the image.
  const couldJudge = !output.includes("failed to build cosign verification opts");
  const hasJudged =
    couldJudge && count.error === 0 && count.skip === 0 && count.pass + count.fail === 1;
  if (!hasJudged) throw new Error(`kyverno did not judge (exit code ${result.code}):\n${output}`);
  if ((result.code === 0) !== (count.fail === 0)) {
    throw new Error(`kyverno says two things (exit code ${result.code}):\n${output}`);
  }
  return { admitted: count.fail === 0, output };
}

/** `containers` and the like, each with one image. */
function podOf(images: Readonly<Record<string, string>>): object {
  const containers = Object.entries(images).map(
    ([kind, image]) => [kind, [{ name: kind.toLowerCase(), image }]] as const,
  );
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "app", namespace: "default" },
    spec: Object.fromEntries(containers),
  };
}

function countsOf(output: string): Readonly<Record<"pass" | "fail" | "error" | "skip", number>> {
  const line = /^pass: .*/m.exec(output)?.[0] ?? "";
  const of = (name: string): number => Number(new RegExp(`${name}: (\\d+)`).exec(line)?.[1] ?? NaN);
  return { pass: of("pass"), fail: of("fail"), error: of("error"), skip: of("skip") };
}
