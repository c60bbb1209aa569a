// The inputs that say whose services to use → one choice. Contradictions are refused here.
import { SigstepError } from "../errors.ts";
import type { InputReader } from "./input-reader.ts";
import type { RunInputName } from "./input-table.ts";
import { parseMirror } from "./mirror.ts";
import type { Mirror } from "./trust-sources.ts";

/** Whose services to use. */
export type InstanceChoice =
  | { readonly kind: "public-good"; readonly rekorVersion: 1 | 2 }
  | { readonly kind: "github" }
  | { readonly kind: "staging"; readonly rekorVersion: ExpectedVersion }
  | (Mirror & { readonly rekorVersion: ExpectedVersion })
  | {
      readonly kind: "custom";
      readonly signingConfig: string;
      readonly trustedRoot: string;
      readonly rekorVersion: ExpectedVersion;
    };

/** What the user expects the signing config to choose, when said. */
type ExpectedVersion = 1 | 2 | undefined;

/** @throws SigstepError INPUT_VALUE, INPUT_MISSING, INPUT_CONFLICT */
export function chooseInstance(inputs: InputReader<RunInputName>): InstanceChoice {
  const version = inputs.text("rekor-version") === "2" ? 2 : 1;
  const rekorVersion = inputs.given("rekor-version") ? version : undefined;
  const files = chooseFiles(inputs);
  const mirror = parseMirror({ mirror: inputs.text("tuf-mirror"), root: inputs.text("tuf-root") });
  requireOne(inputs, { files: files !== undefined, mirror: mirror !== undefined });
  if (files !== undefined) return { ...files, rekorVersion };
  if (mirror !== undefined) return { ...mirror, rekorVersion };
  switch (inputs.text("instance")) {
    case "github":
      requireNoLog(rekorVersion);
      return { kind: "github" };
    case "staging":
      return { kind: "staging", rekorVersion };
    case "public-good":
    case undefined:
      return { kind: "public-good", rekorVersion: version };
    default:
      throw new TypeError("the table of inputs has no other instance");
  }
}

type Files = Pick<
  Extract<InstanceChoice, { kind: "custom" }>,
  "kind" | "signingConfig" | "trustedRoot"
>;

function chooseFiles(inputs: InputReader<RunInputName>): Files | undefined {
  const signingConfig = inputs.text("signing-config");
  const trustedRoot = inputs.text("trusted-root");
  if (signingConfig === undefined && trustedRoot === undefined) return undefined;
  if (signingConfig !== undefined && trustedRoot !== undefined) {
    return { kind: "custom", signingConfig, trustedRoot };
  }
  const missing = signingConfig === undefined ? "signing-config" : "trusted-root";
  throw new SigstepError("INPUT_MISSING", `Input ${missing} is missing.`, {
    where: missing,
    hint: "Your own Sigstore instance needs both signing-config (whom to ask) and trusted-root (whom to believe).",
  });
}

/** Files, a mirror, or a named instance: each says the whole. */
function requireOne(
  inputs: InputReader<RunInputName>,
  { files, mirror }: { readonly files: boolean; readonly mirror: boolean },
): void {
  const given = [
    ...(files ? ["signing-config"] : []),
    ...(mirror ? ["tuf-mirror"] : []),
    ...(inputs.given("instance") ? ["instance"] : []),
  ];
  const [one = "", other] = given;
  if (other === undefined) return;
  throw new SigstepError("INPUT_CONFLICT", `Inputs ${one} and ${other} are both given.`, {
    where: one,
    hint: "Each names the Sigstore instance to use: give one of them.",
  });
}

function requireNoLog(expected: ExpectedVersion): void {
  if (expected === undefined) return;
  throw new SigstepError(
    "INPUT_CONFLICT",
    `Input rekor-version is ${expected}, but GitHub's instance has no log.`,
    { where: "rekor-version", hint: "Leave rekor-version out." },
  );
}
