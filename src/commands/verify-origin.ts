// A bundle of another instance than the one that is trusted: says which instance it looks like. Loaded
// files of known instances serve for this guess alone; nothing is ever believed because of it.
import { equalBytes } from "../encoding/base64.ts";
import { SigstepError } from "../errors.ts";
import type { Bundle } from "../sigstore/bundle.ts";
import { parseCertificate, type Certificate } from "../sigstore/certificate.ts";
import { hasSigned } from "../sigstore/choose-root.ts";
import { parseTrustedRoot, type TrustedRoot } from "../sigstore/trust.ts";
import { describeName } from "../sigstore/x509.ts";

/** Steps that fail when the trusted root is another instance's. */
const affected: ReadonlySet<number> = new Set([2, 6, 7, 8, 9, 13]);

/** An instance that everyone may meet, and how to choose it. */
interface KnownInstance {
  readonly name: string;
  readonly choice: string;
  readonly knows: (marks: Marks) => Promise<boolean>;
}

/** By what an instance can be told. */
interface Marks {
  readonly logIds: readonly Uint8Array[];
  /** The certificate, and its issuer's name. */
  readonly leaf: Certificate | undefined;
  readonly issuer: string;
}

/**
 * `error`, with a hint at the instance that the bundle looks like, when it is one that `root` is not of.
 */
export async function explainOrigin(
  error: SigstepError,
  bundle: Bundle,
  root: TrustedRoot,
): Promise<SigstepError> {
  if (error.step === undefined || !affected.has(error.step.number)) return error;
  const marks = readMarks(bundle);
  if (isOf(root, marks)) return error;
  for (const { name, choice, knows } of instances) {
    if (!(await knows(marks))) continue;
    const hint = `The bundle looks like one of ${name}, and is judged by ${root.label}. If that is the instance to believe: ${choice}`;
    const { code, message, where, step, cause } = error;
    return new SigstepError(code, message, { hint, where, step, cause });
  }
  return error;
}

function readMarks({ entries, signer }: Bundle): Marks {
  const logIds = entries.map(({ logId }) => logId);
  if (signer.kind === "public-key") return { logIds, leaf: undefined, issuer: "" };
  try {
    const leaf = parseCertificate(signer.certificate);
    return { logIds, leaf, issuer: describeName(leaf.issuer) };
  } catch {
    return { logIds, leaf: undefined, issuer: "" };
  }
}

/** Whether a trusted root knows one of the logs, and has signed the certificate: names are alike in several instances. */
function isOf(root: TrustedRoot, { logIds, leaf }: Marks): boolean {
  const knowsLog = root.logs.some((log) => logIds.some((logId) => equalBytes(log.logId, logId)));
  if (leaf === undefined) return knowsLog;
  return hasSigned(root, leaf) && (knowsLog || logIds.length === 0);
}

const instances: readonly KnownInstance[] = [
  {
    name: "the public-good instance of Sigstore",
    choice: "leave trusted-root out.",
    knows: async (marks) => {
      const { publicGood } = await import("../sigstore/public-good/embedded.ts");
      return isOf(parseTrustedRoot(publicGood.trustedRoot, "public-good"), marks);
    },
  },
  {
    name: "the staging instance of Sigstore, which is for tests",
    choice: "instance: staging.",
    knows: async (marks) => {
      const { staging } = await import("../sigstore/staging/embedded.ts");
      return isOf(parseTrustedRoot(staging.trustedRoot, "staging"), marks);
    },
  },
  {
    name: "GitHub's own instance, which signs for private repositories",
    choice: "instance: github.",
    knows: ({ issuer }) => Promise.resolve(issuer.startsWith("O=GitHub, Inc.,")),
  },
];
