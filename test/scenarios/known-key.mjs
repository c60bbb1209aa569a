// Loaded into the program under test: tells the scenarios, on descriptor 3, every private key that it
// makes, so that they can search all that a run leaves behind for it. Changes nothing else.
import crypto from "node:crypto";
import { writeSync } from "node:fs";
import { syncBuiltinESMExports } from "node:module";

const generate = crypto.generateKeyPairSync;
crypto.generateKeyPairSync = (...args) => {
  const pair = generate(...args);
  writeSync(3, `${pair.privateKey.export({ format: "jwk" }).d}\n`);
  return pair;
};
syncBuiltinESMExports();
