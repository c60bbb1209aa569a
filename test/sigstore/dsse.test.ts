// What a DSSE signature covers, byte by byte. Envelopes are read in bundle-versions.test.ts.
import assert from "node:assert/strict";
import { suite, test } from "node:test";
import fc from "fast-check";
import { preAuthEncode } from "../../src/sigstore/dsse.ts";
import { runs } from "../refusal.ts";

const encode = (payloadType: string, payload: string | Uint8Array): string =>
  Buffer.from(preAuthEncode({ payloadType, payload: Buffer.from(payload) })).toString("latin1");

suite("the pre-authentication encoding", () => {
  // https://github.com/secure-systems-lab/dsse/blob/master/protocol.md#test-vectors
  test("is the specification's", () => {
    const type = "http://example.com/HelloWorld";
    assert.equal(encode(type, "hello world"), `DSSEv1 29 ${type} 11 hello world`);
  });

  test("has its lengths in bytes, not in characters", () => {
    assert.equal(
      encode("application/\u{e9}\u{1f600}", "\u{20ac}"),
      Buffer.from("DSSEv1 18 application/\u{e9}\u{1f600} 3 \u{20ac}").toString("latin1"),
    );
  });

  test("has empty parts as they are", () => assert.equal(encode("", ""), "DSSEv1 0  0 "));

  test("passes payloads on untouched", () => {
    const payload = Uint8Array.from({ length: 256 }, (_, index) => index);
    const encoded = preAuthEncode({ payloadType: "t", payload });
    assert.deepEqual(Buffer.from(encoded.subarray(-256)), Buffer.from(payload));
  });

  test("is one and the same for no two envelopes", () => {
    const parts = fc.record({
      payloadType: fc.string({ unit: fc.constantFrom(" ", "1", "a", "\u{e9}"), maxLength: 6 }),
      payload: fc
        .string({ unit: fc.constantFrom(" ", "1", "a"), maxLength: 6 })
        .map((text) => Buffer.from(text)),
    });
    fc.assert(
      fc.property(parts, parts, (one, other) => {
        const same = one.payloadType === other.payloadType && one.payload.equals(other.payload);
        const [left, right] = [one, other].map((each) => Buffer.from(preAuthEncode(each)));
        assert.ok(left !== undefined && right !== undefined);
        assert.equal(left.equals(right), same);
      }),
      { numRuns: runs },
    );
  });
});
