// Sigstore's policy-controller as a judge: its own tester, which runs the admission code on one image.
//
// The tester's TrustRoot cannot hold a Sigstore of one's own for bundles (README.md), so it gets the stack's
// TUF repository where it looks without a TrustRoot: in the cache of sigstore/sigstore's TUF client.

import { mkdir, mkdtemp, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { emptyEnvironment, run, runOk } from "../stack/run.ts";
import type { Trust } from "../stack/start.ts";
import { ensureTools } from "../stack/tools.ts";
import type { Admission } from "./kyverno.ts";

export interface ControllerRules {
  readonly identity: string;
  readonly issuer: string;
  /** The tester reads signatures in bundles as attestations alone. */
  readonly predicateType: string;
}

/**
 * Whether policy-controller admits the image under the rules.
 *
 * @param image - `host/repository@sha256:…`
 * @throws Error when it did not judge
 */
export async function askController(
  directory: string,
  {
    rules,
    image,
    trust,
  }: { readonly rules: ControllerRules; readonly image: string; readonly trust: Trust },
): Promise<Admission> {
  const tools = await ensureTools(["policy-tester"]);
  const home = await mkdtemp(join(directory, "controller-"));
  const environment = { ...emptyEnvironment(home), TUF_ROOT: await initializeTuf(home, trust) };
  const policy = join(home, "policy.yaml");
  await writeFile(policy, JSON.stringify(policyOf(rules)));
  const args = ["--policy", policy, "--image", image, "--log-level", "debug"];
  const result = await run(tools["policy-tester"], args, { environment, timeoutMs: 120_000 });
  const output = result.stdout + result.stderr;
  const isVerdict = result.code === 0 || (result.code === 1 && /^\{"errors":/m.test(result.stdout));
  if (!isVerdict || /TUF|trusted root/.test(result.stdout)) {
    throw new Error(`policy-tester did not judge (exit code ${result.code}):\n${output}`);
  }
  return { admitted: result.code === 0, output };
}

async function initializeTuf(home: string, trust: Trust): Promise<string> {
  const tools = await ensureTools(["tuf-client"]);
  const cache = join(home, "tuf");
  await mkdir(cache);
  await writeFile(join(cache, "remote.json"), JSON.stringify({ mirror: trust.tufUrl }));
  const store = `--store=${join(cache, "tuf.db")}`;
  await runOk(tools["tuf-client"], ["init", store, trust.tufUrl, trust.tufRoot]);
  return cache;
}

function policyOf({ identity, issuer, predicateType }: ControllerRules): object {
  const authority = {
    name: "signer",
    signatureFormat: "bundle",
    keyless: { identities: [{ issuer, subject: identity }] },
    attestations: [{ name: "statement", predicateType }],
  };
  return {
    apiVersion: "policy.sigstore.dev/v1beta1",
    kind: "ClusterImagePolicy",
    metadata: { name: "signed" },
    spec: { images: [{ glob: "**" }], authorities: [authority] },
  };
}
