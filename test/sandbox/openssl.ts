// openssl as a judge: runs it on files in a directory of its own.
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

/** A directory with files, and openssl to judge them. */
export class OpenSsl {
  readonly #directory: string;

  private constructor(directory: string) {
    this.#directory = directory;
  }

  static async open(): Promise<OpenSsl> {
    return new OpenSsl(await mkdtemp(join(tmpdir(), "sigstep-openssl-")));
  }

  /** Runs `openssl ARGUMENTS` there and gives what it says; throws when it says no. */
  async run(...args: readonly string[]): Promise<string> {
    const options = { cwd: this.#directory, timeout: 30_000 };
    const { stdout, stderr } = await promisify(execFile)("openssl", args, options);
    return stdout + stderr;
  }

  async write(name: string, content: string | Uint8Array): Promise<void> {
    await writeFile(join(this.#directory, name), content);
  }

  read(name: string): Promise<Buffer> {
    return readFile(join(this.#directory, name));
  }

  async close(): Promise<void> {
    await rm(this.#directory, { recursive: true, force: true });
  }
}
