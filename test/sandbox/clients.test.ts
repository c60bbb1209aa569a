// Other people's clients sign on the sandbox and judge what came of it: what they accept there is what
// they accept of the real thing, and what the fault dial falsifies they refuse.
import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import type { IssuerKind } from "../../src/sandbox/claims.ts";
import type { Fault, ServiceName } from "../../src/sandbox/faults.ts";
import { startSandbox, type Sandbox } from "../../src/sandbox/sandbox.ts";
import { emptyEnvironment, run, runOk } from "../stack/run.ts";
import { ensureTools, type Tools } from "../stack/tools.ts";

const identities = {
  github: "https://github.com/acme/widget/.github/workflows/release.yml@refs/tags/v1.0.0",
  gitlab: "https://gitlab.com/acme/widget//.gitlab-ci.yml@refs/heads/main",
  email: "maintainer@example.com",
} as const;
const kinds = ["github", "gitlab", "email"] as const;
const versions = [1, 2] as const;

describe("on the sandbox", () => {
  let sandbox: Sandbox;
  let tools: Tools<"cosign" | "sgo" | "sigstore-python">;
  let directory: string;
  const path = (name: string): string => join(directory, name);

  before(async () => {
    tools = await ensureTools(["cosign", "sgo", "sigstore-python"]);
    sandbox = await startSandbox();
    directory = await mkdtemp(join(tmpdir(), "sigstep-clients-"));
    await sandbox.environment(directory);
    await writeFile(path("file"), "content");
    await writeFile(path("other"), "other content");
    await writeFile(path("predicate.json"), '{"passed":true}');
    await writeFile(path("trust-config.json"), trustConfig(sandbox));
    // sgo leaves out an index of 0, and sigstore-python does not accept that.
    for (const version of versions) await sign("sgo", version, "github");
  });
  after(async () => {
    await sandbox.close();
    await rm(directory, { recursive: true });
  });

  const environment = (): Record<string, string> => emptyEnvironment(directory);
  const trust = (version: 1 | 2): readonly string[] => [
    ...["--trusted-root", path("trusted-root.json")],
    ...["--signing-config", path(`signing-config-rekor-v${version}.json`)],
  ];

  async function sign(
    client: "cosign" | "sgo" | "attest",
    version: 1 | 2,
    kind: IssuerKind,
  ): Promise<string> {
    const bundle = path(`${client}-${version}-${kind}.json`);
    const predicate = ["--predicate", path("predicate.json"), "--type", "custom"];
    const command = {
      cosign: ["sign-blob", "-y"],
      sgo: ["sign-bundle"],
      attest: ["attest-blob", "-y", ...predicate],
    }[client];
    const token = ["--identity-token", await sandbox.issuers[kind].token()];
    const args = [...command, ...trust(version), ...token, "--bundle", bundle, path("file")];
    await runOk(tools[client === "sgo" ? "sgo" : "cosign"], args, { environment: environment() });
    return bundle;
  }

  /** Whether each judge accepts a bundle as the identity's, for a file. */
  async function judge(bundle: string, kind: IssuerKind, file = "file"): Promise<boolean[]> {
    const identity = ["--certificate-identity", identities[kind]];
    const certificate = [...identity, "--certificate-oidc-issuer", sandbox.issuers[kind].url];
    const root = ["--trusted-root", path("trusted-root.json")];
    const attested = ["verify-blob-attestation", "--type", "custom"];
    const command = bundle.includes("attest-") ? attested : ["verify-blob"];
    const args = ["--bundle", bundle, ...root, ...certificate, path(file)];
    const python = [
      ...["--trust-config", path("trust-config.json"), "verify", "identity"],
      ...["--bundle", bundle, "--cert-identity", identities[kind]],
      ...["--cert-oidc-issuer", sandbox.issuers[kind].url, path(file)],
    ];
    const results = [
      await run(tools.cosign, [...command, ...args], { environment: environment() }),
      await run(tools.sgo, ["verify-bundle", ...args], { environment: environment() }),
      // cosign writes statements of version 0.1, which sigstore-python does not read.
      ...(bundle.includes("attest-")
        ? []
        : [await run(tools["sigstore-python"], python, { environment: environment() })]),
    ];
    return results.map(({ code }) => code === 0);
  }

  for (const version of versions) {
    for (const kind of kinds) {
      it(`cosign signs for ${kind} with Rekor v${version}, and all judges accept it`, async () => {
        const bundle = await sign("cosign", version, kind);
        assert.deepEqual(await judge(bundle, kind), [true, true, true]);
        assert.deepEqual(await judge(bundle, kind, "other"), [false, false, false]);
      });
    }

    it(`sgo signs with Rekor v${version}, and all judges accept it`, async () => {
      assert.deepEqual(await judge(await sign("sgo", version, "github"), "github"), [
        true,
        true,
        true,
      ]);
    });

    it(`cosign attests with Rekor v${version}, and all judges accept it`, async () => {
      assert.deepEqual(await judge(await sign("attest", version, "github"), "github"), [
        true,
        true,
      ]);
    });
  }

  it("cosign takes the token of a GitHub job", async () => {
    const ambient = await sandbox.environment(directory);
    const bundle = path("ambient.json");
    const provider = ["--oidc-provider", "github-actions"];
    const command = ["sign-blob", "-y", ...provider, ...trust(1), "--bundle", bundle];
    await runOk(tools.cosign, [...command, path("file")], {
      environment: { ...environment(), ...ambient },
    });
    assert.deepEqual(await judge(bundle, "github"), [true, true, true]);
  });

  // What a signer may notice at once, or not look at; a judge must refuse it at the latest.
  const wrongKey: Fault = { kind: "wrong-key" };
  const faults: readonly (readonly [string, ServiceName, 1 | 2, Fault])[] = [
    ["a certificate signed by an unknown key", "fulcio", 1, wrongKey],
    ["a certificate of a foreign chain", "fulcio", 1, { kind: "corrupt", what: "foreign-chain" }],
    ["a certificate without SCT", "fulcio", 1, { kind: "corrupt", what: "no-sct" }],
    ["an SCT signed by an unknown key", "ct", 1, wrongKey],
    ["an entry signed by an unknown key", "rekor1", 1, wrongKey],
    ["a wrong proof", "rekor1", 1, { kind: "corrupt", what: "bad-proof" }],
    ["a wrong promise", "rekor1", 1, { kind: "corrupt", what: "bad-set" }],
    ["a wrong checkpoint", "rekor1", 1, { kind: "corrupt", what: "bad-checkpoint" }],
    ["another log's entry", "rekor1", 1, { kind: "corrupt", what: "other-log" }],
    ["somebody else's entry", "rekor1", 1, { kind: "corrupt", what: "other-entry" }],
    ["a wrong proof of version 2", "rekor2", 2, { kind: "corrupt", what: "bad-proof" }],
    ["a checkpoint of an unknown key", "rekor2", 2, wrongKey],
    ["somebody else's entry of version 2", "rekor2", 2, { kind: "corrupt", what: "other-entry" }],
    ["a timestamp signed by an unknown key", "tsa", 2, wrongKey],
    ["a timestamp of something else", "tsa", 2, { kind: "corrupt", what: "wrong-imprint" }],
    ["a timestamp of another year", "tsa", 2, { kind: "corrupt", what: "wrong-time" }],
  ];
  for (const [name, service, version, fault] of faults) {
    it(`${name} is refused`, async () => {
      sandbox.faults.add({ service, times: 1, fault });
      const bundle = await sign("sgo", version, "github").catch(() => undefined);
      assert.equal(sandbox.faults.hits, 1);
      sandbox.faults.clear();
      if (bundle !== undefined)
        assert.deepEqual((await judge(bundle, "github")).slice(1), [false, false]);
    });
  }
});

/** Trusted root and signing config in one, as sigstore-python wants them. */
function trustConfig(sandbox: Sandbox): string {
  const mediaType = "application/vnd.dev.sigstore.clienttrustconfig.v0.1+json";
  return `{"mediaType":"${mediaType}","trustedRoot":${sandbox.trustedRoot},"signingConfig":${sandbox.signingConfig.v1}}`;
}
