// The peer of verify-loop.ts: @sigstore/verify as its README shows, on the same bundles.
// node verify-peer.mjs MODULES FOLDER TRUSTED-ROOT IDENTITY ISSUER SECONDS
import { readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

const [modules, folder, root, identity, issuer, seconds] = process.argv.slice(2);
const require = createRequire(join(modules, "package.json"));
const { toSignedEntity, toTrustMaterial, Verifier } = require("@sigstore/verify");
const { bundleFromJSON } = require("@sigstore/bundle");
const { TrustedRoot } = require("@sigstore/protobuf-specs");

const trust = toTrustMaterial(TrustedRoot.fromJSON(JSON.parse(readFileSync(root, "utf8"))));
const verifier = new Verifier(trust, {});
const policy = { subjectAlternativeName: identity, extensions: { issuer } };
const suffix = ".sigstore.json";
const cases = readdirSync(folder)
  .filter((name) => name.endsWith(suffix) && !name.includes("manifest"))
  .map((name) => ({
    bytes: readFileSync(join(folder, name)),
    content: readFileSync(join(folder, name.slice(0, -suffix.length))),
  }));

function verifyFor(milliseconds) {
  const started = performance.now();
  let count = 0;
  while (performance.now() - started < milliseconds) {
    const { bytes, content } = cases[count % cases.length];
    const bundle = bundleFromJSON(JSON.parse(bytes.toString("utf8")));
    verifier.verify(toSignedEntity(bundle, content), policy);
    count++;
  }
  return (count * 1000) / (performance.now() - started);
}

verifyFor(1000);
process.stdout.write(JSON.stringify({ perSecond: verifyFor(Number(seconds) * 1000) }));
