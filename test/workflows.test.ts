// Our own workflows: what linters do not ask for. Read as text, since each has its jobs at one indentation.
import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { test } from "node:test";

const workflows = globSync(".github/workflows/*.yml").map((path) => ({
  path,
  text: readFileSync(path, "utf8"),
}));

test("the last job of ci.yml waits for every other job", () => {
  const ci = workflows.find(({ path }) => path.endsWith("ci.yml"))?.text ?? "";
  const jobs = [...ci.slice(ci.indexOf("\njobs:")).matchAll(/^ {2}([a-z][\w-]*):$/gm)].map(
    ([, name]) => name,
  );
  const gate = /^ {2}gate:\n(?: {4}.*\n)*? {4}needs: \[(.*)\]$/m.exec(ci)?.[1]?.split(", ") ?? [];
  assert.equal(jobs.at(-1), "gate");
  assert.deepEqual(gate.toSorted(), jobs.slice(0, -1).sort());
});

for (const { path, text } of workflows) {
  test(`${path}: nothing is permitted at the top, and every action is pinned by commit`, () => {
    assert.match(text, /^permissions: \{\}$/m);
    for (const [, action] of text.matchAll(/uses: (.*)$/gm)) {
      assert.match(action ?? "", /^(\.\/|[\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+)$/);
    }
  });
}
