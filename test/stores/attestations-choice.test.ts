// Every value of github-attestations under all circumstances.
import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { chooseAttestations } from "../../src/stores/attestations-choice.ts";
import { refusal } from "../refusal.ts";

const right = {
  ...{ onGitHub: true, hasToken: true, onGitHubCloud: true },
  instance: "public-good",
} as const;
const circumstances = [
  ["all right", right, undefined],
  ["GitHub's instance", { ...right, instance: "github" }, undefined],
  ["another instance", { ...right, instance: "other" }, /neither the public one nor GitHub's/],
  ["no token", { ...right, hasToken: false }, /there is no github-token/],
  ["elsewhere", { ...right, onGitHub: false }, /no job on GitHub/],
  [
    "nothing right",
    { ...right, onGitHub: false, hasToken: false, instance: "other" },
    /no job on GitHub/,
  ],
] as const;

for (const [name, given, reason] of circumstances) {
  suite(name, () => {
    test("never", () => {
      assert.deepEqual(chooseAttestations("never", given), { store: false, notice: "" });
    });
    test("auto", () => {
      const { store, notice } = chooseAttestations("auto", given);
      assert.equal(store, reason === undefined);
      if (reason === undefined) assert.equal(notice, "");
      else assert.match(notice, reason);
      assert.doesNotMatch(notice, /\n/);
    });
    test("always", () => {
      if (reason === undefined) {
        assert.deepEqual(chooseAttestations("always", given), { store: true, notice: "" });
        return;
      }
      const error = refusal("INPUT_CONFLICT", () => chooseAttestations("always", given));
      assert.match(error.message, reason);
      assert.notEqual(error.hint, "");
    });
  });
}

test("on a server of one's own, another instance's bundles are stored for those who insist", () => {
  const server = { ...right, instance: "other", onGitHubCloud: false } as const;
  assert.equal(chooseAttestations("always", server).store, true);
  assert.match(chooseAttestations("auto", server).notice, /neither the public one nor GitHub's/);
  refusal("INPUT_CONFLICT", () => chooseAttestations("always", { ...server, hasToken: false }));
});
