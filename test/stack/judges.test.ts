// The judges must be able to say yes and no, or their yes to our bundles would be worth nothing.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { attestationJudges, judges, type AttestationCase, type Verdict } from "./judges.ts";
import { cosign, sgo, signers } from "./signers.ts";
import { startStack, type Stack, type Trust } from "./start.ts";
import { ensureTools } from "./tools.ts";

const identity = "https://github.com/acme/widget/.github/workflows/release.yml@refs/tags/v1.0.0";
const predicateType = "https://example.com/predicate/v1";
const logs = ["v1", "v2"] as const;

let stack: Stack;
let foreign: Trust;
let directory: string;
let file: string;
let changedFile: string;
let statement: string;

before(async () => {
  await ensureTools(["cosign", "sgo", "sigstore-python", "sigstore-cli", "gh"]);
  directory = await mkdtemp(join(tmpdir(), "sigstep-judges-"));
  file = join(directory, "widget.tar");
  changedFile = join(directory, "changed.tar");
  await writeFile(file, "widget");
  await writeFile(changedFile, "widget!");
  statement = join(directory, "statement.json");
  await writeFile(statement, statementAbout("widget.tar", "widget"));
  stack = await startStack();
  foreign = await stack.foreignTrust();
  await Promise.all(logs.map(fillIndexZero));
});

after(async () => {
  await stack.stop();
  await rm(directory, { recursive: true });
});

function statementAbout(name: string, content: string): string {
  return JSON.stringify({
    // sigstore-python refuses version 0.1, which cosign writes.
    _type: "https://in-toto.io/Statement/v1",
    subject: [{ name, digest: { sha256: createHash("sha256").update(content).digest("hex") } }],
    predicateType,
    predicate: {},
  });
}

// cosign and sgo leave `logIndex` out when it is 0, and sigstore-python calls that malformed.
async function fillIndexZero(log: "v1" | "v2"): Promise<void> {
  await sgo.signBlob({ stack, log, file, bundle: join(directory, `zero-${log}.json`) });
}

for (const log of logs) {
  const signed = (name: string): AttestationCase => ({
    stack,
    file,
    bundle: join(directory, `${name}-${log}.json`),
    identity,
    issuer: stack.urls.github,
    predicateType,
  });

  for (const signer of signers) {
    describe(`a blob signed by ${signer.name} with Rekor ${log}`, () => {
      before(() => signer.signBlob({ log, ...signed(signer.name) }));

      for (const judge of judges) {
        it(`is accepted by ${judge.name}`, async () => {
          const verdict = await judge.verifyBlob(signed(signer.name));
          assert.equal(verdict.accepted, true, verdict.output);
        });
      }
    });
  }

  describe(`what is wrong about a blob with Rekor ${log}`, () => {
    for (const judge of judges) {
      it(`is seen by ${judge.name}`, async () => {
        const wrong = [
          { identity: `${identity}.1` },
          { issuer: stack.urls.gitlab },
          { file: changedFile },
          { trust: foreign },
        ];
        await refusesEach(wrong, (change) => judge.verifyBlob({ ...signed("sgo"), ...change }));
      });
    }
  });

  describe(`an attestation with Rekor ${log}`, () => {
    before(() => sgo.signStatement({ log, ...signed("attestation"), file: statement }));

    for (const judge of attestationJudges) {
      it(`is accepted by ${judge.name}, and refused with anything else`, async () => {
        const verdict = await judge.verifyAttestation(signed("attestation"));
        assert.equal(verdict.accepted, true, verdict.output);
        const wrong = [
          { identity: `${identity}.1` },
          { trust: foreign },
          ...(judge.checksFile ? [{ file: changedFile }] : []),
          ...(judge.checksPredicateType ? [{ predicateType: `${predicateType}.1` }] : []),
        ];
        await refusesEach(wrong, (change) =>
          judge.verifyAttestation({ ...signed("attestation"), ...change }),
        );
      });
    }
  });
}

async function refusesEach(
  wrong: readonly Partial<AttestationCase>[],
  ask: (change: Partial<AttestationCase>) => Promise<Verdict>,
): Promise<void> {
  const refuse = async (change: Partial<AttestationCase>): Promise<void> => {
    const verdict = await ask(change);
    assert.equal(verdict.accepted, false, `${Object.keys(change).join()}: ${verdict.output}`);
  };
  await Promise.all(wrong.map(refuse));
}

describe("a judge that cannot judge throws", () => {
  for (const judge of judges) {
    it(`${judge.name}, without a bundle`, async () => {
      const bundle = join(directory, "missing.json");
      const question = { stack, file, bundle, identity, issuer: stack.urls.github };
      await assert.rejects(judge.verifyBlob(question), { code: "ENOENT" });
    });

    it(`${judge.name}, without its trust`, async () => {
      const bundle = join(directory, "zero-v1.json");
      const trust = Object.fromEntries(
        Object.keys(stack.trust).map((name) => [name, `http://localhost:1/${name}`]),
      );
      const question = { stack, file, bundle, identity, issuer: stack.urls.github };
      await assert.rejects(
        judge.verifyBlob({ ...question, trust: { ...stack.trust, ...trust } }),
        /could not judge|exit code/,
      );
    });
  }
});

it("cosign attests, and takes its own attestation", async () => {
  const predicate = join(directory, "predicate.json");
  await writeFile(predicate, "{}");
  const bundle = join(directory, "cosign-attestation.json");
  const order = { stack, file, bundle, predicate, predicateType };
  await cosign.signAttestation({ log: "v1", ...order });
  const verdict = await attestationJudges[0]?.verifyAttestation({
    ...order,
    identity,
    issuer: stack.urls.github,
  });
  assert.equal(verdict?.accepted, true, verdict?.output);
});
