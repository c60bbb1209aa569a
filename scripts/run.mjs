// The door to `npm run demo|test|test:policy|check|build|…`: runs on any Node from 20 on, makes sure that
// the dependencies are here, and hands over to the Node 24 that comes with them.
// Plain JavaScript, because Node 20 reads no TypeScript; everything behind this door is TypeScript.
import { spawn, spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const steps = {
  demo: ["dist/cli.js", "demo"],
  test: ["scripts/test.ts"],
  "test:policy": ["scripts/test.ts", "--policy"],
  check: ["scripts/test.ts", "--fast"],
  build: ["scripts/build.ts"],
  generate: ["scripts/generate.ts"],
  bench: ["bench/bench.ts"],
};

const platform = process.platform === "win32" ? "win" : process.platform;
const nodePackage = `node-${platform}-${process.arch}`;
const ownNode = join(
  root,
  "node_modules",
  nodePackage,
  "bin",
  platform === "win" ? "node.exe" : "node",
);

const [name = "", ...given] = process.argv.slice(2);
const step = steps[name];
if (step === undefined)
  stop(`Unknown step "${name}": use one of ${Object.keys(steps).join(", ")}.`);
if (!isInstalled()) install();
await handOver(findNode(), [...step, ...given]);

/** Whether node_modules is what package-lock.json asks for; npm keeps its own record of it there. */
function isInstalled() {
  const record = join(root, "node_modules", ".package-lock.json");
  if (!existsSync(record)) return false;
  const present = JSON.parse(readFileSync(record, "utf8")).packages;
  const wanted = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")).packages;
  if (wanted[`node_modules/${nodePackage}`] !== undefined && !existsSync(ownNode)) return false;
  return Object.entries(wanted).every(
    ([path, { version, optional }]) =>
      path === "" ||
      present[path]?.version === version ||
      (optional && present[path] === undefined),
  );
}

function install() {
  say("Installing the dependencies, Node 24 among them (npm ci --ignore-scripts)");
  const arguments_ = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
  const options = { cwd: root, stdio: ["ignore", 2, 2] };
  const npm = process.env.npm_execpath ?? "";
  const done = npm.endsWith("npm-cli.js")
    ? spawnSync(process.execPath, [npm, ...arguments_], options)
    : spawnSync(["npm", ...arguments_].join(" "), { ...options, shell: true });
  if (done.status !== 0) stop("npm ci failed; its message is above.");
}

/** The project's own Node, or the running one where there is no package for this platform. */
function findNode() {
  const found = [ownNode, process.execPath].find(isNewEnough);
  if (found !== undefined) return found;
  return stop(
    `Node 24.15 or newer is needed: this one is ${process.version}, and ${nodePackage} did not install or does not run here.`,
  );
}

function isNewEnough(node) {
  const answer = existsSync(node)
    ? spawnSync(node, ["--version"], { encoding: "utf8" }).stdout
    : "";
  const [major = 0, minor = 0] = (answer ?? "").replace("v", "").split(".").map(Number);
  return major > 24 || (major === 24 && minor >= 15);
}

/** Runs the step with that Node first on PATH, and ends as it ends. */
async function handOver(node, arguments_) {
  process.env.PATH = dirname(node) + delimiter + process.env.PATH;
  if (!existsSync(join(root, arguments_[0]))) stop(`${arguments_[0]} is missing.`);
  const child = spawn(node, arguments_, { cwd: root, stdio: "inherit" });
  process.on("SIGINT", () => {}); // the terminal sends it to the child as well, which cleans up
  process.on("SIGTERM", () => child.kill("SIGTERM"));
  child.on("exit", (code) => process.exit(code ?? 1));
}

function say(line) {
  process.stderr.write(`${line}\n`);
}

function stop(line) {
  say(line);
  process.exit(1);
}
