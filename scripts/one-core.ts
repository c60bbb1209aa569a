// One file of dist/ for all that signing and verifying share. Left alone, the bundler makes a file of every
// set of modules that the same loads have in common, some twenty; node takes about a millisecond for each,
// which is more than running what stands in it.
import { readFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { build, type BuildOptions, type Metafile, type Plugin } from "esbuild";

/** Modules from which the two commands begin. */
const commands = ["src/commands/sign-main.ts", "src/commands/verify-main.ts"] as const;

/**
 * Has every module that is loaded later import the core too, which is there by then: so all of the core is
 * reached from everywhere, and becomes one file.
 *
 * @param options - Of the build that the plugin is for.
 */
export async function oneCore(root: string, options: BuildOptions): Promise<Plugin> {
  const { metafile } = await build({ ...options, metafile: true, write: false });
  const [first, second] = commands.map((command) => staticImports(metafile, command));
  const core = [...(first ?? [])].filter((path) => second?.has(path) === true).sort();
  const late = new Set(["src/entry.ts", ...lateImports(metafile)]);
  const lines = core.map((path) => `import ${JSON.stringify(resolve(root, path))};`);
  return {
    name: "one core",
    setup(building) {
      building.onResolve({ filter: /^one-core$/ }, () => ({ path: "one-core", namespace: "core" }));
      building.onLoad({ filter: /.*/, namespace: "core" }, () => {
        return { contents: lines.join("\n"), resolveDir: root };
      });
      building.onLoad({ filter: /[\\/]src[\\/].*\.ts$/ }, async ({ path }) => {
        const name = path.slice(root.length + 1).replaceAll("\\", "/");
        if (!late.has(name)) return undefined;
        const text = await readFile(path, "utf8");
        const contents = `${text}\nimport "one-core";\n`;
        return { contents, loader: "ts", resolveDir: dirname(path) };
      });
    },
  };
}

function staticImports({ inputs }: Metafile, from: string, seen = new Set<string>()): Set<string> {
  for (const { path, kind } of inputs[from]?.imports ?? []) {
    if (kind !== "import-statement" || seen.has(path) || !path.startsWith("src/")) continue;
    seen.add(path);
    staticImports({ inputs, outputs: {} }, path, seen);
  }
  return seen;
}

function lateImports({ inputs }: Metafile): string[] {
  return Object.values(inputs).flatMap(({ imports }) =>
    imports.filter(({ kind }) => kind === "dynamic-import").map(({ path }) => path),
  );
}
