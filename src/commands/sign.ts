// `sign`: files → message-signature bundles. Reads top to bottom: plan, identity, files, report.
import { toSigstepError } from "../errors.ts";
import { findFiles } from "../subjects/find.ts";
import { advise } from "./blame.ts";
import { readCaFile } from "./ca-file.ts";
import { readEmbedded, readInstance } from "./instance.ts";
import { describeFileDigests, guardPublicLog } from "./leak-guard.ts";
import { createTokenSource } from "./identity.ts";
import { makePlan, type Plan } from "./plan.ts";
import { describePlan } from "./plan-text.ts";
import { checkTargets } from "./preflight.ts";
import { reportRun, type SignReport } from "./report.ts";
import type { SignRequest } from "./request.ts";
import { signFiles } from "./sign-files.ts";
import { checkSignStores, goodsOf, openSignTargets } from "./sign-stores.ts";
import { runAgain } from "./signing-run.ts";
import { deliver } from "./store-delivery.ts";
import { verifyCommand } from "./verify-command.ts";
import type { World } from "./world.ts";

const words = { one: "file", many: "files" };
const leastConnections = 256;

/**
 * Does what `request` asks.
 *
 * Files that fail do not stop the others; they are in the report.
 *
 * @throws SigstepError whatever stops the run as a whole: bad input, no identity, no certificate.
 */
export async function sign(request: SignRequest, world: World): Promise<SignReport> {
  const { retryBudgetMs: budgetMs, insecureHosts, dryRun: offline } = request;
  const [files, caPem] = await Promise.all([findFiles(request.items), readCaFile(request.caFile)]);
  const network = { budgetMs, insecureHosts, ...(caPem === undefined ? {} : { caPem }) };
  const terms = { world, network, insecureHosts, offline };
  const atHand = offline ? undefined : await readEmbedded(request.instance, terms);
  const plan = makePlan(request, files, atHand ?? (await readInstance(request.instance, terms)));
  await checkTargets(plan);
  checkSignStores(request.stores, plan, world);
  if (request.dryRun) return describeOnly(plan, world);
  const http = await world.openHttp({
    ...network,
    // A request that waits for a socket would use up its time.
    connections: Math.max(leastConnections, plan.concurrency),
  });
  try {
    const tokens = createTokenSource(request, world, http);
    world.runner.info(`Signing ${count(files.length)} with ${plan.instance.name}.`);
    const leave = {
      allowed: request.allowPublicLog,
      describeDigests: () => describeFileDigests(plan.files, world.signal),
    };
    await guardPublicLog(await tokens.get(), plan, leave);
    // What is embedded is enough to plan and to guard by. Nobody is asked for news before.
    const current =
      atHand === undefined
        ? plan
        : makePlan(request, files, await readInstance(request.instance, { ...terms, http }));
    const targets = await openSignTargets(request, current, { world, http });
    const results = await signFiles(current, { request, world, http, tokens });
    return await reportRun(current, results, {
      ...{ request, world, words },
      verifyCommand: (result) => verifyCommand(result, request.instance),
      deliver: (manifestPath) =>
        deliver(targets, goodsOf(results, current, manifestPath), { http, world }),
    });
  } catch (thrown) {
    const error = toSigstepError(thrown);
    throw error.code === "CANCELLED" ? advise(error, runAgain) : error;
  } finally {
    await http.close();
  }
}

async function describeOnly(plan: Plan, world: World): Promise<SignReport> {
  world.runner.info(describePlan(plan));
  const outputs = { status: "dry-run", "bundle-dir": plan.bundleDir } as const;
  for (const [name, value] of Object.entries(outputs)) await world.runner.output(name, value);
  return { status: "dry-run", exitCode: 0, outputs, failures: [], published: [] };
}

function count(files: number): string {
  return files === 1 ? "1 file" : `${files} files`;
}
