// Every program that the test bed runs, with the one version of it that we test against.
//
// Nothing here is taken on trust: a Go module must have the `sum` written here, a module of our own
// has its go.sum, Python and npm packages their lock files. How each kind is built: build-tool.ts.

/** `go install module/package@version`, after the module has shown the hash `sum`. */
export interface GoInstall {
  readonly kind: "go-install";
  readonly module: string;
  readonly version: string;
  readonly sum: string;
  /** Folder of the main package inside the module; empty for the module's root. */
  readonly folder: string;
}

/** `go build package` inside a module of ours, `test/stack/go/<source>`. */
export interface GoModule {
  readonly kind: "go-module";
  readonly source: string;
  readonly package: string;
}

/** A Python environment out of `requirements`; the tool is a script or a module of it. */
export interface Python {
  readonly kind: "python";
  readonly requirements: string;
  /** From the environment's bin/, with the closing quote of the path: a binary, or Python and a module. */
  readonly command: string;
}

/** `npm ci` in a copy of the folder `source`; the tool is a script in it. */
export interface Npm {
  readonly kind: "npm";
  readonly source: string;
  readonly script: string;
}

export type Tool = GoInstall | GoModule | Python | Npm;

// In the order of a cold build: the slowest must not come last.
export const toolList = {
  kyverno: goModule("kyverno", "github.com/kyverno/kyverno/cmd/cli/kubectl-kyverno"),
  "policy-tester": goModule("policy-tester", "github.com/sigstore/policy-controller/cmd/tester"),
  cosign: goInstall("github.com/sigstore/cosign/v3", "cmd/cosign", [
    "v3.1.2",
    "h1:AlWkztipzFHLGfLECkUwcC2a2EbpzKOsElge1vcRNcs=",
  ]),
  // Its older layout of signatures in registries, which many images still have.
  cosign2: goInstall("github.com/sigstore/cosign/v2", "cmd/cosign", [
    "v2.6.5",
    "h1:D7kFSWS2HzfD+LpEuBO89D1KfOAODlkWuuhzXS8yzi0=",
  ]),
  rekor1: goInstall("github.com/sigstore/rekor", "cmd/rekor-server", [
    "v1.5.4",
    "h1:A9zITTrkRwO+8lfq7L/gBR7rDHHcBQJRI+a0JQo4xDM=",
  ]),
  fulcio: goInstall("github.com/sigstore/fulcio", "", [
    "v1.8.8",
    "h1:AtVoVQ4R7YaP6RHIH9puHyB398CHS/9WYc6d+gKf5Y0=",
  ]),
  rekor2: goInstall("github.com/sigstore/rekor-tiles/v2", "cmd/rekor-server/posix", [
    "v2.3.0",
    "h1:HhMgH61UP0t899V8Fjt7pz1YdgOBptbaQdnCF+79cdc=",
  ]),
  ct_server: goInstall("github.com/google/certificate-transparency-go", "trillian/ctfe/ct_server", [
    "v1.3.3",
    "h1:hq/rSxztSkXN2tx/3jQqF6Xc0O565UQPdHrOWvZwybo=",
  ]),
  memtrillian: goModule("memtrillian", "."),
  "timestamp-server": goModule("tsa", "."),
  sgo: goInstall("github.com/sigstore/sigstore-go", "test/conformance", [
    "v1.2.1",
    "h1:YWP/rDbBaEBvtbkj6xtwsSj38ZCFEhTVVadNOXjVe3A=",
  ]),
  tuf: goInstall("github.com/theupdateframework/go-tuf", "cmd/tuf", [
    "v0.7.0",
    "h1:CqbQFrWo1ae3/I0UCblSbczevCCbS31Qvs5LdxRWqRI=",
  ]),
  "tuf-client": goInstall("github.com/theupdateframework/go-tuf", "cmd/tuf-client", [
    "v0.7.0",
    "h1:CqbQFrWo1ae3/I0UCblSbczevCCbS31Qvs5LdxRWqRI=",
  ]),
  "sigstore-python": python("sigstore", `python" -m sigstore`),
  "sigstore-cli": npm("npm", "node_modules/@sigstore/cli/bin/run"),
  gh: goModule("gh", "github.com/cli/cli/v2/cmd/gh"),
  distribution: goInstall("github.com/distribution/distribution/v3", "cmd/registry", [
    "v3.1.1",
    "h1:KUbk7C8CfaLXy8kbf/hGq9cad/wCoLB6dbWH6DMbmX0=",
  ]),
  act: goInstall("github.com/nektos/act", "", [
    "v0.2.87",
    "h1:q3CHCOYXtxa013SAzo1qgQjaQ8j2krCMW1TMf99IfLs=",
  ]),
  crane: goInstall("github.com/google/go-containerregistry", "cmd/crane", [
    "v0.21.9",
    "h1:F+D4uZ3iA3DLMJLfhaqMdHJbzeqm/216WGQq2dokuLs=",
  ]),
  ocimem: goModule("ocimem", "."),
  actionlint: goInstall("github.com/rhysd/actionlint", "cmd/actionlint", [
    "v1.7.12",
    "h1:vQ4GeJN86C0QH+gTUQcs8McmK62OLT3kmakPMtEWYnY=",
  ]),
  zizmor: python("zizmor", `zizmor"`),
};

export type ToolName = keyof typeof toolList;

function goInstall(
  module: string,
  folder: string,
  [version, sum]: readonly [version: string, sum: string],
): Tool {
  return { kind: "go-install", module, folder, version, sum };
}

function goModule(source: string, packagePath: string): Tool {
  return { kind: "go-module", source: `go/${source}`, package: packagePath };
}

function python(requirements: string, command: string): Tool {
  return { kind: "python", requirements: `python/${requirements}.txt`, command };
}

function npm(source: string, script: string): Tool {
  return { kind: "npm", source, script };
}
