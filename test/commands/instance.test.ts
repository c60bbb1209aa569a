// Instances that are refused before anybody is asked: plain http, and trust that cannot cover what is selected.
import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, suite, test } from "node:test";
import { readInstance, type Instance } from "../../src/commands/instance.ts";
import { exitCodeOf } from "../../src/errors.ts";
import { startSandbox, type Sandbox } from "../../src/sandbox/sandbox.ts";
import { rejection } from "../refusal.ts";
import { makeWorld } from "./own-run.ts";

/** Lists of a file; what a test changes in them. */
type Json = Record<string, Record<string, unknown>[]>;
type Change = (json: Json) => unknown;
const unchanged: Change = () => undefined;

suite("instances", () => {
  let sandbox: Sandbox;
  let directory: string;
  before(async () => {
    sandbox = await startSandbox();
    directory = await mkdtemp(join(tmpdir(), "sigstep-test-"));
  });
  after(async () => {
    await sandbox.close();
    await rm(directory, { recursive: true });
  });

  /** The sandbox's instance with changed files. */
  async function read(
    changeConfig: Change,
    changeRoot: Change = unchanged,
    terms: { now?: Date; insecureHosts?: string[]; rekor?: "v1" | "v2" } = {},
  ): Promise<Instance> {
    const { now = new Date(), insecureHosts = [], rekor = "v1" } = terms;
    const write = async (name: string, text: string, change: Change): Promise<string> => {
      const json: unknown = JSON.parse(text);
      assert.ok(isJson(json));
      change(json);
      const path = join(directory, name);
      await writeFile(path, JSON.stringify(json));
      return path;
    };
    const signingConfig = await write("config.json", sandbox.signingConfig[rekor], changeConfig);
    const trustedRoot = await write("root.json", sandbox.trustedRoot, changeRoot);
    const choice = { kind: "custom", signingConfig, trustedRoot, rekorVersion: undefined } as const;
    const world = { ...makeWorld().world, now: () => now };
    return readInstance(choice, { world, insecureHosts, offline: true });
  }

  suite("over plain http", () => {
    const lists = ["caUrls", "rekorTlogUrls", "tsaUrls"] as const;
    const move =
      (list: string, url: string): Change =>
      (json) => {
        for (const service of json[list] ?? []) service.url = url;
      };
    for (const list of lists) {
      test(`are refused as bad input: ${list}`, async () => {
        const url = "http://sigstore.internal:8080/x";
        const error = await rejection("SIGNING_CONFIG_INVALID", read(move(list, url)));
        assert.equal(exitCodeOf(error), 2);
        assert.ok(error.message.includes(url), error.message);
        assert.match(error.hint, /allow-insecure-hosts: sigstore\.internal:8080/);
        const insecureHosts = ["sigstore.internal"];
        await read(move(list, url), unchanged, { insecureHosts });
        await rejection(
          "SIGNING_CONFIG_INVALID",
          read(move(list, url), unchanged, { insecureHosts: ["internal", "sigstore.internal:80"] }),
        );
      });
    }

    test("are fine on loopback, and over https anywhere", async () => {
      await read(unchanged);
      for (const list of lists) await read(move(list, "https://sigstore.internal"));
    });

    test("may list what is not selected", async () => {
      await read((json) => {
        const old = { start: "2020-01-01T00:00:00Z", end: "2020-02-01T00:00:00Z" };
        const [first] = json.caUrls ?? [];
        json.caUrls?.push({ ...first, url: "http://old.internal", validFor: old });
      });
    });
  });

  suite("whose trusted root covers too little now", () => {
    const past = { start: "2020-01-01T00:00:00Z", end: "2020-02-01T00:00:00Z" };
    const future = { start: "2999-01-01T00:00:00Z" };
    const names: Readonly<Record<string, RegExp>> = {
      certificateAuthorities: /no certificate authority in force/,
      timestampAuthorities: /no timestamp authority in force/,
      tlogs: /no transparency log in force/,
      ctlogs: /no certificate transparency log in force/,
    };
    for (const [list, name] of Object.entries(names)) {
      test(`are refused as bad input: ${list} of the past`, async () => {
        const root: Change = (json) => {
          json[list] = (json[list] ?? []).map((one) => aged(one, past));
        };
        const error = await rejection("TRUSTED_ROOT_INVALID", read(unchanged, root));
        assert.equal(exitCodeOf(error), 2);
        assert.match(error.message, name);
        assert.match(error.message, /2020-02-01/);
        assert.match(error.hint, /trusted root of the instance/);
      });
      test(`are refused as bad input: ${list} of the future`, async () => {
        const root: Change = (json) => {
          json[list] = (json[list] ?? []).map((one) => aged(one, future));
        };
        assert.match(
          (await rejection("TRUSTED_ROOT_INVALID", read(unchanged, root))).message,
          name,
        );
      });
      test(`are refused as bad input, or never had any: ${list} left out`, async () => {
        const root: Change = (json) => Object.assign(json, { [list]: undefined });
        if (list === "ctlogs") await read(unchanged, root);
        else await rejection("TRUSTED_ROOT_INVALID", read(unchanged, root));
      });
    }

    test("are refused when the authorities' own certificates have ended", async () => {
      const now = new Date("2199-01-01T00:00:00Z");
      const error = await rejection("TRUSTED_ROOT_INVALID", read(unchanged, unchanged, { now }));
      assert.match(error.message, /certificate authority/);
    });

    test("are fine where the config selects no log or no timestamp authority", async () => {
      const noLog = await read(
        (json) => delete json.rekorTlogUrls,
        (json) => delete json.tlogs,
      );
      assert.deepEqual(noLog.services.logs, []);
      const noTsa = await read(
        (json) => delete json.tsaUrls,
        (json) => delete json.timestampAuthorities,
      );
      assert.deepEqual(noTsa.services.tsas, []);
    });

    test("are refused when they know fewer logs than are selected", async () => {
      const two: Change = (json) => {
        const [first] = json.rekorTlogUrls ?? [];
        json.rekorTlogUrls?.push({ ...first, operator: "another", url: "https://log.example" });
        Object.assign(json, { rekorTlogConfig: { selector: "EXACT", count: 2 } });
      };
      assert.equal((await read(two)).services.logs.length, 2);
      const one: Change = (json) => json.tlogs?.pop();
      const error = await rejection("TRUSTED_ROOT_INVALID", read(two, one));
      assert.match(error.message, /only 1 transparency log .* needs 2/);
      const same: Change = (json) => (json.tlogs = [json.tlogs?.[0] ?? {}, json.tlogs?.[0] ?? {}]);
      await rejection("TRUSTED_ROOT_INVALID", read(two, same));
    });
  });
});

function isJson(value: unknown): value is Json {
  return typeof value === "object" && value !== null;
}

/** The same with another period, wherever its kind writes it. */
function aged(
  one: Record<string, unknown>,
  validFor: Readonly<Record<string, string>>,
): Record<string, unknown> {
  const { publicKey } = one;
  if (typeof publicKey !== "object") return { ...one, validFor };
  return { ...one, publicKey: { ...publicKey, validFor } };
}
