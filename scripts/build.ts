// src/ → dist/: what users run. ESM, split so that a run loads only what it needs, minified, and the same
// bytes on every machine. `--check` builds in memory and compares with dist/ instead of writing it.
import { readdirSync, readFileSync, rmSync, mkdirSync, writeFileSync, existsSync } from "node:fs";
import { homedir } from "node:os";
import { basename, dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { build, type BuildOptions, type Metafile } from "esbuild";
import { undiciConstants, unusedParts } from "./leave-out.ts";
import { licenceTexts } from "./licences.ts";
import { oneCore } from "./one-core.ts";

const { values: flags } = parseArgs({
  options: {
    check: { type: "boolean", default: false },
    root: { type: "string", default: dirname(import.meta.dirname) },
  },
});
const root = flags.root;
const dist = join(root, "dist");
const entries = ["src/action.ts", "src/cli.ts", "src/verify-action.ts"];
const entryLimit = 1_000_000;

const built = await bundle();
if (flags.check) compare(built.files);
else write(built.files);
report(built.metafile);

interface Built {
  /** File name in dist/ → its bytes. */
  readonly files: ReadonlyMap<string, Buffer>;
  readonly metafile: Metafile;
}

async function bundle(): Promise<Built> {
  const options = {
    absWorkingDir: root,
    entryPoints: entries,
    outdir: "dist",
    entryNames: "[name]",
    chunkNames: "[name]-[hash]",
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "node",
    target: "node24",
    minify: true,
    define: undiciConstants,
    plugins: unusedParts,
    legalComments: "none",
    metafile: true,
    write: false,
    logLevel: "warning",
  } as const satisfies BuildOptions;
  const stop = (): never => fail("The build failed; its messages are above.");
  const plugins = [...unusedParts, await oneCore(root, options).catch(stop)];
  const { outputFiles, metafile } = await build({ ...options, plugins }).catch(stop);
  const files = new Map<string, Buffer>();
  for (const file of outputFiles) files.set(basename(file.path), withRequire(file.text));
  files.set("licenses.txt", Buffer.from(licenceTexts(root, metafile)));
  for (const [name, bytes] of files) refusePaths(name, bytes);
  return { files, metafile };
}

/**
 * Gives a chunk the `require` that CommonJS packages call for Node's own modules; ES modules have none.
 * esbuild puts its stand-in, the only place that looks for the name, into one chunk.
 */
function withRequire(text: string): Buffer {
  if (!text.includes("typeof require<")) return Buffer.from(text);
  const banner =
    'import{createRequire as __cr}from"node:module";const require=__cr(import.meta.url);';
  const [first = ""] = text.split("\n", 1);
  const hashbang = first.startsWith("#!") ? `${first}\n` : "";
  return Buffer.from(`${hashbang}${banner}${text.slice(hashbang.length)}`);
}

/** A path of the building machine would make two machines' bytes differ. */
function refusePaths(name: string, bytes: Buffer): void {
  for (const path of [root, homedir()]) {
    // As the beginning of a path: addresses of others may have a part of the same name.
    const before = bytes.toString("latin1").split(path.length > 1 ? path : "\0");
    if (before.slice(0, -1).some((text) => !/[\w-]$/.test(text))) {
      fail(`dist/${name} holds the path ${path}.`);
    }
  }
}

function write(files: ReadonlyMap<string, Buffer>): void {
  rmSync(dist, { recursive: true, force: true });
  mkdirSync(dist);
  for (const [name, bytes] of files) writeFileSync(join(dist, name), bytes);
}

function compare(files: ReadonlyMap<string, Buffer>): void {
  const present = existsSync(dist) ? readdirSync(dist) : [];
  const differing = [...files]
    .filter(
      ([name, bytes]) => !present.includes(name) || !readFileSync(join(dist, name)).equals(bytes),
    )
    .map(([name]) => name);
  const left = present.filter((name) => !files.has(name));
  const all = [...differing, ...left].sort();
  if (all.length > 0) fail(`dist/ is not what src/ builds (${all.join(", ")}): npm run build.`);
}

/** Sizes of the entries, of what each loads before its first `import()`, and of everything. */
function report(metafile: Metafile): void {
  const sizes = new Map([...built.files].map(([name, bytes]) => [name, bytes.length]));
  for (const entry of entries) {
    const name = basename(entry).replace(".ts", ".js");
    const own = sizes.get(name) ?? 0;
    const atStart = [...staticClosure(metafile, `dist/${name}`)];
    const start = atStart.reduce((sum, file) => sum + (sizes.get(basename(file)) ?? 0), 0);
    console.log(`dist/${name}: ${kb(own)}, with what it loads at once ${kb(start)}`);
    if (own > entryLimit) fail(`dist/${name} is over ${kb(entryLimit)}.`);
  }
  const total = [...sizes.values()].reduce((sum, size) => sum + size, 0);
  console.log(`dist/: ${kb(total)} in ${sizes.size} files`);
}

function staticClosure(metafile: Metafile, from: string, seen = new Set<string>()): Set<string> {
  if (seen.has(from)) return seen;
  seen.add(from);
  for (const { path, kind } of metafile.outputs[from]?.imports ?? []) {
    if (kind === "import-statement") staticClosure(metafile, path, seen);
  }
  return seen;
}

function kb(bytes: number): string {
  return `${Math.ceil(bytes / 1000)} KB`;
}

function fail(message: string): never {
  console.error(message);
  process.exit(1);
}
