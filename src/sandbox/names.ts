// Every name that the sandbox puts into certificates, logs and trust files. Each says what it is, so
// that nothing made here can be taken for the real thing; ".invalid" can never resolve (RFC 2606).

/** Organisation of a usual sandbox's certificates, and operator of every service. */
export const organisation = "sigstep sandbox, not for production";

/** Organisation of the certificates when the sandbox plays GitHub's instance: clients choose by it. */
export const githubOrganisation = "GitHub, Inc.";

/** The logs' names: origin of their checkpoints, label in the trusted root. */
export const hosts = {
  fulcio: "fulcio.sigstep-sandbox-not-for-production.invalid",
  ct: "ct.sigstep-sandbox-not-for-production.invalid",
  rekor1: "rekor1.sigstep-sandbox-not-for-production.invalid",
  rekor2: "rekor2.sigstep-sandbox-not-for-production.invalid",
  tsa: "tsa.sigstep-sandbox-not-for-production.invalid",
} as const;
