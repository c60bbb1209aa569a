// dist/licenses.txt: the licence of each package that is bundled, as its authors ask.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Metafile } from "esbuild";

/** Name, version and licence text of every package of which at least one byte is in the output. */
export function licenceTexts(root: string, metafile: Metafile): string {
  const used = Object.values(metafile.outputs).flatMap(({ inputs }) =>
    Object.entries(inputs).flatMap(([path, { bytesInOutput }]) =>
      bytesInOutput > 0 ? [path] : [],
    ),
  );
  const folders = new Set(used.map(packageFolder).filter((folder) => folder !== undefined));
  const texts = [...folders].sort().map((folder) => licenceOf(join(root, folder)));
  return `sigstep is licensed under Apache-2.0. The files here contain these packages:\n\n${texts.join("\n")}`;
}

function packageFolder(path: string): string | undefined {
  return /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0];
}

function licenceOf(folder: string): string {
  const manifest: unknown = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const [name, version, licence] = ["name", "version", "license"].map((key) => text(manifest, key));
  const file = readdirSync(folder).find((entry) => /^licen[cs]e(\.|$)/i.test(entry));
  if (file === undefined && licence === "") throw new Error(`${folder} states no licence.`);
  const body =
    file === undefined
      ? ""
      : readFileSync(join(folder, file), "utf8").replaceAll("\r\n", "\n").trim();
  return `---- ${name} ${version} (${licence})\n\n${body}\n`;
}

function text(from: unknown, key: string): string {
  const value: unknown =
    typeof from === "object" && from !== null ? Reflect.get(from, key) : undefined;
  return typeof value === "string" ? value : "";
}
