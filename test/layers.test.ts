// The staircase, kept by a test: reads src/ and fails on an import that climbs, a circle, a folder or file
// name that says nothing, the environment outside entries, and I/O or a clock in the protocol core.
import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { posix } from "node:path";
import { suite, test } from "node:test";
import ts from "typescript";

const tools = ["crypto", "encoding", "errors"];
const protocol = ["sigstore", ...tools];
const parts = ["subjects", "predicates", "stores", "registry", "services", ...protocol];
/** What each folder may import besides itself. `runner` and `sandbox` stand beside the staircase. */
const staircase: Readonly<Record<string, readonly string[]>> = {
  entry: ["commands", "runner", ...parts],
  commands: ["runner", "sandbox", ...parts],
  subjects: protocol,
  predicates: protocol,
  stores: ["services", ...protocol],
  registry: ["services", ...protocol],
  services: protocol,
  runner: ["services", ...protocol],
  sandbox: protocol,
  sigstore: tools,
  crypto: ["encoding", "errors"],
  encoding: ["errors"],
  errors: [],
};
const core = ["sigstore", "crypto", "encoding"];
const pureModules = /^(node:(crypto|buffer|util)|@noble\/.+|\.{1,2}\/.+)$/;
const clocks = [
  "Date.now",
  "performance.now",
  "setTimeout",
  "setInterval",
  "setImmediate",
  "fetch",
  "Math.random",
];
const emptyNames = /^(utils?|helpers?|common|types|index|misc)\.ts$/;

type Sources = ReadonlyMap<string, string>;

function violations(sources: Sources): string[] {
  const graph = new Map([...sources].map(([path, text]) => [path, importsOf(path, text)]));
  return [
    ...[...graph].flatMap(([path, imports]) =>
      imports.flatMap((target) => wrongImport(path, target)),
    ),
    ...[...sources].flatMap(([path, text]) => [...wrongFile(path, text), ...wrongCode(path, text)]),
    ...[...sources.keys()].flatMap((path) => circle(graph, path)),
  ];
}

/** Static, dynamic and type imports alike; those of our own as paths below src/. */
function importsOf(path: string, text: string): readonly string[] {
  const { importedFiles } = ts.preProcessFile(text, true, true);
  return importedFiles.map(({ fileName }) => {
    return fileName.startsWith(".") ? posix.join(posix.dirname(path), fileName) : fileName;
  });
}

function folderOf(path: string): string {
  if (["action.ts", "cli.ts", "entry.ts", "verify-action.ts"].includes(path)) return "entry";
  return path === "errors.ts" ? "errors" : (path.split("/", 1)[0] ?? "");
}

function wrongImport(path: string, target: string): string[] {
  const allowed = target.endsWith(".ts")
    ? mayImport(path, target)
    : mayLoad(folderOf(path), target);
  return allowed ? [] : [`${path} imports ${target}`];
}

function mayImport(path: string, target: string): boolean {
  const [from, to] = [folderOf(path), folderOf(target)];
  if (to === from) return true;
  if (to === "runner" && from === "commands") return target === "runner/runner.ts";
  if (to === "sandbox") return path === "commands/demo.ts";
  return staircase[from]?.includes(to) === true;
}

/** Packages, modules of Node and data. */
function mayLoad(folder: string, target: string): boolean {
  if (target === "node:process") return folder === "entry";
  return !core.includes(folder) || pureModules.test(target) || target.endsWith(".json");
}

function wrongFile(path: string, text: string): string[] {
  const found: string[] = [];
  if (!(folderOf(path) in staircase))
    found.push(`${path}: a folder without a place on the staircase`);
  if (emptyNames.test(posix.basename(path))) found.push(`${path}: a name that says nothing`);
  const lines = text.split("\n").length - 1;
  if (lines > 400) found.push(`${path}: ${lines} lines`);
  return found;
}

function wrongCode(path: string, text: string): string[] {
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    const code = ts.isPropertyAccessExpression(node) || ts.isIdentifier(node) ? node.getText() : "";
    const isClock =
      clocks.includes(code) ||
      (ts.isNewExpression(node) && /^new Date(\(\))?$/.test(node.getText()));
    if (code === "process.env" && folderOf(path) !== "entry")
      found.push(`${path} reads process.env`);
    if (isClock && core.includes(folderOf(path))) found.push(`${path} uses ${node.getText()}`);
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true));
  return found;
}

/** The way from a file back to itself, when there is one. */
function circle(graph: ReadonlyMap<string, readonly string[]>, start: string): string[] {
  const seen = new Set<string>();
  const walk = (way: readonly string[]): string[] => {
    for (const next of graph.get(way.at(-1) ?? "") ?? []) {
      if (next === start) return [[...way, next].join(" → ")];
      if (seen.has(next)) continue;
      seen.add(next);
      const found = walk([...way, next]);
      if (found.length > 0) return found;
    }
    return [];
  };
  return walk([start]);
}

test("src/ keeps its layers", () => {
  const paths = globSync("**/*.ts", { cwd: "src" }).map((path) => path.replaceAll("\\", "/"));
  assert.ok(paths.length > 0);
  const sources = new Map(paths.sort().map((path) => [path, readFileSync(`src/${path}`, "utf8")]));
  assert.deepEqual(violations(sources), []);
});

test("tests and scripts have names that say something", () => {
  const paths = globSync(["test/**/*.ts", "scripts/**/*.ts", "bench/*.ts"]);
  assert.deepEqual(
    paths.filter((path) => emptyNames.test(posix.basename(path.replaceAll("\\", "/")))),
    [],
  );
});

suite("a rule that is broken is reported", () => {
  const broken: readonly (readonly [path: string, text: string, report: RegExp])[] = [
    ["sigstore/entry.ts", 'import { post } from "../services/http.ts";', /imports services\/http/],
    [
      "sigstore/entry.ts",
      'const post = await import("../services/http.ts");',
      /imports services\/http/,
    ],
    [
      "sigstore/entry.ts",
      'import type { Http } from "../services/http.ts";',
      /imports services\/http/,
    ],
    [
      "services/fulcio.ts",
      'import { glob } from "../subjects/files.ts";',
      /imports subjects\/files/,
    ],
    ["commands/sign.ts", 'import { GitHub } from "../runner/github.ts";', /imports runner\/github/],
    ["runner/github.ts", 'import { sign } from "../commands/sign.ts";', /imports commands\/sign/],
    [
      "commands/sign.ts",
      'const s = await import("../sandbox/server.ts");',
      /imports sandbox\/server/,
    ],
    ["sandbox/fulcio.ts", 'import { http } from "../services/http.ts";', /imports services\/http/],
    ["crypto/keys.ts", 'import { readFile } from "node:fs/promises";', /imports node:fs/],
    ["encoding/der.ts", 'import { request } from "undici";', /imports undici/],
    ["sigstore/a.ts", 'import "./a.ts";', /sigstore\/a.ts → sigstore\/a.ts/],
    ["extras/new.ts", "export {};", /without a place/],
    ["sigstore/utils.ts", "export {};", /says nothing/],
    ["sigstore/long.ts", "\n".repeat(401), /401 lines/],
    ["services/http.ts", "const proxy = process.env.HTTPS_PROXY;", /reads process.env/],
    ["services/http.ts", 'import { env } from "node:process";', /imports node:process/],
    ["sigstore/token.ts", "const now = Date.now();", /uses Date.now/],
    ["sigstore/token.ts", "const now = new Date();", /uses new Date/],
    ["crypto/keys.ts", "setTimeout(() => 0, 10);", /uses setTimeout/],
  ];
  for (const [path, text, report] of broken) {
    test(`${path}: ${text.trim().slice(0, 60)}`, () => {
      assert.match(violations(new Map([[path, text]])).join("\n"), report);
    });
  }

  test("a circle of two files", () => {
    const files = new Map([
      ["sigstore/a.ts", 'import "./b.ts"; // and back'],
      ["sigstore/b.ts", 'const a = () => import("./a.ts");'],
    ]);
    assert.match(violations(files).join("\n"), /sigstore\/a.ts → sigstore\/b.ts → sigstore\/a.ts/);
  });

  test("what is allowed is not reported", () => {
    const files = new Map([
      ["cli.ts", 'import { GitHub } from "./runner/github.ts"; new GitHub(process.env);'],
      ["commands/demo.ts", 'const { serve } = await import("../sandbox/server.ts");'],
      [
        "sigstore/token.ts",
        '// Date.now() in a comment\nconst at = new Date(0); const t = "process.env";',
      ],
    ]);
    assert.deepEqual(violations(files), []);
  });
});
