#!/usr/bin/env node
// Entry: the command line, on GitLab, any other CI or a laptop. Older Nodes cannot even load the rest.
const needed = 24;

if (Number(process.versions.node.split(".", 1)[0]) < needed) {
  process.stderr.write(
    `sigstep needs Node ${needed} or newer, and this is ${process.versions.node}.\nRun it with that Node, for example in the image node:${needed}.\n`,
  );
  process.exitCode = 2;
} else {
  const { runCli } = await import("./entry.ts");
  await runCli();
}

export {};
