// A Kyverno policy that admits images only when the given identity has signed them.
// Kyverno 1.18 and newer: ImageValidatingPolicy, policies.kyverno.io/v1.
//
// Kyverno counts any bundle of the identity as a signature, an SBOM as well. So the policy asks for
// statements by their predicate type, and a signature's has one too.
import { createHash } from "node:crypto";
import { quote, SigstepError } from "../errors.ts";

/** The predicate type of an image's signature. sigstore/cosign specs/SIGNATURE_SPEC.md. */
export const signaturePredicateType = "https://sigstore.dev/cosign/sign/v1";

/** What must be true of an image. */
export interface KyvernoRules {
  /** The whole subject alternative name of the certificate, compared exactly. */
  readonly identity: string;
  /** The issuer of the identity token, compared exactly. */
  readonly issuer: string;
  /** `registry/repository` without tag; `*` stands for any text, `/` included. */
  readonly images: string;
  /** Statements that must be there, each by the identity; the signature when absent. */
  readonly predicateTypes?: readonly string[];
  /** Whose certificates and logs count; the public Sigstore's when absent. */
  readonly tuf?: KyvernoTrust;
}

/** A TUF repository, as Kyverno's `tuf` has it. */
export interface KyvernoTrust {
  readonly mirror: string;
  /** The repository's first root.json. */
  readonly root: Uint8Array;
}

/**
 * The policy as YAML. Texts from outside stand in double quotes, in ASCII, and in no expression.
 *
 * @throws SigstepError INPUT_VALUE when an empty or unusable text would make a policy that says less
 */
export function formatKyvernoPolicy(rules: KyvernoRules): string {
  assertGiven("identity", rules.identity);
  assertGiven("issuer", rules.issuer);
  const { predicateTypes = [signaturePredicateType] } = rules;
  if (predicateTypes.length === 0) throw refuse("predicate types", "", "there is none");
  for (const type of predicateTypes) assertGiven("predicate type", type);
  return [
    ...header(rules.images),
    ...attestors(rules),
    ...statements(predicateTypes),
    ...validations(predicateTypes, rules.identity),
    "",
  ].join("\n");
}

function header(images: string): readonly string[] {
  const globs = globsOf(images);
  return [
    "# Only the images named below are looked at, as they are written there.",
    "apiVersion: policies.kyverno.io/v1",
    "kind: ImageValidatingPolicy",
    "metadata:",
    `  name: ${nameOf(images)}`,
    "spec:",
    "  validationActions: [Deny]",
    "  failurePolicy: Fail",
    "  webhookConfiguration:",
    "    timeoutSeconds: 30",
    "  matchConstraints:",
    "    resourceRules:",
    '      - apiGroups: [""]',
    '        apiVersions: ["v1"]',
    "        operations: [CREATE, UPDATE]",
    '        resources: [pods, "pods/ephemeralcontainers"]',
    "  validationConfigurations:",
    "    mutateDigest: true",
    "    verifyDigest: true",
    "    required: true",
    "  matchImageReferences:",
    ...globs.map((glob) => `    - glob: ${inQuotes(glob)}`),
  ];
}

function attestors({ identity, issuer, tuf }: KyvernoRules): readonly string[] {
  return [
    "  attestors:",
    "    - name: signer",
    "      cosign:",
    "        keyless:",
    "          identities:",
    `            - subject: ${inQuotes(identity)}`,
    `              issuer: ${inQuotes(issuer)}`,
    ...(tuf === undefined ? [] : trustLines(tuf)),
  ];
}

function trustLines({ mirror, root }: KyvernoTrust): readonly string[] {
  return [
    "        tuf:",
    `          mirror: ${inQuotes(mirror)}`,
    "          root:",
    `            data: ${inQuotes(Buffer.from(root).toString("base64"))}`,
  ];
}

function statements(predicateTypes: readonly string[]): readonly string[] {
  return [
    "  attestations:",
    ...predicateTypes.flatMap((type, number) => [
      `    - name: statement${number}`,
      "      intoto:",
      `        type: ${inQuotes(type)}`,
    ]),
  ];
}

const containerKinds = ["containers", "initContainers", "ephemeralContainers"];

function validations(predicateTypes: readonly string[], identity: string): readonly string[] {
  return [
    "  validations:",
    ...predicateTypes.flatMap((type, number) => [
      "    - expression: >-",
      `        (${containerKinds.map((kind) => `images.${kind}`).join(" + ")}).all(image,`,
      `        verifyAttestationSignatures(image, attestations.statement${number}, [attestors.signer]) > 0)`,
      `      message: ${inQuotes(messageOf(type, identity))}`,
    ]),
  ];
}

function messageOf(type: string, identity: string): string {
  const what = type === signaturePredicateType ? "is not signed" : `has no statement ${type}`;
  return `The image ${what} by ${identity}.`;
}

/** Kyverno compares with the text in the pod, so a tag or a digest may follow. */
function globsOf(images: string): readonly string[] {
  if (!/^[\w.*-]+(?::\d+)?(?:\/[\w.*-]+)+$/.test(images)) {
    throw refuse("images", images, "it is not a registry and a repository, without tag");
  }
  const ends = images.endsWith("*") ? [""] : ["", ":*", "@*"];
  return spellings(images).flatMap((name) => ends.map((end) => `${name}${end}`));
}

/** Docker Hub need not be named, nor its folder `library`. distribution/reference: normalize.go. */
function spellings(images: string): readonly string[] {
  const path = /^(?:index\.)?docker\.io\/(.+)$/.exec(images)?.[1];
  if (path === undefined) return [images];
  const short = path.startsWith("library/") ? path.slice("library/".length) : path;
  const paths = [...new Set([path, short])];
  return ["docker.io/", "index.docker.io/", ""].flatMap((host) => paths.map((it) => host + it));
}

/** Different for different images, so that one policy does not replace another. RFC 1123. */
function nameOf(images: string): string {
  const words = images.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-");
  const hash = createHash("sha256").update(images).digest("hex").slice(0, 8);
  return `signed-${words.slice(0, 40)}-${hash}`.replaceAll(/-+/g, "-");
}

function assertGiven(what: string, text: string): void {
  // Kyverno takes an empty one as "any".
  if (text.trim() === "") throw refuse(what, text, "it is empty");
}

function refuse(what: string, text: string, why: string): SigstepError {
  return new SigstepError("INPUT_VALUE", `Kyverno policy, ${what} ${quote(text)}: ${why}.`, {
    where: what,
    hint: "Name the images as registry/repository, and the identity as the certificate has it.",
  });
}

/**
 * A double-quoted scalar. JSON's is one of YAML's; what is not printable ASCII is escaped, since YAML ends
 * lines at characters that JSON lets stand. YAML 1.2 section 5.7.
 */
function inQuotes(text: string): string {
  return JSON.stringify(text).replaceAll(/[^\x20-\x7e]/gu, (character) => {
    const code = (character.codePointAt(0) ?? 0).toString(16);
    return code.length > 4 ? `\\U${code.padStart(8, "0")}` : `\\u${code.padStart(4, "0")}`;
  });
}
