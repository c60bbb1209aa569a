// Other people's bundles before our verifier: made by cosign, sigstore-go, sigstore-python and @sigstore/sign
// on the real servers, judged by the core and by dist/, as a job runs it.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdtemp, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { after, before, suite, test } from "node:test";
import { computeDigest } from "../../src/crypto/digest.ts";
import { SigstepError } from "../../src/errors.ts";
import { parseBundle } from "../../src/sigstore/bundle.ts";
import { exactly } from "../../src/sigstore/matcher.ts";
import { neededDigests } from "../../src/sigstore/message.ts";
import { parseTrustedRoot } from "../../src/sigstore/trust.ts";
import { verifyBundle, type VerifiedBundle } from "../../src/sigstore/verify.ts";
import { emptyEnvironment, run, runOk } from "./run.ts";
import { cosign, sgo } from "./signers.ts";
import { startStack, type Stack } from "./start.ts";
import { ensureTools } from "./tools.ts";

const cli = join(import.meta.dirname, "../../dist/cli.js");
const jsSigner = join(import.meta.dirname, "../clients/js-signer.mjs");
const identity = "https://github.com/acme/widget/.github/workflows/release.yml@refs/tags/v1.0.0";
const provenance = "https://slsa.dev/provenance/v1";
const statementType = "application/vnd.in-toto+json";

let stack: Stack;
let folder: string;
let file: string;
let changed: string;
let statement: string;
let predicate: string;

before(async () => {
  stack = await startStack();
  folder = await mkdtemp(join(stack.directory, "verify-"));
  file = join(folder, "widget.tar");
  changed = join(folder, "changed.tar");
  statement = join(folder, "statement.json");
  predicate = join(folder, "predicate.json");
  await writeFile(file, "widget");
  await writeFile(changed, "widget!");
  const provenanceOf = {
    buildDefinition: { buildType: "https://build.example/v1", externalParameters: {} },
    runDetails: { builder: { id: "https://builder.example" } },
  };
  await writeFile(predicate, JSON.stringify(provenanceOf));
  const sha256 = createHash("sha256").update("widget").digest("hex");
  await writeFile(
    statement,
    JSON.stringify({
      _type: "https://in-toto.io/Statement/v1",
      subject: [{ name: "widget.tar", digest: { sha256 } }],
      predicateType: provenance,
      predicate: provenanceOf,
    }),
  );
});
after(() => stack.stop());

type LogVersion = "v1" | "v2";

interface Order {
  readonly log: LogVersion;
  readonly bundle: string;
}

async function python(command: readonly string[], { log, bundle }: Order): Promise<void> {
  const tools = await ensureTools(["sigstore-python"]);
  const home = await mkdtemp(join(folder, "python-"));
  const config: unknown = JSON.parse(await readFile(stack.trust.clientTrustConfig, "utf8"));
  const other: unknown = JSON.parse(await readFile(stack.trust.signingConfigV2, "utf8"));
  assert.ok(typeof config === "object");
  const trust = join(home, "trust.json");
  const chosen = log === "v1" ? config : { ...config, signingConfig: other };
  await writeFile(trust, JSON.stringify(chosen));
  const token = ["--identity-token", await stack.githubToken(), "--bundle", bundle];
  await runOk(tools["sigstore-python"], ["--trust-config", trust, ...command, ...token, file], {
    environment: emptyEnvironment(home),
  });
}

interface JsOrder {
  readonly entryType?: "dsse" | "intoto";
  readonly payloadType?: string;
  readonly chain?: boolean;
}

async function javascript({ log, bundle }: Order, wish: JsOrder): Promise<void> {
  const tools = await ensureTools(["sigstore-cli"]);
  const { fulcio, rekor1, rekor2, tsa } = stack.urls;
  const order = {
    modules: dirname(tools["sigstore-cli"]),
    ...{ fulcio, tsa: new URL(tsa).origin, bundle },
    rekor: log === "v1" ? rekor1 : rekor2,
    rekorVersion: log === "v1" ? 1 : 2,
    file: wish.payloadType === undefined ? file : statement,
    ...wish,
  };
  await runOk(process.execPath, [jsSigner, JSON.stringify(order)], {
    environment: { ...emptyEnvironment(folder), TOKEN: await stack.githubToken() },
  });
}

interface Signer {
  readonly name: string;
  readonly isStatement: boolean;
  readonly logs: readonly LogVersion[];
  readonly sign: (order: Order) => Promise<void>;
}

const both = ["v1", "v2"] as const;
const signers: readonly Signer[] = [
  {
    name: "cosign sign-blob",
    isStatement: false,
    logs: both,
    sign: (order) => cosign.signBlob({ stack, file, ...order }),
  },
  {
    name: "cosign attest-blob",
    isStatement: true,
    logs: both,
    sign: (order) =>
      cosign.signAttestation({
        stack,
        file,
        predicate,
        predicateType: "slsaprovenance1",
        ...order,
      }),
  },
  {
    name: "sigstore-go, a message",
    isStatement: false,
    logs: both,
    sign: (order) => sgo.signBlob({ stack, file, ...order }),
  },
  {
    name: "sigstore-go, a statement",
    isStatement: true,
    logs: both,
    sign: (order) => sgo.signStatement({ stack, ...order, file: statement }),
  },
  {
    name: "sigstore-python sign",
    isStatement: false,
    logs: both,
    sign: (order) => python(["sign"], order),
  },
  {
    name: "sigstore-python attest",
    isStatement: true,
    logs: both,
    sign: (order) =>
      python(["attest", "--predicate", predicate, "--predicate-type", provenance], order),
  },
  {
    name: "@sigstore/sign, a message",
    isStatement: false,
    logs: both,
    sign: (order) => javascript(order, {}),
  },
  {
    name: "@sigstore/sign, a statement as dsse",
    isStatement: true,
    // It sends Rekor v2 an entry of kind dsse, which that takes no more.
    logs: ["v1"],
    sign: (order) => javascript(order, { payloadType: statementType, entryType: "dsse" }),
  },
  {
    name: "@sigstore/sign, a statement as intoto with a chain, as npm did",
    isStatement: true,
    logs: ["v1"],
    sign: (order) =>
      javascript(order, { payloadType: statementType, entryType: "intoto", chain: true }),
  },
];

interface Question {
  readonly bundle: string;
  readonly file?: string;
  readonly identity?: string;
  readonly issuer?: string;
  readonly trustedRoot?: string;
}

/** The core's answer. */
async function askCore(question: Question): Promise<VerifiedBundle | SigstepError> {
  const content = await readFile(question.file ?? file);
  const bundle = parseBundle(await readFile(question.bundle), "bundle");
  const digests = [...neededDigests(bundle)];
  try {
    return await verifyBundle({
      bundle,
      artifact: {
        digests: new Map(digests.map((each) => [each, computeDigest(each, content).bytes])),
      },
      trustedRoot: parseTrustedRoot(
        await readFile(question.trustedRoot ?? stack.trust.trustedRoot),
        "root",
      ),
      policy: {
        identities: [
          {
            identity: exactly(question.identity ?? identity, "identity"),
            issuer: exactly(question.issuer ?? stack.urls.github, "issuer"),
            extensions: {},
          },
        ],
      },
      now: new Date(),
    });
  } catch (error) {
    if (error instanceof SigstepError) return error;
    throw error;
  }
}

/** The exit code of `sigstep verify`, and what it said. */
async function askProgram(question: Question): Promise<readonly [number, string]> {
  const options = [
    ...[
      "--bundle",
      question.bundle,
      "--trusted-root",
      question.trustedRoot ?? stack.trust.trustedRoot,
    ],
    ...["--certificate-identity", question.identity ?? identity],
    ...["--certificate-oidc-issuer", question.issuer ?? stack.urls.github],
  ];
  const { code, stdout, stderr } = await run(
    process.execPath,
    [cli, "verify", "--offline", ...options, question.file ?? file],
    { environment: emptyEnvironment(folder), timeoutMs: 60_000 },
  );
  return [code, stdout + stderr];
}

for (const signer of signers) {
  for (const log of signer.logs) {
    suite(`${signer.name}, Rekor ${log}`, () => {
      const bundle = (): string => join(folder, `${signer.name.replace(/\W+/g, "-")}-${log}.json`);
      before(() => signer.sign({ log, bundle: bundle() }));

      test("is accepted", async () => {
        const answer = await askCore({ bundle: bundle() });
        if (answer instanceof SigstepError) throw answer;
        assert.equal(answer.certificate?.identity.value, identity);
        assert.equal(answer.entries.length, 1);
        assert.equal(answer.scts.length, 1);
        assert.ok(answer.times.length > 0);
        assert.equal(answer.statement === undefined, !signer.isStatement);
        const [code, output] = await askProgram({ bundle: bundle() });
        assert.equal(code, 0, output);
      });

      test("is refused for anything else, at the step that is to blame", async () => {
        const foreign = await stack.foreignTrust();
        const wrong: readonly (readonly [Partial<Question>, readonly number[]])[] = [
          [{ file: changed }, [5, 11, 12]],
          [{ identity: `${identity}.1` }, [10]],
          [{ issuer: stack.urls.gitlab }, [10]],
          [{ trustedRoot: foreign.trustedRoot }, [2]],
        ];
        for (const [change, steps] of wrong) {
          const answer = await askCore({ bundle: bundle(), ...change });
          assert.ok(answer instanceof SigstepError, Object.keys(change).join());
          assert.ok(
            steps.includes(answer.step?.number ?? 0),
            `${answer.step?.number}: ${answer.message}`,
          );
          const [code, output] = await askProgram({ bundle: bundle(), ...change });
          assert.equal(code, 1, output);
        }
      });
    });
  }
}
