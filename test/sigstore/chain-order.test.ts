// Certificates that old bundles put after the signer's: each issued by the next, or refused.
import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { requireOrder } from "../../src/sigstore/chain-order.ts";
import { refusal, refuses } from "../refusal.ts";
import { authority, issue, signingLeaf } from "./issue.ts";

const code = "CERTIFICATE_INVALID";
const root = await issue({ name: "root", extensions: authority });
const middle = await issue({ name: "middle", issuer: root, extensions: authority });
const leaf = await issue({ name: "leaf", issuer: middle, extensions: signingLeaf });
const namesake = await issue({ name: "middle", issuer: root, extensions: authority });

suite("a chain in order", () => {
  for (const [name, chain] of [
    ["of none", []],
    ["of the signer's certificate alone", [leaf]],
    ["without root", [leaf, middle]],
    ["up to the root", [leaf, middle, root]],
    ["with the root twice, which issued itself", [leaf, middle, root, root]],
  ] as const) {
    test(`${name} is taken`, () => requireOrder(chain.map(({ certificate }) => certificate)));
  }
});

suite("a chain out of order", () => {
  for (const [name, chain] of [
    ["with a gap", [leaf, root]],
    ["upside down", [root, middle, leaf]],
    ["with two in each other's place", [leaf, root, middle]],
    ["with the signer's certificate twice", [leaf, leaf, middle]],
    ["with a namesake of the issuer", [leaf, namesake, root]],
    ["with something after its root", [leaf, middle, root, middle]],
  ] as const) {
    test(`${name} is refused`, () =>
      refuses(code, () => requireOrder(chain.map(({ certificate }) => certificate))));
  }

  test("says where", () => {
    const chain = [leaf, middle, namesake].map(({ certificate }) => certificate);
    const { message } = refusal(code, () => requireOrder(chain));
    assert.match(message, /certificate 3 did not issue certificate 2/);
  });
});
