// What a run over images would sign: for each image its statements. A signature is one, too.
import { join } from "node:path";
import { quote, SigstepError } from "../errors.ts";
import { parsePredicateInput } from "../predicates/predicate-file.ts";
import { manifestName } from "../subjects/find.ts";
import type { Subject } from "../subjects/subject.ts";
import { nameStatements } from "./attest-names.ts";
import {
  nameMatches,
  requireEmbeddable,
  type AttestShape,
  type PlannedStatement,
  type PlannedStatements,
} from "./attest-plan.ts";
import type { PlannedPredicate } from "./attest-predicates.ts";
import type { ImageTarget } from "./image-targets.ts";

/** One statement about one image. */
export interface PlannedImage extends PlannedStatement {
  readonly image: ImageTarget;
  /** Whether it is the image's signature, and no attestation. */
  readonly isSignature: boolean;
}

/** What a run over images would sign. */
export interface PlannedImages extends PlannedStatements {
  readonly files: readonly PlannedImage[];
}

/** What such a plan is made of. */
export interface ImageParts {
  readonly targets: readonly ImageTarget[];
  readonly predicates: readonly PlannedPredicate[];
  readonly bundleDir: string;
  /** Whether bundles are written to `bundleDir` as well. */
  readonly keepsFiles: boolean;
}

/** Type of the statement that is a signature: pkg/cosign/bundle/sign.go of cosign 3. */
export const signatureType = "https://sigstore.dev/cosign/sign/v1";

/** The predicate by which an image is signed, and no more said of it. */
export function signaturePredicate(): PlannedPredicate {
  const source = { label: "signature", code: "PREDICATE_INVALID" } as const;
  return {
    ...{ kind: "document", label: "signature", subjects: undefined, name: "signature.json" },
    path: undefined,
    type: { uri: signatureType, shortType: "signature", check: undefined },
    document: parsePredicateInput("{}", source),
    mediaType: "application/json",
  };
}

/**
 * For each image the predicates that are for it: `subjects` of a predicate names digests, platforms
 * (`linux/arm64`, with any variant) or repositories.
 *
 * @throws SigstepError INPUT_NO_MATCH, PREDICATE_INVALID
 */
export function planImages(parts: ImageParts, shape: AttestShape): PlannedImages {
  const { targets, predicates, bundleDir, keepsFiles } = parts;
  for (const predicate of predicates) {
    requireEmbeddable(predicate, shape);
    requireTargets(predicate, targets);
  }
  const statements = targets.flatMap((image) =>
    predicates
      .filter((predicate) => isFor(predicate, image))
      .map((predicate) => ({ image, predicate })),
  );
  const names = nameStatements(
    statements.map(({ image, predicate: { type } }) => ({
      subjects: [fileNameOf(image)],
      shortType: type.shortType,
    })),
    shape.bundleName,
  );
  const place = (statement: (typeof statements)[number], index: number): PlannedImage => ({
    ...placeStatement(statement),
    bundlePath: join(bundleDir, names[index] ?? ""),
    ...(keepsFiles ? {} : { isUnwritten: true }),
  });
  return {
    files: statements.map(place),
    bundleDir,
    manifestPath: join(bundleDir, manifestName),
    linesPath: join(bundleDir, `${shape.bundleName}.sigstore.jsonl`),
  };
}

type Placed = Omit<PlannedImage, "bundlePath">;

function placeStatement({
  image,
  predicate,
}: {
  readonly image: ImageTarget;
  readonly predicate: PlannedPredicate;
}): Placed {
  const isSignature = predicate.type.uri === signatureType;
  const subjects = [subjectOf(image, isSignature)];
  const path = `${predicate.type.shortType} of ${image.name}`;
  const statement = { predicateType: predicate.type.uri, subjects };
  return { image, isSignature, predicate, subjects, statement, path, name: path };
}

/** As cosign writes it, a signature names its image by the digest alone: it holds for every copy. */
function subjectOf({ digest, subjectName }: ImageTarget, isSignature: boolean): Subject {
  const [algorithm = "", hex = ""] = digest.split(":");
  return { name: isSignature ? "" : subjectName, digests: new Map([[algorithm, hex]]) };
}

/** `app`, or `app-linux-arm64` for a part of an index. */
function fileNameOf({ subjectName, platform }: ImageTarget): string {
  const last = subjectName.split("/").at(-1) ?? "";
  return platform === undefined ? last : `${last}-${platform.replaceAll("/", "-")}`;
}

function isFor({ subjects }: PlannedPredicate, image: ImageTarget): boolean {
  return subjects === undefined || subjects.some((wanted) => isMeant(wanted, image));
}

function isMeant(wanted: string, { digest, platform, subjectName, name }: ImageTarget): boolean {
  if (wanted === digest || wanted === name || wanted === platform) return true;
  // `linux/arm64` is also linux/arm64/v8, as docker has it.
  if (wanted.includes("/") && platform?.startsWith(`${wanted}/`) === true) return true;
  return nameMatches(subjectName, wanted);
}

function requireTargets({ subjects, label }: PlannedPredicate, all: readonly ImageTarget[]): void {
  const lost = subjects?.find((wanted) => !all.some((image) => isMeant(wanted, image)));
  if (lost === undefined) return;
  const found = all.slice(0, 5).map(({ name, platform }) => quote(platform ?? name, 120));
  throw new SigstepError(
    "INPUT_NO_MATCH",
    `The ${label} is for ${quote(lost)}, and no image of this run is that.`,
    {
      where: label,
      hint: `Images are ${found.join(", ")}${all.length > 5 ? ", …" : ""}. Platforms of an index are signed with recursive: true or platforms.`,
    },
  );
}
