// @sigstore/sign as another builder would use it, from the test bed's own installation of it.
// node js-signer.mjs '{"modules":…,"fulcio":…,"rekor":…,"rekorVersion":1,"entryType":…,"tsa":…,"token":…,
//   "file":…,"payloadType":…,"chain":false,"bundle":…}'
import { readFile, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";

const order = JSON.parse(process.argv[2]);
const require = createRequire(join(order.modules, "package.json"));
const {
  DSSEBundleBuilder,
  FulcioSigner,
  MessageSignatureBundleBuilder,
  RekorWitness,
  TSAWitness,
} = require("@sigstore/sign");
const { bundleToJSON } = require("@sigstore/bundle");

const signer = new FulcioSigner({
  fulcioBaseURL: order.fulcio,
  identityProvider: { getToken: () => Promise.resolve(process.env.TOKEN) },
});
const witnesses = [
  new RekorWitness({
    rekorBaseURL: order.rekor,
    majorApiVersion: order.rekorVersion,
    entryType: order.entryType,
  }),
  new TSAWitness({ tsaBaseURL: order.tsa }),
];
const data = await readFile(order.file);
const bundle =
  order.payloadType === undefined
    ? await new MessageSignatureBundleBuilder({ signer, witnesses }).create({ data })
    : await new DSSEBundleBuilder({ signer, witnesses, certificateChain: order.chain }).create({
        data,
        type: order.payloadType,
      });
await writeFile(order.bundle, JSON.stringify(bundleToJSON(bundle)));
