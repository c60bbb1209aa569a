// Statements about images → bundles beside them: each is signed, proven, stored, and told of.
import { encodeBundleArtifact } from "../registry/bundle-artifact.ts";
import { quote, SigstepError, toSigstepError } from "../errors.ts";
import { parseBundle, type Bundle } from "../sigstore/bundle.ts";
import type { ProvenCertificate } from "../sigstore/chain.ts";
import { statementType } from "../sigstore/dsse.ts";
import { signPayload } from "../sigstore/sign.ts";
import type { AttestPlan } from "./attest-plan.ts";
import type { EarlierImage, EarlierImages } from "./image-earlier.ts";
import { legacyAttestation, signLegacy, storeLegacy } from "./image-legacy.ts";
import type { PlannedImage, PlannedImages } from "./image-plan.ts";
import type { ImageStorage } from "./image-request.ts";
import type { ImageWriter, StoredReferrer } from "./image-storage.ts";
import type { ImageTarget } from "./image-targets.ts";
import { legacyTag } from "../registry/legacy.ts";
import type { MakePayload } from "./kept-statement.ts";
import { encodeProven } from "./own-work.ts";
import {
  describeEntry,
  signedResult,
  type EntryResult,
  type FileResult,
  type SignedResult,
} from "./results.ts";
import { signItems, type ItemTools, type SignContext } from "./signing-run.ts";
import type { SignResults, StoredImage } from "./results.ts";
import type { AttestationStore } from "./store-attestations.ts";
import { writeWhole } from "./write.ts";

/** A plan with whom to ask. */
export type ImagePlan = Omit<AttestPlan, "files"> & PlannedImages;

/** What signing images takes besides the plan. */
export interface ImageContext extends SignContext {
  readonly storage: ImageStorage;
  readonly earlier: EarlierImages;
  /** Whether the image has a signature of ours in cosign 2's layout; looks once for each. */
  readonly earlierLegacy: (image: ImageTarget) => Promise<boolean>;
  readonly writer: ImageWriter;
  readonly makePayload: (item: PlannedImage) => MakePayload;
  /** GitHub's attestations API, when attestations go there too. */
  readonly attestations: AttestationStore | undefined;
  /** Hears of each bundle. */
  readonly onBundle: (item: PlannedImage, bundle: string) => void;
}

/**
 * Signs every statement of `plan`.
 *
 * @throws SigstepError when nothing could be signed for a reason that is not a statement's.
 */
export function signImages(plan: ImagePlan, context: ImageContext): Promise<SignResults> {
  return signItems(plan, context, {
    sign: (item, tools) => new ImageSigning(item, tools, { ...context, plan }).run(),
    isMade: async (item) => {
      if ((await context.earlier.find(item)) === undefined) return false;
      const needsLegacy = item.isSignature && wantsLegacy(context.storage);
      return !needsLegacy || context.earlierLegacy(item.image);
    },
  });
}

function wantsLegacy(storage: ImageStorage): boolean {
  return storage === "legacy" || storage === "both";
}

/** What became of cosign 2's layout. */
interface LegacyResult {
  readonly tag: string;
  /** Those that were made for it alone. */
  readonly entries: readonly EntryResult[];
}

/** A bundle, made now or before. */
interface Made {
  readonly text: string;
  readonly bundle: Bundle;
  readonly certificate: ProvenCertificate;
  readonly result: SignedResult;
}

class ImageSigning {
  readonly #item: PlannedImage;
  readonly #tools: ItemTools;
  readonly #context: ImageContext & { readonly plan: ImagePlan };

  constructor(
    item: PlannedImage,
    tools: ItemTools,
    context: ImageContext & { readonly plan: ImagePlan },
  ) {
    this.#item = item;
    this.#tools = tools;
    this.#context = context;
  }

  async run(): Promise<FileResult> {
    const { earlier, onBundle } = this.#context;
    const found = await earlier.find(this.#item);
    const made = found === undefined ? await this.#sign() : this.#keep(found);
    onBundle(this.#item, made.text);
    if (this.#item.isUnwritten !== true) await writeWhole(this.#item.bundlePath, made.text);
    try {
      return await this.#store(made, found);
    } catch (thrown) {
      return this.#notStored(made, toSigstepError(thrown));
    }
  }

  #keep({ bundle, text }: EarlierImage): Made {
    const result = signedResult("kept", this.#item, bundle);
    return { text, bundle: bundle.bundle, certificate: bundle.certificate, result };
  }

  async #sign(): Promise<Made> {
    const { plan, world, makePayload } = this.#context;
    const { steps, published } = this.#tools;
    const [subject] = this.#item.subjects;
    if (subject === undefined) throw new TypeError("A statement without subject was planned.");
    const { certificate } = await steps.certify();
    const payload = await makePayload(this.#item)(certificate);
    const signed = await signPayload({ payloadType: statementType, payload }, steps);
    const terms = { ...plan.instance, artifact: { subject }, now: world.now() };
    const text = await encodeProven(signed, terms);
    const bundle = parseBundle(Buffer.from(text, "utf8"), "bundle");
    const result = signedResult("signed", this.#item, { ...signed, published });
    return { text, bundle, certificate: signed.certificate, result };
  }

  async #store(made: Made, earlier: EarlierImage | undefined): Promise<SignedResult> {
    const { image, predicate } = this.#item;
    const { name, digest, platform } = image;
    const isNew = earlier?.referrer === undefined;
    // One after the other: what fails first is told, and nothing goes on behind its back.
    const stored = await this.#storeReferrer(made, earlier);
    const legacy = await this.#storeLegacy(made);
    const attestation = isNew ? await this.#storeAtGitHub(made.text) : undefined;
    const own: StoredImage = {
      ...{ name, digest, platform, predicateType: predicate.type.uri },
      ...{ referrer: stored?.referrer, listedBy: stored?.listedBy },
      legacyTag: legacy?.tag,
    };
    const entries = [...made.result.entries, ...(legacy?.entries ?? [])];
    return { ...made.result, entries, image: own, attestation };
  }

  async #storeReferrer(
    made: Made,
    earlier: EarlierImage | undefined,
  ): Promise<Partial<StoredReferrer> | undefined> {
    const { storage, writer, world } = this.#context;
    if (storage === "legacy" || storage === "none") return undefined;
    if (earlier?.referrer !== undefined) {
      return {
        referrer: earlier.referrer,
        ...(earlier.listedBy === undefined ? {} : { listedBy: earlier.listedBy }),
      };
    }
    const artifact = encodeBundleArtifact({
      bundle: Buffer.from(made.text, "utf8"),
      subject: this.#item.image.manifest.descriptor,
      content: "dsse-envelope",
      predicateType: this.#item.predicate.type.uri,
      created: world.now(),
    });
    return writer.store(this.#item.image, artifact);
  }

  async #storeLegacy({ bundle, certificate }: Made): Promise<LegacyResult | undefined> {
    const { image, isSignature, predicate } = this.#item;
    if (!wantsLegacy(this.#context.storage)) return undefined;
    if (isSignature) return this.#signLegacy(image);
    const predicateType = predicate.type.uri;
    const entry = legacyAttestation({ bundle, certificate, predicateType });
    return { tag: await storeLegacy(image, "att", entry), entries: [] };
  }

  async #signLegacy(image: ImageTarget): Promise<LegacyResult> {
    if (await this.#context.earlierLegacy(image)) {
      return { tag: legacyTag(image.digest, "sig"), entries: [] };
    }
    const { entry, entries } = await signLegacy(image, this.#tools.steps);
    const tag = await storeLegacy(image, "sig", entry);
    return { tag, entries: entries.map(describeEntry) };
  }

  async #storeAtGitHub(text: string): Promise<SignedResult["attestation"]> {
    // GitHub's own list is of attestations; a signature there would only be in the way.
    if (this.#item.isSignature) return undefined;
    return this.#context.attestations?.store(text);
  }

  /** What is public stays so: the bundle is put where a rerun finds it. */
  async #notStored({ text, result }: Made, error: SigstepError): Promise<FileResult> {
    if (error.code === "CANCELLED") throw error;
    this.#tools.judge(error);
    const again = await this.#rescue(text);
    const indexes = result.entries.map(({ logIndex }) => logIndex).join(", ");
    const done = indexes === "" ? "Signed" : `Logged as entry ${indexes}`;
    const { code, message, hint, where, published, cause } = error;
    return {
      kind: "failed",
      file: this.#item,
      error: new SigstepError(code, `${done}, not stored: ${message}`, {
        hint: [hint, again].filter((part) => part !== "").join("\n"),
        ...{ where, published, cause },
      }),
      published: this.#tools.published,
    };
  }

  /** What to do next, as far as there is something. */
  async #rescue(text: string): Promise<string> {
    const { bundlePath } = this.#item;
    try {
      await writeWhole(bundlePath, text);
      return `The bundle is in ${quote(bundlePath)}: run again with it there, and the entry will be reused.`;
    } catch (thrown) {
      return `The bundle could not be kept either: ${toSigstepError(thrown).message}`;
    }
  }
}
