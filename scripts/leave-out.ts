// Parts of packages that we never use and that a run would load dearly: undici's HTTP/2, which draws in
// all of Node's http2 and tls, and its machinery of fetch; the network and process parts of
// @actions/core, of which we use outputs and the summary; @actions/github's own HTTP, for which our door
// stands in, and its look at the event, which would print and fail on its own; the patterns by which TUF delegates targets, which
// we never ask for.
import type { Plugin } from "esbuild";

/** Constants of undici's sources: without its second HTTP/1 parser. */
export const undiciConstants = { esbuildDetection: "1" };

/** Keeps those parts out of the build; reaching one of undici's or TUF's throws. */
export const unusedParts: Plugin[] = [
  leaveOut(
    { importer: "undici", filter: /client-h2\.js$/ },
    "module.exports=()=>{throw new Error('HTTP/2 is left out')}",
  ),
  // Of node:http, the dearest of Node's own modules here, undici wants one number and one class that
  // none of our bodies is of.
  leaveOut(
    { importer: "undici", filter: /^node:http$/ },
    "exports.maxHeaderSize=16384;exports.IncomingMessage=class{}",
  ),
  leaveOut(
    { importer: "undici", filter: /\/web\/(?:fetch|webidl)/ },
    "throw new Error('fetch is left out')",
  ),
  leaveOut(
    { importer: "@actions/core", filter: /^@actions\/(?:http-client|exec|io)/ },
    "module.exports={}",
  ),
  leaveOut(
    { importer: "@actions/github", filter: /^@actions\/http-client$/ },
    "exports.HttpClient=class{getAgent(){}getAgentDispatcher(){}}",
  ),
  leaveOut(
    { importer: "@actions/github", filter: /^undici$/ },
    "exports.fetch=()=>{throw new Error('requests go through the door')}",
  ),
  leaveOut({ importer: "@actions/github", filter: /\/context\.js$/ }, "exports.Context=class{}"),
  leaveOut(
    { importer: "@tufjs/models", filter: /^minimatch$/ },
    "exports.minimatch=()=>{throw new Error('delegations are left out')}",
  ),
];

interface Part {
  /** The package that asks for it. */
  readonly importer: string;
  readonly filter: RegExp;
}

function leaveOut({ importer: owner, filter }: Part, contents: string): Plugin {
  const name = `leave ${String(filter)} out of ${owner}`;
  return {
    name,
    setup(build) {
      build.onResolve({ filter }, ({ importer, path }) =>
        importer.replaceAll("\\", "/").includes(`/node_modules/${owner}/`)
          ? { path, namespace: name }
          : undefined,
      );
      build.onLoad({ filter: /.*/, namespace: name }, () => ({ contents, loader: "js" }));
    },
  };
}
