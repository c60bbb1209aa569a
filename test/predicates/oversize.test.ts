// Predicates at the limit, above it, and as references.
import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { encodeHex } from "../../src/encoding/base64.ts";
import {
  embedPredicate,
  maxInlineBytes,
  type TypedPredicate,
} from "../../src/predicates/oversize.ts";
import { parsePredicate, parsePredicateInput } from "../../src/predicates/predicate-file.ts";
import { checkPredicate, predicateTypeOf } from "../../src/predicates/predicate-types.ts";
import { refusal, refuses } from "../refusal.ts";

const source = { label: "predicate x.json", code: "PREDICATE_INVALID" } as const;
const frame = '{"a":""}'.length;

/** `inline` bytes without white space, of which `spaces` are added. */
function predicate(inline: number, spaces = 0): TypedPredicate {
  const text = `{"a":"${"x".repeat(inline - frame)}"${" ".repeat(spaces)}}`;
  return {
    predicateType: "https://spdx.dev/Document/v2.3",
    mediaType: "application/spdx+json",
    document: parsePredicate(Buffer.from(text), source),
  };
}

const reference = {
  kind: "reference",
  location: "https://example.com/releases/v1/app.spdx.json",
  name: "app.spdx.json",
  attester: "https://github.com/acme/widget/.github/workflows/release.yml@refs/tags/v1",
} as const;

suite("16 MiB", () => {
  test("are embedded", () => {
    const { predicateJson, isReference } = embedPredicate(predicate(maxInlineBytes), {
      kind: "fail",
    });
    assert.equal(predicateJson.length, maxInlineBytes);
    assert.equal(isReference, false);
  });

  test("and white space, too: it is left out first", () => {
    const spaced = predicate(maxInlineBytes, 1000);
    assert.equal(embedPredicate(spaced, reference).predicateJson.length, maxInlineBytes);
  });

  test("and one byte more are refused, saying what to do", () => {
    const error = refusal("PREDICATE_INVALID", () =>
      embedPredicate(predicate(maxInlineBytes + 1), { kind: "fail" }),
    );
    assert.match(error.message, /16777217 bytes .* 16777216/);
    assert.match(error.hint, /oversize: reference/);
  });

  test("count bytes, not characters", () => {
    const text = `{"a":"${"é".repeat(maxInlineBytes / 2)}"}`;
    const document = parsePredicateInput(text, source);
    refuses("PREDICATE_INVALID", () =>
      embedPredicate({ predicateType: "t:x", mediaType: "m/x", document }, { kind: "fail" }),
    );
  });
});

suite("a reference", () => {
  const large = predicate(maxInlineBytes + 1, 5);

  test("has the digest of the file's own bytes, its place and its type", () => {
    const embedded = embedPredicate(large, reference);
    assert.equal(embedded.isReference, true);
    assert.equal(embedded.predicateType, "https://in-toto.io/attestation/reference/v0.1");
    assert.deepEqual(JSON.parse(embedded.predicateJson), {
      attester: { id: reference.attester },
      references: [
        {
          name: "app.spdx.json",
          downloadLocation: reference.location,
          digest: { sha256: encodeHex(large.document.digest.bytes) },
          mediaType: "application/spdx+json",
          annotations: { predicateType: "https://spdx.dev/Document/v2.3" },
        },
      ],
    });
    const { json } = parsePredicateInput(embedded.predicateJson, source);
    checkPredicate(predicateTypeOf(embedded.predicateType), json);
  });

  for (const location of [
    "http://example.com/x",
    "app.spdx.json",
    "https://u:p@example.com/",
    "",
  ]) {
    test(`is not to ${JSON.stringify(location)}`, () => {
      refuses("INPUT_VALUE", () => embedPredicate(large, { ...reference, location }));
    });
  }
});

test("a file above 128 MiB is not read", () => {
  const bytes = Buffer.alloc(128 * 1024 * 1024 + 1, " ");
  assert.match(
    refusal("PREDICATE_INVALID", () => parsePredicate(bytes, source)).message,
    /134217728/,
  );
});
