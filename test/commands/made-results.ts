// Plans and results made for tests of what is written about them. Certificates are proven ones.
import { createEphemeralSigner } from "../../src/crypto/signer.ts";
import type { ErrorDetails } from "../../src/errors.ts";
import { SigstepError } from "../../src/errors.ts";
import type { Instance } from "../../src/commands/instance.ts";
import { makePlan, type Plan, type PlannedFile } from "../../src/commands/plan.ts";
import { parseSignRequest, type SignRequest } from "../../src/commands/request.ts";
import type { FailedResult, SignedResult, SignResults } from "../../src/commands/results.ts";
import type { FoundFile } from "../../src/subjects/find.ts";
import { certify, trustedRoot } from "../sigstore/own-instance.ts";

/** Texts that could steer a terminal, a runner, a page or a shell, by what they are. */
export const hostile: Readonly<Record<string, string>> = {
  "a workflow command": "::set-output name=x::y",
  "an old workflow command": "##[group]x",
  "another runner's command": "##vso[task.setvariable variable=x]y",
  "a line of its own": "a\n::error::x",
  "a carriage return": "a\r::error::x",
  "a terminal's escape": "\u001b[2J\u001b]0;title\u0007",
  "a terminal's escape in one character": "\u009b2J",
  "text that runs backwards": "\u202egpj.exe",
  "text without width": "a\u200b\u2066b\ufeff",
  "a line separator": "a\u2028b\u2029c",
  "half a character": "a\ud800b",
  HTML: "<script>alert(1)</script><img src=x onerror=y>&lt;",
  "a table's border": "a|b||c",
  "a link": "[x](https://evil.example) ![y](https://evil.example/y.png)",
  "an address": "https://evil.example www.evil.example a@evil.example",
  code: "`a` ``b`` ```c```",
  emphasis: "*a* **b** _c_ ~~d~~",
  "a heading": "# a",
  "a formula": "$\\alpha$ $$x$$",
  "a mention": "@octocat #1 GH-1",
  quotes: `'a' "b" \\`,
  "a shell": "$(id) `id` ; rm -rf / & | > x",
  "a shell's flag": "-rf",
  nothing: "",
  "a very long text": "x|`<".repeat(50_000),
};

export function makeRequest(texts: Readonly<Record<string, string>> = {}): SignRequest {
  return parseSignRequest((name) => texts[name], []);
}

const validFor = { start: new Date("2025-01-01T00:00:00Z") };

export function makeInstance(version: 1 | 2 = 1): Instance {
  const service = (url: string, number = 1): Instance["services"]["ca"] => ({
    url: new URL(url),
    version: number,
    validFor,
    operator: "example",
  });
  return {
    name: "the instance of the test",
    services: {
      ca: service("https://fulcio.example"),
      logs: [service("https://rekor.example", version)],
      tsas: [service("https://tsa.example/api/v1/timestamp")],
    },
    trustedRoot,
    isPublicGood: false,
  };
}

export function found(path: string, size = 10): FoundFile {
  return { path, name: path.split("/").at(-1) ?? path, size };
}

export function planFor(
  paths: readonly string[],
  texts: Readonly<Record<string, string>> = {},
): Plan {
  return makePlan(
    makeRequest(texts),
    paths.map((path) => found(path)),
    makeInstance(),
  );
}

export function planned(path: string): PlannedFile {
  return { ...found(path), bundlePath: `${path}.sigstore.json` };
}

export const certificate = await certify(createEphemeralSigner(), {
  fulcio: { 8: "https://token.actions.githubusercontent.com", 20: "push" },
});

export const sha256 = "0123456789abcdef".repeat(4);

/** A file that was signed; parts that are given replace the right ones. */
export function signed(path: string, more: Partial<SignedResult> = {}): SignedResult {
  return {
    kind: "signed",
    file: planned(path),
    sha256,
    entries: [{ logIndex: "123456789", url: "https://rekor.example/entry?logIndex=123456789" }],
    certificate: {
      identity: certificate.identity.value,
      issuer: "https://token.actions.githubusercontent.com",
    },
    proven: certificate,
    times: ["2025-06-01T12:00:00.000Z"],
    orphaned: [],
    ...more,
  };
}

/** A file that was not. */
export function failed(
  path: string,
  message = "It failed.",
  details: ErrorDetails = {},
): FailedResult {
  const error = new SigstepError("SERVICE_REFUSED", message, { hint: "Try again.", ...details });
  return { kind: "failed", file: planned(path), error, published: [] };
}

export function resultsOf(...files: SignResults["files"]): SignResults {
  return { files, certificates: [certificate], seconds: 1.25 };
}
