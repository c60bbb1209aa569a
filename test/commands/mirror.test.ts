// tuf-mirror and tuf-root: both or none, and a URL that holds no secret.
import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { parseMirror } from "../../src/commands/mirror.ts";
import { refusal, refuses } from "../refusal.ts";

suite("a mirror", () => {
  test("needs both inputs, or neither", () => {
    assert.equal(parseMirror({ mirror: undefined, root: undefined }), undefined);
    assert.deepEqual(parseMirror({ mirror: " https://tuf.example/ ", root: "root.json" }), {
      kind: "mirror",
      url: new URL("https://tuf.example/"),
      root: "root.json",
    });
    refuses("INPUT_MISSING", () => parseMirror({ mirror: "https://a.example", root: undefined }));
    refuses("INPUT_MISSING", () => parseMirror({ mirror: undefined, root: "root.json" }));
  });

  const wrong = ["mirror", "ftp://a.example", "file:///a", "https://a.example/?q", "https://a/#f"];
  for (const mirror of wrong) {
    test(`is not ${mirror}`, () => {
      refuses("INPUT_VALUE", () => parseMirror({ mirror, root: "root.json" }));
    });
  }

  test("with credentials is refused without telling them", () => {
    const mirror = "https://user:secret@tuf.example/";
    const error = refusal("INPUT_VALUE", () => parseMirror({ mirror, root: "root.json" }));
    assert.doesNotMatch(`${error.message} ${error.hint}`, /secret|user:/);
  });
});
