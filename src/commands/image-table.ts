// Inputs that have to do with images and registries: once for all commands.

/** How registries are reached, whatever is read or written there. */
export const registryInputs = [
  {
    name: "registry",
    kind: { type: "text", metavar: "HOST" },
    default: "",
    help: "Registry (host or host:port) that registry-username and registry-password are for. May be left out when all images are in one.",
  },
  {
    name: "registry-username",
    kind: { type: "text", metavar: "NAME" },
    default: "",
    help: "User name for that registry. Without it the log-ins of docker and podman, GitLab's CI_REGISTRY variables and for ghcr.io GitHub's token are used.",
  },
  {
    name: "registry-password",
    kind: { type: "text", metavar: "PASSWORD" },
    default: "",
    help: "Password or token for that registry.",
    secret: true,
  },
  {
    name: "registry-realms",
    kind: { type: "list", metavar: "HOSTS" },
    default: "",
    help: "Hosts that may be given a registry's credentials to log in, where that is neither the registry's own host nor one beside it.",
  },
  {
    name: "allow-insecure-registry",
    kind: { type: "list", metavar: "HOSTS" },
    default: "",
    help: "Registries (host or host:port, exact) that may be asked over plain http. Loopback always may.",
  },
] as const;

/** For whatever reads images by name. */
export const requireDigestInput = {
  name: "require-digest",
  kind: { type: "boolean" },
  default: "false",
  help: "Refuse images that are named without a digest: a tag may have moved since the build.",
} as const;

/** Which images, and where what is said of them is stored. */
export const imageInputs = [
  {
    name: "subject-images",
    kind: { type: "list", metavar: "REFERENCES" },
    default: "",
    help: "Images, in any number of registries: registry/repository:tag@sha256:…, or oci-layout:FOLDER. A tag is looked up once, and its digest is what counts.",
  },
  {
    name: "recursive",
    kind: { type: "choice", choices: ["false", "true", "platforms"] },
    default: "false",
    help: "Of an index of several platforms: the index alone (false), the index and each image in it (true), or the images alone (platforms).",
  },
  {
    name: "storage",
    kind: { type: "choice", choices: ["referrers", "legacy", "both", "none"] },
    default: "referrers",
    help: "Where it is stored: referrers as cosign 3, gh and policy engines read them; legacy, the tags of cosign 2 (needs Rekor v1, and costs a second log entry for a signature); both; none, with bundle-dir.",
  },
  requireDigestInput,
  {
    name: "repair-index",
    kind: { type: "boolean" },
    default: "false",
    help: "Where a registry has no referrers API: complete the entries that others have written without artifact type, so that policy engines find them.",
  },
  ...registryInputs,
] as const;

/** What of images `attest` does besides attesting. */
export const signImagesInput = {
  name: "sign-images",
  kind: { type: "choice", choices: ["false", "true", "only"] },
  default: "false",
  help: "Also sign the images as `cosign sign` does, under the same certificate (true), or sign and attest nothing (only).",
} as const;

/** Name of an input about registries. */
export type RegistryInputName = (typeof registryInputs)[number]["name"];

/** Name of an input about images. */
export type ImageInputName = (typeof imageInputs)[number]["name"];
