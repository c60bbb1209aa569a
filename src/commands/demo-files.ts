// Files that a demo reads and leaves. It works in a folder of its own, so that nothing of the user's
// is overwritten and a demo that fails leaves nothing.
import { lstat, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { quote, SigstepError, systemCode } from "../errors.ts";
import { bundleSuffix, findFiles, type FoundFile } from "../subjects/find.ts";
import { notOneFile, type DemoTarget } from "./demo-request.ts";
import type { PlannedFile } from "./plan.ts";
import { writeWhole } from "./write.ts";

const madeName = "hello.txt";
const madeText = "Signed by sigstep demo, in a sandbox that is not for production.\n";
const trustedRootName = "sandbox-trusted-root.json";

/** Where a demo works. */
export interface DemoFiles {
  /** The file to sign, found or made, and where `sign` puts its bundle. */
  readonly file: PlannedFile;
  /** Private, and this demo's alone. */
  readonly directory: string;
  /** For trust files that lead nowhere when the sandbox is gone. */
  readonly trustDirectory: string;
  /** Where the user wants the bundle; absent: it stays in `directory`. */
  readonly bundleDir: string | undefined;
}

/** What a demo leaves: without the trusted root nobody can judge the bundle. */
export interface DemoResultFiles {
  readonly file: PlannedFile;
  readonly trustedRootPath: string;
  readonly directory: string;
}

/**
 * Finds or makes the file to sign, and a folder.
 *
 * @throws SigstepError INPUT_VALUE, INPUT_NAME_CLASH where something is in the place of a result,
 * WRITE_FAILED, and those of {@link findFiles}
 */
export async function openDemoFiles({ path, bundleDir }: DemoTarget): Promise<DemoFiles> {
  const found = path === undefined ? undefined : await findOne(path);
  if (bundleDir !== undefined) await refuseOverwriting(bundleDir, found);
  const directory = await makeDirectory();
  const file = found ?? (await makeFile(directory));
  return {
    file: { ...file, bundlePath: join(directory, `${file.name}${bundleSuffix}`) },
    trustDirectory: join(directory, "trust"),
    ...{ directory, bundleDir },
  };
}

/**
 * Puts the results where the user wants them.
 *
 * @throws SigstepError WRITE_FAILED
 */
export async function deliverDemoFiles(
  { file, directory, bundleDir = directory }: DemoFiles,
  trustedRoot: string,
): Promise<DemoResultFiles> {
  const trustedRootPath = join(bundleDir, trustedRootName);
  await writeWhole(trustedRootPath, trustedRoot);
  if (bundleDir === directory) return { file, trustedRootPath, directory };
  const bundlePath = join(bundleDir, `${file.name}${bundleSuffix}`);
  await writeWhole(bundlePath, await readFile(file.bundlePath, "utf8"));
  const isMade = file.path === join(directory, madeName);
  const path = isMade ? join(bundleDir, madeName) : file.path;
  if (isMade) await writeWhole(path, madeText);
  return { file: { ...file, path, bundlePath }, trustedRootPath, directory: bundleDir };
}

/** Takes away what is of no use; `results` that stay in the demo's own folder are. */
export async function closeDemoFiles(
  { directory, trustDirectory }: DemoFiles,
  results: DemoResultFiles | undefined,
): Promise<void> {
  const path = results?.directory === directory ? trustDirectory : directory;
  await rm(path, { recursive: true, force: true });
}

/**
 * A new folder that only this user can read.
 *
 * @throws SigstepError WRITE_FAILED
 */
export async function makeDirectory(): Promise<string> {
  try {
    return await mkdtemp(join(tmpdir(), "sigstep-demo-"));
  } catch (error) {
    const why = systemCode(error);
    throw new SigstepError(
      "WRITE_FAILED",
      `No folder can be made in ${quote(tmpdir())} (${why}).`,
      {
        where: tmpdir(),
        hint: "Set TMPDIR to a folder that this user may write to.",
        cause: error,
      },
    );
  }
}

async function findOne(path: string): Promise<FoundFile> {
  const [file, ...more] = await findFiles([path]);
  if (file === undefined || more.length > 0) throw notOneFile(more.length + 1);
  return file;
}

async function makeFile(directory: string): Promise<FoundFile> {
  const path = join(directory, madeName);
  await writeWhole(path, madeText);
  return { path, name: madeName, size: Buffer.byteLength(madeText) };
}

async function refuseOverwriting(bundleDir: string, found: FoundFile | undefined): Promise<void> {
  const name = found?.name ?? madeName;
  const names = [`${name}${bundleSuffix}`, trustedRootName];
  if (found === undefined) names.push(madeName);
  for (const path of names.map((each) => join(bundleDir, each))) {
    if (!(await isThere(path))) continue;
    throw new SigstepError("INPUT_NAME_CLASH", `File ${quote(path)} would be overwritten.`, {
      where: "bundle-dir",
      hint: "Name another folder, or leave --bundle-dir out: then the bundle goes to a temporary one.",
    });
  }
}

/** A link that leads nowhere is there, too. */
async function isThere(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch {
    return false;
  }
}
