// The order of signing, with steps in memory: what is asked when, what survives whose failure, what is done anew.
import assert from "node:assert/strict";
import { createPublicKey, type KeyObject, verify } from "node:crypto";
import { suite, test } from "node:test";
import { computeDigest } from "../../src/crypto/digest.ts";
import { type ErrorCode, SigstepError } from "../../src/errors.ts";
import { materialOf } from "../../src/sigstore/entry-body.ts";
import {
  type Credential,
  type Log,
  type Publication,
  signArtifact,
  type SignedArtifact,
  type SigningSteps,
  type Timestamp,
} from "../../src/sigstore/sign.ts";
import { verifyEntry } from "../../src/sigstore/verify-entry.ts";
import { rejection } from "../refusal.ts";
import { logTo, makeCredential, otherTsa, stamp, trustedRoot, v1, v2 } from "./own-instance.ts";
import { makeEntry } from "./own-log.ts";

const content = Buffer.from("artifact");
const artifact = { digest: computeDigest("sha256", content), content };

/** Steps that note their names, in order; those given replace the ones that work. */
async function makeSteps(
  wish: Partial<SigningSteps> & { readonly credentials?: readonly Credential[] } = {},
): Promise<{ steps: SigningSteps; published: Publication[]; certified: () => number }> {
  const credentials = [...(wish.credentials ?? [await makeCredential()])];
  const published: Publication[] = [];
  let certified = 0;
  const steps: SigningSteps = {
    certify: () => {
      certified++;
      const next = credentials.length > 1 ? credentials.shift() : credentials[0];
      return next === undefined ? Promise.reject(new Error("none")) : Promise.resolve(next);
    },
    logs: [logTo(v1)],
    timestamps: [stamp()],
    trustedRoot,
    onPublished: (publication) => published.push(publication),
    hasEnded: () => true,
    ...wish,
  };
  return { steps, published, certified: () => certified };
}

/** The certificate's key, read by node. */
function keyOf({ certificate }: SignedArtifact): KeyObject {
  const key = Buffer.from(certificate.certificate.spki);
  return createPublicKey({ key, format: "der", type: "spki" });
}

function failing(code: ErrorCode, afterMs = 0): () => Promise<never> {
  return async () => {
    await new Promise((resolve) => setTimeout(resolve, afterMs));
    throw new SigstepError(code, `failed: ${code}`);
  };
}

/** Fails with `code` the first `times` times, then works. */
function faltering<T extends readonly unknown[], R>(
  code: ErrorCode,
  times: number,
  step: (...args: T) => Promise<R>,
): { step: (...args: T) => Promise<R>; calls: T[] } {
  const calls: T[] = [];
  return {
    calls,
    step: (...args) => {
      calls.push(args);
      return calls.length <= times ? failing(code)() : step(...args);
    },
  };
}

suite("signing", () => {
  for (const own of [v1, v2]) {
    test(`with Rekor v${own.version} gives everything that a bundle holds, proven`, async () => {
      const { steps, published, certified } = await makeSteps({ logs: [logTo(own)] });
      const result = await signArtifact(artifact, steps);
      assert.equal(certified(), 1);
      assert.equal(result.entries.length, 1);
      assert.equal(result.timestamps.length, 1);
      assert.deepEqual(
        published.map(({ entry }) => entry),
        result.entries.map(({ entry }) => entry),
      );
      assert.equal(result.signed.digest, artifact.digest);
      assert.ok(verify("sha256", content, keyOf(result), result.signed.signature));
    });
  }

  test("by digest alone is the same to every verifier", async () => {
    const { steps } = await makeSteps();
    const result = await signArtifact({ digest: artifact.digest }, steps);
    assert.ok(verify("sha256", content, keyOf(result), result.signed.signature));
  });

  test("asks all logs and timestamp authorities at the same time", async () => {
    const order: string[] = [];
    const slow =
      <T extends readonly unknown[], R>(name: string, step: (...args: T) => Promise<R>) =>
      async (...args: T): Promise<R> => {
        order.push(`${name} begins`);
        await new Promise((resolve) => setTimeout(resolve, 20));
        order.push(`${name} ends`);
        return step(...args);
      };
    const { steps, published } = await makeSteps({
      logs: [slow("v1", logTo(v1)), slow("v2", logTo(v2))],
      timestamps: [slow("a", stamp()), slow("b", stamp({}, otherTsa))],
    });
    const result = await signArtifact(artifact, steps);
    assert.deepEqual(
      order.slice(0, 4).map((line) => line.split(" ")[1]),
      Array(4).fill("begins"),
    );
    assert.deepEqual(
      [result.entries.length, result.timestamps.length, published.length],
      [2, 2, 2],
    );
  });

  test("works without a log, and without a timestamp where the log tells the time", async () => {
    const noLog = await makeSteps({ logs: [] });
    assert.equal((await signArtifact(artifact, noLog.steps)).entries.length, 0);
    const noStamp = await makeSteps({ timestamps: [] });
    assert.equal((await signArtifact(artifact, noStamp.steps)).timestamps.length, 0);
  });

  test("fails where nothing tells the time", async () => {
    const { steps } = await makeSteps({ logs: [logTo(v2)], timestamps: [] });
    await rejection("TIMESTAMP_INVALID", signArtifact(artifact, steps));
  });

  test("hands each service the same signature and credential", async () => {
    const logged = faltering("INTERNAL", 0, logTo(v1));
    const stamped = faltering("INTERNAL", 0, stamp());
    const { steps } = await makeSteps({ logs: [logged.step], timestamps: [stamped.step] });
    const { signed } = await signArtifact(artifact, steps);
    const [[loggedAs, loggedBy] = []] = logged.calls;
    const [[stampedOver, stampedBy] = []] = stamped.calls;
    assert.equal(loggedAs?.signature, signed.signature);
    assert.equal(stampedOver, signed.signature);
    assert.ok(loggedBy !== undefined && loggedBy === stampedBy);
  });
});

suite("a credential that has ended", () => {
  const tooLate = failing("DEADLINE_REACHED");

  test("is not given again", async () => {
    const asked: (Credential | undefined)[] = [];
    const credential = await makeCredential();
    const certify = (ended?: Credential): Promise<Credential> => {
      asked.push(ended);
      return Promise.resolve(credential);
    };
    const { steps } = await makeSteps({ certify, logs: [tooLate] });
    await rejection("DEADLINE_REACHED", signArtifact(artifact, steps));
    assert.deepEqual(asked, [undefined, credential, credential]);
  });

  test("by other clocks than ours, ends the work: the next one would end as well", async () => {
    const { steps, certified } = await makeSteps({ logs: [tooLate], hasEnded: () => false });
    await rejection("CERTIFICATE_INVALID", signArtifact(artifact, steps));
    assert.equal(certified(), 1);
  });
});

suite("a step that fails", () => {
  test("loses no entry: it is told of, and only then is the failure", async () => {
    const late: Log = async (signed, credential, onAnswer) => {
      await new Promise((resolve) => setTimeout(resolve, 40));
      return logTo(v1)(signed, credential, onAnswer);
    };
    const { steps, published } = await makeSteps({
      logs: [late],
      timestamps: [failing("SERVICE_UNAVAILABLE")],
    });
    await rejection("SERVICE_UNAVAILABLE", signArtifact(artifact, steps));
    assert.equal(published.length, 1);
  });

  test("does not end the others' work", async () => {
    let stamped = 0;
    const late: Timestamp = async (signature, credential) => {
      await new Promise((resolve) => setTimeout(resolve, 40));
      stamped++;
      return stamp()(signature, credential);
    };
    const { steps, published } = await makeSteps({
      logs: [failing("SERVICE_REFUSED"), logTo(v2)],
      timestamps: [late],
    });
    await rejection("SERVICE_REFUSED", signArtifact(artifact, steps));
    assert.equal(stamped, 1);
    assert.equal(published.length, 1);
  });

  test("is told first of log, then of timestamp", async () => {
    const { steps } = await makeSteps({
      logs: [failing("SERVICE_REFUSED", 30)],
      timestamps: [failing("SERVICE_UNAVAILABLE")],
    });
    await rejection("SERVICE_REFUSED", signArtifact(artifact, steps));
  });

  for (const code of ["SERVICE_UNAVAILABLE", "LOG_ENTRY_INVALID", "CANCELLED"] as const) {
    test(`with ${code} is not tried again`, async () => {
      const log = faltering(code, 9, logTo(v1));
      const { steps, certified } = await makeSteps({ logs: [log.step] });
      await rejection(code, signArtifact(artifact, steps));
      assert.equal(log.calls.length, 1);
      assert.equal(certified(), 1);
    });
  }

  test("before anything is sent is the only failure", async () => {
    const log = faltering("INTERNAL", 0, logTo(v1));
    const { steps, published } = await makeSteps({
      certify: failing("IDENTITY_EXPIRED"),
      logs: [log.step],
    });
    await rejection("IDENTITY_EXPIRED", signArtifact(artifact, steps));
    assert.equal(log.calls.length, 0);
    assert.deepEqual(published, []);
  });

  test("in a way that is no SigstepError is a defect of ours, and says so", async () => {
    const { steps, published } = await makeSteps({
      timestamps: [() => Promise.reject(new RangeError("x"))],
    });
    await rejection("INTERNAL", signArtifact(artifact, steps));
    assert.equal(published.length, 1);
  });
});

suite("done anew", () => {
  for (const code of ["DEADLINE_REACHED", "LOG_ENTRY_EXISTS"] as const) {
    test(`after ${code}: another signature under the credential of the hour`, async () => {
      const credentials = [await makeCredential(), await makeCredential()];
      const log = faltering(code, 1, logTo(v1));
      const { steps, certified, published } = await makeSteps({ credentials, logs: [log.step] });
      const { signed, certificate } = await signArtifact(artifact, steps);
      assert.equal(certified(), 2);
      assert.equal(certificate, credentials[1]?.certificate);
      const [first, second] = log.calls;
      assert.ok(first !== undefined && second !== undefined);
      assert.notDeepEqual(first[0].signature, second[0].signature);
      assert.equal(second[0].signature, signed.signature);
      assert.equal(published.length, 1);
    });
  }

  test("when the timestamp came too late; the first entry stays public and is told of", async () => {
    const credentials = [await makeCredential(), await makeCredential()];
    const timestamp = faltering("DEADLINE_REACHED", 1, stamp());
    const { steps, published } = await makeSteps({
      credentials,
      timestamps: [timestamp.step],
    });
    const result = await signArtifact(artifact, steps);
    assert.equal(published.length, 2);
    assert.equal(result.entries.length, 1);
    assert.equal(result.entries[0]?.entry, published[1]?.entry);
  });

  test("when an answer's time lies behind the certificate's end", async () => {
    const ended = await makeCredential({ notAfter: "2025-06-01T11:59:59Z" });
    const { steps, certified } = await makeSteps({ credentials: [ended, await makeCredential()] });
    await signArtifact(artifact, steps);
    assert.equal(certified(), 2);
  });

  test("three times at most", async () => {
    for (const code of ["DEADLINE_REACHED", "LOG_ENTRY_EXISTS"] as const) {
      const log = faltering(code, 9, logTo(v1));
      const { steps, certified } = await makeSteps({ logs: [log.step] });
      await rejection(code, signArtifact(artifact, steps));
      assert.equal(log.calls.length, 3);
      assert.equal(certified(), 3);
    }
    const third = faltering("DEADLINE_REACHED", 2, logTo(v1));
    const { steps } = await makeSteps({ logs: [third.step] });
    await signArtifact(artifact, steps);
    assert.equal(third.calls.length, 3);
  });

  test("never when the new certificate cannot be had", async () => {
    const log = faltering("DEADLINE_REACHED", 9, logTo(v1));
    const credential = await makeCredential();
    const certify = faltering("INTERNAL", 0, () => Promise.resolve(credential));
    const { steps } = await makeSteps({
      logs: [log.step],
      certify: () => (certify.calls.length === 0 ? certify.step() : failing("IDENTITY_EXPIRED")()),
    });
    await rejection("IDENTITY_EXPIRED", signArtifact(artifact, steps));
    assert.equal(log.calls.length, 1);
  });
});

suite("times", () => {
  test("of answers must lie in the certificate", async () => {
    const future = await makeCredential({ notBefore: "2025-06-01T12:00:01Z" });
    const { steps } = await makeSteps({ credentials: [future] });
    await rejection("CERTIFICATE_INVALID", signArtifact(artifact, steps));
  });

  test("of one answer do not make up for another's", async () => {
    const { steps } = await makeSteps({ timestamps: [stamp({ time: "20250601115459Z" })] });
    await rejection("CERTIFICATE_INVALID", signArtifact(artifact, steps));
  });

  test("may be the first and the last second of the certificate", async () => {
    for (const time of ["20250601115500Z", "20250601120500Z"]) {
      const { steps } = await makeSteps({ timestamps: [stamp({ time })] });
      await signArtifact(artifact, steps);
    }
  });

  test("must lie in those of the log", async () => {
    const over = { ...v1.log, validFor: { ...v1.log.validFor, end: new Date("2025-05-01") } };
    const { steps } = await makeSteps({
      logs: [
        (signed) =>
          Promise.resolve(verifyEntry(makeEntry(v1, signed), materialOf(signed), { logs: [over] })),
      ],
    });
    await rejection("LOG_ENTRY_INVALID", signArtifact(artifact, steps));
  });
});
