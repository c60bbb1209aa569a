// The peer: one blob with @sigstore/sign, as its README shows, with the same services as ours.
// node peer.mjs FULCIO REKOR TSA FILE
import { readFile, writeFile } from "node:fs/promises";
import {
  CIContextProvider,
  FulcioSigner,
  MessageSignatureBundleBuilder,
  RekorWitness,
  TSAWitness,
} from "@sigstore/sign";

const [fulcioBaseURL, rekorBaseURL, tsaBaseURL, file] = process.argv.slice(2);
const signer = new FulcioSigner({
  fulcioBaseURL,
  identityProvider: new CIContextProvider("sigstore"),
});
const witnesses = [new RekorWitness({ rekorBaseURL }), new TSAWitness({ tsaBaseURL })];
const builder = new MessageSignatureBundleBuilder({ signer, witnesses });
const bundle = await builder.create({ data: await readFile(file) });
await writeFile(`${file}.peer.json`, JSON.stringify(bundle));
