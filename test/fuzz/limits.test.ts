// Input that is large or deep: refused, or read, within bounds of time and memory. `SLOW=1` takes ten times
// as much of everything.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, suite, test } from "node:test";
import { promisify } from "node:util";
import { matching } from "../../src/sigstore/matcher.ts";
import { isContained } from "../refusal.ts";
import { targets } from "./parsers.ts";

const scale = process.env.SLOW === "1" ? 10 : 1;
const mebibyte = 1024 * 1024;
const size = scale * mebibyte;

/** What a parser that reads everything once may take for a mebibyte; a quadratic one takes minutes. */
const maxMs = scale * 4000;

function repeat(text: string, bytes = size): string {
  return text.repeat(Math.ceil(bytes / Buffer.byteLength(text)));
}

function nested(inside: string, bytes: number): string {
  return `${inside}${repeat("[", bytes / 2)}${repeat("]", bytes / 2)}`;
}

/** Texts that a careless parser would spend its life on. */
const large: Readonly<Record<string, () => Buffer>> = {
  "nested lists": () => Buffer.from(nested("", size)),
  "nested lists that never end": () => Buffer.from(repeat("[")),
  "nested objects": () => Buffer.from(repeat('{"a":')),
  "a nested list inside a bundle": () =>
    Buffer.from(`{"mediaType":"x","verificationMaterial":${nested("", size)}}`),
  "one long string": () => Buffer.from(JSON.stringify(repeat("x"))),
  "a string of escapes": () => Buffer.from(`"${repeat("\\u0041")}"`),
  "a string of backslashes": () => Buffer.from(`"${repeat("\\\\")}"`),
  "a string that never ends": () => Buffer.from(`"${repeat("\\\\")}`),
  "a long number": () => Buffer.from(repeat("9")),
  "a list of numbers": () => Buffer.from(`[${repeat("1e5,")}1]`),
  "many names": () =>
    Buffer.from(
      `{${Array.from({ length: size / 16 }, (_, index) => `"name${index}":1`).join(",")}}`,
    ),
  spaces: () => Buffer.from(repeat(" ")),
  "line feeds": () => Buffer.from(repeat("\n")),
  "line feeds and carriage returns": () => Buffer.from(repeat("\r\n")),
  dashes: () => Buffer.from(repeat("-")),
  "lines of notes": () => Buffer.from(`a\n1\nAAAA\n\n${repeat("\u2014 a AAAAAAA=\n")}`),
  "PEM that never ends": () => Buffer.from(`-----BEGIN CERTIFICATE-----\n${repeat("AAAA\n")}`),
  "PEM after PEM": () =>
    Buffer.from(repeat("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")),
  "PEM between spaces": () => Buffer.from(`${repeat(" \n")}-----BEGIN CERTIFICATE-----\n`),
  base64: () => Buffer.from(repeat("AAAA")),
  "base64 that is wrong at its end": () => Buffer.from(`${repeat("AAAA")}!`),
  "nested sequences": () => Buffer.from(repeat("0\u0080", size)),
  "many short elements": () => sequence(Buffer.alloc(size, Buffer.of(5, 0))),
  "many empty sequences": () => sequence(Buffer.alloc(size, Buffer.of(0x30, 0))),
  "a set in disorder": () => sequence(Buffer.alloc(size, Buffer.of(2, 1, 9, 2, 1, 3)), 0x31),
  zeros: () => Buffer.alloc(size),
  "bytes of 255": () => Buffer.alloc(size, 255),
  "YAML aliases": () => Buffer.from(`a: &a [x]\n${aliases()}`),
  "YAML lists in lists": () => Buffer.from(repeat("- ")),
  "YAML flow lists": () => Buffer.from(`a: ${nested("", size)}`),
  "YAML anchors": () => Buffer.from(repeat("&a ")),
  "dots of a token": () => Buffer.from(repeat(".")),
  "open groups": () => Buffer.from(repeat("(")),
  stars: () => Buffer.from(repeat("(a*)*")),
};

function sequence(content: Buffer, tag = 0x30): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(content.length);
  const short = length.subarray(length.findIndex((byte) => byte !== 0));
  return Buffer.concat([Buffer.of(tag, 0x80 | short.length), short, content]);
}

function aliases(): string {
  const line = (index: number): string =>
    `${String.fromCodePoint(98 + index)}: &${String.fromCodePoint(98 + index)} [${repeat(`*${String.fromCodePoint(97 + index)}, `, 60)}]\n`;
  return Array.from({ length: 20 }, (_, index) => line(index)).join("");
}

suite("a mebibyte of anything into any parser", () => {
  for (const [what, make] of Object.entries(large)) {
    test(what, async () => {
      const bytes = make();
      for (const { name, parse } of targets) {
        const started = performance.now();
        await contained(() => parse(bytes));
        const took = performance.now() - started;
        assert.ok(took < maxMs, `${name}: ${Math.round(took)} ms`);
      }
    });
  }
});

async function contained(parse: () => unknown): Promise<void> {
  let outcome: unknown;
  assert.ok(isContained(() => (outcome = parse())));
  try {
    await outcome;
  } catch (error) {
    assert.ok(isContained(() => rethrow(error)));
  }
}

function rethrow(error: unknown): never {
  throw error;
}

suite("a bundle with too much of something", () => {
  const [bundle] = targets;
  const [seed = Buffer.alloc(0)] = bundle?.seeds ?? [];
  const text = Buffer.from(seed).toString("utf8");
  const der = /"rawBytes":\s*"([^"]+)"/.exec(text)?.[1] ?? "";

  const bundles: Readonly<Record<string, () => string>> = {
    "10,000 certificates": () => {
      const all = Array.from({ length: scale * 10_000 }, () => ({ rawBytes: der }));
      return replaced(
        /"(?:certificate|x509CertificateChain)":/,
        `"x509CertificateChain":{"certificates":${JSON.stringify(all)}},"was":`,
      ).replace(
        /"mediaType":\s*"[^"]*"/,
        '"mediaType":"application/vnd.dev.sigstore.bundle+json;version=0.1"',
      );
    },
    "10,000 entries": () =>
      replaced(/"tlogEntries":\s*\[/, `"tlogEntries":[${repeat("{},", 30_000 * scale)}`),
    "1,000,000 hashes": () => {
      const hash = `"${"A".repeat(43)}=",`;
      return replaced(
        /"hashes":\s*\[/,
        `"hashes":[${hash.repeat(scale === 1 ? 1_000_000 : 1_020_000)}`,
      );
    },
    "a million signatures": () => {
      const all = `${'{"sig":"AAAA"},'.repeat(1_000_000)}{"sig":"AAAA"}`;
      return `{"mediaType":"application/vnd.dev.sigstore.bundle.v0.3+json","verificationMaterial":{"publicKey":{"hint":""},"tlogEntries":[]},"dsseEnvelope":{"payload":"AAAA","payloadType":"x","signatures":[${all}]}}`;
    },
    "10,000 lines of signatures in a checkpoint": () =>
      replaced(
        /"envelope":\s*"/,
        `"envelope":"x\\n1\\nAAAA\\n\\n${"\u2014 a AAAAAAAA\\n".repeat(10_000)}`,
      ),
  };

  function replaced(pattern: RegExp, by: string): string {
    const changed = text.replace(pattern, () => by);
    assert.notEqual(changed, text);
    return changed;
  }

  for (const [what, make] of Object.entries(bundles)) {
    test(`${what}: refused soon`, async () => {
      const bytes = Buffer.from(make());
      const started = performance.now();
      await contained(() => bundle?.parse(bytes));
      const took = performance.now() - started;
      assert.ok(took < 5 * maxMs, `${Math.round(took)} ms for ${bytes.length} bytes`);
    });
  }
});

test("a pattern cannot run away, whatever it is held against", () => {
  for (const source of [
    "(a*)*b",
    "(a|a)*b",
    "(a|aa)+b",
    ".*.*.*.*.*.*b",
    "([a-z]+)*x",
    "(.{0,30}){0,30}b",
  ]) {
    const started = performance.now();
    isContained(() => matching(source, "identity").matches(`${"a".repeat(4000)}!`));
    assert.ok(performance.now() - started < maxMs, source);
  }
});

suite("a file of 100 MB as a bundle", () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "sigstep-limits-"));
  });
  after(() => rm(folder, { recursive: true }));

  // In a process of its own, whose heap shows what was read.
  for (const suffix of [".json", ".jsonl"]) {
    test(`${suffix}: refused, and never in memory as a whole`, async () => {
      const path = join(folder, `bundle${suffix}`);
      const handle = await open(path, "w");
      await handle.write("{");
      await handle.truncate(scale * 100_000_000);
      await handle.close();
      const script = `
        const { readCandidates } = await import(${JSON.stringify(new URL("../../src/commands/bundle-file.ts", import.meta.url).href)});
        for await (const { error } of readCandidates(${JSON.stringify(path)})) console.log(error?.code, error?.step?.number);
        console.log(Math.round(process.resourceUsage().maxRSS / 1024));
      `;
      const started = performance.now();
      const { stdout } = await promisify(execFile)(process.execPath, [
        "--input-type=module",
        "-e",
        script,
      ]);
      const [verdict, megabytes] = stdout.trim().split("\n");
      assert.equal(verdict, "BUNDLE_INVALID 1");
      assert.ok(Number(megabytes) < 300, `${megabytes} MB`);
      assert.ok(performance.now() - started < 20_000);
    });
  }
});
