// Which files are signed, and which names and files are refused before anybody is asked.
import assert from "node:assert/strict";
import { appendFileSync, rmSync } from "node:fs";
import { chmod, rm, symlink, writeFile } from "node:fs/promises";
import { describe } from "node:test";
import { at, dig, list, text } from "../sandbox/wire.ts";
import { scenario, type Run, type Scene } from "./harness.ts";
import { withoutPrivileges } from "./limits.ts";

describe("files to sign", { concurrency: 4 }, () => {
  scenario("a path that is not there is bad input", async (scene) => {
    const run = await scene.sign(["dist/app.tar.gz"]);
    await scene.assertRefused(run, {
      exit: 2,
      code: "INPUT_NO_MATCH",
      says: /^There is no file "dist\/app\.tar\.gz"\./,
      hint: /relative to the working directory/,
    });
  });

  scenario(
    "a glob that matches nothing is bad input, also beside files that are there",
    async (scene) => {
      await scene.write("app.zip");
      const run = await scene.sign(["app.zip", "dist/*.tar.gz"]);
      await scene.assertRefused(run, {
        exit: 2,
        code: "INPUT_NO_MATCH",
        says: /^No file matches "dist\/\*\.tar\.gz"\./,
        hint: /relative to the working directory/,
      });
    },
  );

  scenario("a folder is bad input, and the hint names the files in it", async (scene) => {
    await scene.write("dist/app.tar.gz");
    const run = await scene.sign(["dist"]);
    await scene.assertRefused(run, {
      exit: 2,
      code: "INPUT_NOT_A_FILE",
      says: /^"dist" is a folder\./,
      hint: /"dist\/\*"/,
    });
  });

  scenario("a folder with a slash at its end is told the same", async (scene) => {
    await scene.write("dist/app.tar.gz");
    const run = await scene.sign(["dist/"]);
    await scene.assertRefused(run, {
      exit: 2,
      code: "INPUT_NOT_A_FILE",
      says: /^"dist\/" is a folder\./,
      hint: /"dist\/\*"/,
    });
  });

  scenario("a device is bad input", async (scene) => {
    const run = await scene.sign(["/dev/null"]);
    await scene.assertRefused(run, {
      exit: 2,
      code: "INPUT_NOT_A_FILE",
      says: /"\/dev\/null" is not a regular file/,
      hint: /copy/,
    });
  });

  scenario("a glob leaves out folders and our own outputs", async (scene) => {
    await scene.write("dist/a.txt");
    await scene.write("dist/sub/b.txt");
    await scene.write("dist/a.txt.sigstore.json", "{}");
    await scene.write("dist/sigstep-manifest.json", "{}");
    const run = await scene.sign(["dist/*", "--force"]);
    await scene.assertSigned(run, ["dist/a.txt"]);
    assert.deepEqual(await scene.bundles(), ["dist/a.txt.sigstore.json"]);
  });

  scenario("a file in a loop of links cannot be read, and that is bad input", async (scene) => {
    await symlink("loop", scene.path("loop"));
    const run = await scene.sign(["loop"]);
    await scene.assertRefused(run, {
      exit: 2,
      code: "INPUT_UNREADABLE",
      says: /^File "loop" cannot be read \(ELOOP\)\./,
      hint: /may read it/,
    });
  });

  scenario("a file in a folder that this user may not enter is bad input", async (scene) => {
    await scene.write("closed/app.zip");
    const run = await withClosed(scene, "closed", ["closed/app.zip"]);
    await scene.assertRefused(run, {
      exit: 2,
      code: "INPUT_UNREADABLE",
      says: /^File "closed\/app\.zip" cannot be read \(EACCES\)\./,
      hint: /may read it/,
    });
  });

  scenario("a file that this user may not read is bad input", async (scene) => {
    await scene.write("secret.zip");
    await scene.write("app.zip");
    const run = await withClosed(scene, "secret.zip", ["secret.zip", "app.zip"]);
    await scene.assertRefused(run, {
      exit: 2,
      code: "INPUT_UNREADABLE",
      says: /^File "secret\.zip" cannot be read \(EACCES\)\./,
      hint: /may read it/,
    });
  });

  scenario(
    "a file that breaks while it is read fails by name, the others are signed",
    async (scene) => {
      await scene.write("app.zip");
      // A regular file, by all that can be known beforehand; reading it is an input/output error.
      await symlink("/proc/self/mem", scene.path("broken.zip"));
      const run = await scene.sign(["*.zip"]);
      await scene.assertPartial(run, {
        signed: ["app.zip"],
        failed: [
          ["broken.zip", "FILE_UNREADABLE", /"broken\.zip" cannot be read \(EIO\)/, /may read/],
        ],
      });
    },
  );

  scenario("two files that would write the same bundle are bad input", async (scene) => {
    await scene.write("linux/app");
    await scene.write("macos/app");
    const run = await scene.sign(["--bundle-dir", "out", "linux/app", "macos/app"]);
    await scene.assertRefused(run, {
      exit: 2,
      code: "INPUT_NAME_CLASH",
      says: /"linux\/app" and "macos\/app" would both write "out\/app\.sigstore\.json"/,
      hint: /Leave bundle-dir out/,
    });
    assert.deepEqual(await scene.files(), ["linux/app", "macos/app"]);
  });

  scenario("a file that a bundle would overwrite is bad input", async (scene) => {
    await scene.write("app");
    await scene.write("app.sigstore.json", "{}");
    const run = await scene.cli(["sign", "app", "app.sigstore.json"]);
    assert.equal(run.code, 2);
    assert.match(run.log, /"app\.sigstore\.json" would be overwritten by the bundle of "app"/);
    assert.deepEqual(scene.asked(), {});
    await rm(scene.path("app.sigstore.json"));
  });

  scenario("a file that the manifest would overwrite is bad input", async (scene) => {
    await scene.write("sigstep-manifest.json", '{"subjects":[],"attestations":[]}');
    const run = await scene.sign(["sigstep-manifest.json"]);
    await scene.assertRefused(run, {
      exit: 2,
      code: "INPUT_NAME_CLASH",
      says: /"sigstep-manifest\.json" would be overwritten by the manifest/,
      hint: /another folder|bundle-dir/,
    });
  });

  scenario("one file named in three ways is signed once", async (scene) => {
    await scene.write("app.zip");
    const run = await scene.sign(["app.zip", "./app.zip", "*.zip"]);
    await scene.assertSigned(run, ["app.zip"]);
    assert.equal(scene.asked().entry, 1);
  });

  scenario("no file at all is bad input", async (scene) => {
    await scene.assertRefused(await scene.sign([]), {
      exit: 2,
      code: "INPUT_MISSING",
      says: /^No file to sign is given\./,
      hint: /inputs: dist/,
    });
  });

  scenario("a list of blank lines is an empty list", async (scene) => {
    const run = await scene.action({ inputs: "\n  \r\n\n" });
    await scene.assertActionRefused(run, {
      exit: 2,
      says: /^No file to sign is given\./,
      hint: /inputs: dist/,
    });
  });

  scenario("an empty file is signed like any other", async (scene) => {
    await scene.write("empty", "");
    await scene.assertSigned(await scene.sign(["empty"]), ["empty"]);
    assert.equal(dig(list(at(await scene.manifest(), "subjects"))[0], "size"), 0);
  });

  scenario("a file of just the buffer's size, one less and one more are signed", async (scene) => {
    const names = await Promise.all(
      [-1, 0, 1].map(async (more) => {
        const name = `mebibyte${more}`;
        await scene.write(name, Buffer.alloc(1024 * 1024 + more, "x"));
        return name;
      }),
    );
    await scene.assertSigned(await scene.sign(names), names);
  });

  scenario("a path that exists is taken literally, whatever it looks like", async (scene) => {
    await scene.write("[a].txt");
    await scene.write("a.txt");
    await scene.assertSigned(await scene.sign(["[a].txt"]), ["[a].txt"]);
    assert.deepEqual(await scene.bundles(), ["[a].txt.sigstore.json"]);
  });

  scenario("globs know classes, ** and ?, and [[] stands for a bracket", async (scene) => {
    const names = ["x/[1].txt", "x/b1.txt", "x/b2.txt", "x/y/c.txt", "x/{a,b}.txt"];
    for (const name of names) await scene.write(name);
    const run = await scene.sign(["x/[[]1].txt", "x/b[2-9].txt", "x/y/?.txt", "x/{a,?}.txt"]);
    const chosen = ["x/[1].txt", "x/b2.txt", "x/y/c.txt", "x/{a,b}.txt"];
    await scene.assertSigned(run, chosen);
    assert.equal((await scene.bundles()).length, chosen.length);
    const all = await scene.sign(["x/**/*.txt"]);
    await scene.assertSigned(all, names);
  });

  scenario("a file that goes between plan and reading fails by name", async (scene) => {
    await scene.write("a.zip");
    await scene.write("b.zip");
    scene.fault("issuer", { kind: "delay", ms: 200 });
    scene.sandbox.faults.add({
      service: "issuer",
      match: () => {
        rmSync(scene.path("a.zip"));
        return false;
      },
      fault: { kind: "hang" },
    });
    const run = await scene.sign(["a.zip", "b.zip"]);
    await scene.assertPartial(run, {
      signed: ["b.zip"],
      failed: [["a.zip", "FILE_CHANGED", /"a\.zip" has vanished since it was listed/, /has ended/]],
    });
  });

  scenario("a file that grows between plan and reading fails by name", async (scene) => {
    await scene.write("a.log");
    scene.fault("issuer", { kind: "delay", ms: 200 });
    scene.sandbox.faults.add({
      service: "issuer",
      match: () => {
        appendFileSync(scene.path("a.log"), "more");
        return false;
      },
      fault: { kind: "hang" },
    });
    const run = await scene.sign(["a.log"]);
    await scene.assertAllFailed(run, [
      ["a.log", "FILE_CHANGED", /"a\.log" changed size since it was listed/, /has ended/],
    ]);
    assert.equal(scene.asked().entry, undefined, "nothing was published");
  });
});

describe("names of files", { concurrency: 4 }, () => {
  const names = [
    "with space.txt",
    " blank at both ends ",
    "line\nbreak.txt",
    "carriage\rreturn.txt",
    "tab\tstop.txt",
    `quotes'"\`.txt`,
    "::set-output name=status::hacked",
    "::add-mask::a",
    "##[error]not one.txt",
    "%0A::error::percent%25",
    "-rf",
    "--force",
    "dollar$HOME.txt",
    "back\\slash.txt",
    "<script>alert(1)<\\script>.md",
    "| pipe | table |.txt",
    "[link](https:⁄⁄example.com).txt",
    "escape\u001b[31m.txt",
    "bidi\u202etxt.exe",
    "ünïcödé-文件.txt",
    "*",
    ...["{braces}", "(parens)", "!bang", "#hash", "&amp;", "~", "..."],
  ];

  scenario("any name is signed, and none of them steers the log", async (scene) => {
    for (const name of names) await scene.write(name);
    const run = await scene.sign(["--", ...names]);
    await scene.assertSigned(run, names);
    assertNothingSteered(run.stderr);
    const json: unknown = JSON.parse(run.stdout);
    const paths = list(at(json, "bundle-paths")).map(text);
    assert.deepEqual(
      paths,
      names.map((name) => `${name}.sigstore.json`),
    );
  });

  scenario(
    "any name is signed by the action, one a line, and none steers outputs or summary",
    async (scene) => {
      const oneLine = names.filter((name) => !/[\r\n]/.test(name));
      for (const name of oneLine) await scene.write(name);
      const run = await scene.action({ inputs: oneLine.join("\n") });
      await scene.assertSigned(run, oneLine);
      assertNothingSteered(run.stdout);
      assert.equal(
        run.outputs.get("bundle-paths"),
        oneLine.map((name) => `${name}.sigstore.json`).join("\n"),
      );
      assert.equal(run.outputs.get("status"), "signed");
      assert.doesNotMatch(run.summary, /<script|\]\(https:⁄|\| pipe \||\u001b|\u202e/);
      const rows = run.summary.split("\n").filter((line) => line.startsWith("| <code>"));
      assert.equal(rows.length, oneLine.length);
      for (const row of rows) assert.equal(row.split("|").length, 6, row);
    },
  );

  scenario("any name that fails is quoted in log, error and summary", async (scene) => {
    const oneLine = names.filter((name) => !/[\r\n]/.test(name));
    for (const name of oneLine) await scene.write(name);
    scene.corrupt("rekor1", "bad-set");
    const run = await scene.action({ inputs: oneLine.join("\n"), concurrency: "64" });
    assert.equal(run.code, 1);
    assertNothingSteered(run.stdout);
    assert.doesNotMatch(run.summary, /<script|\]\(https:⁄|\| pipe \||\u001b|\u202e/);
    assert.equal(run.outputs.get("status"), "failed");
  });

  scenario("a path that begins with a dash needs -- and says so", async (scene) => {
    await scene.write("-rf");
    const run = await scene.sign(["-rf"]);
    await scene.assertRefused(run, {
      exit: 2,
      code: "INPUT_UNKNOWN",
      says: /There is no flag "-rf"/,
      hint: /after `--` or as \.\/-name/,
    });
    await scene.assertSigned(await scene.sign(["./-rf"]), ["-rf"]);
  });

  scenario("a name that is not UTF-8 is refused, by glob", async (scene) => {
    const name = Buffer.concat([Buffer.from(scene.path("caf")), Buffer.of(0xe9)]);
    await writeFile(name, "x");
    const run = await scene.sign(["*"]);
    await rm(name);
    await scene.assertRefused(run, {
      exit: 2,
      code: "INPUT_NAME",
      says: /"caf\uFFFD" is not UTF-8/,
      hint: /Rename the file/,
    });
  });

  scenario("a name that is not UTF-8 is refused, by path", async (scene) => {
    const name = Buffer.concat([Buffer.from(scene.path("caf")), Buffer.of(0xe9)]);
    await writeFile(name, "x");
    // A shell passes the bytes on as they are, which a text of ours cannot.
    const through = ["/bin/sh", "-c", `exec "$@" "$(printf 'caf\\351')"`, "sh"];
    const run = await scene.sign([], { through });
    await rm(name);
    await scene.assertRefused(run, {
      exit: 2,
      code: "INPUT_NO_MATCH",
      says: /There is no file "caf\uFFFD"/,
      hint: /not UTF-8 .* rename/,
    });
  });

  scenario("a list with CRLF line breaks is one item a line", async (scene) => {
    await scene.write("with space.txt");
    await scene.write("b.txt");
    const run = await scene.action({ inputs: "with space.txt\r\n\r\nb.txt\r\n" });
    await scene.assertSigned(run, ["with space.txt", "b.txt"]);
  });

  scenario("a list in one line is shell words", async (scene) => {
    const all = ["with space.txt", "it's.txt", 'say "hi".txt', "plain.txt"];
    for (const name of all) await scene.write(name);
    const inputs = `'with space.txt' it\\'s.txt "say \\"hi\\".txt"   plain.txt`;
    await scene.assertSigned(await scene.action({ inputs }), all);
  });

  scenario("a quote that does not close is bad input", async (scene) => {
    const run = await scene.action({ inputs: `'app.zip` });
    await scene.assertActionRefused(run, {
      exit: 2,
      says: /^Input inputs has a quote \('\) that does not close, at character 1\./,
      hint: /one a line/,
    });
  });
});

/** Files that are closed to everybody while the program runs. */
async function withClosed(scene: Scene, name: string, args: readonly string[]): Promise<Run> {
  const path = scene.path(name);
  await chmod(path, 0);
  try {
    return await scene.sign(args, { through: withoutPrivileges() });
  } finally {
    await chmod(path, 0o700);
  }
}

/** No workflow command but ours, no line break or escape from a name. */
function assertNothingSteered(log: string): void {
  const commands = log.split("\n").filter((line) => /^\s*::|##\[/.test(line));
  for (const line of commands) assert.match(line, /^::(add-mask|error)::/);
  assert.ok(!commands.some((line) => line.includes("hacked") && !line.startsWith("::error::")));

  assert.doesNotMatch(log, /[\u0000-\u0008\u000b-\u001f\u007f\u202e]/);
}
