// Policies against certificates: everything asked is compared, look-alikes are refused and named.
import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { createEphemeralSigner } from "../../src/crypto/signer.ts";
import {
  fulcioExtensionNames,
  type FulcioExtensionName,
} from "../../src/sigstore/fulcio-extensions.ts";
import { exactly, matching, type Matcher } from "../../src/sigstore/matcher.ts";
import {
  checkAge,
  checkIdentity,
  type IdentityPolicy,
  requireMeaningful,
} from "../../src/sigstore/policy.ts";
import { refusal, refuses } from "../refusal.ts";
import { certify, workflow } from "./own-instance.ts";

const signer = createEphemeralSigner();
const issuer = "https://token.actions.githubusercontent.com";
const sha = "0123456789abcdef0123456789abcdef01234567";
const fulcio = {
  8: issuer,
  9: "https://github.com/acme/shared/.github/workflows/sign.yml@refs/tags/v1",
  11: "github-hosted",
  12: "https://github.com/acme/widget",
  13: sha,
  14: "refs/heads/main",
  15: "2002",
  17: "3003",
  18: workflow,
  20: "push",
  22: "public",
  23: "pages",
  24: "repo:acme/widget:ref:refs/heads/main",
} as const;
const certificate = await certify(signer, { identity: workflow, fulcio });

type Extensions = Readonly<Partial<Record<FulcioExtensionName, string>>>;

function wish(extensions: Extensions, identity?: Matcher, from = issuer): IdentityPolicy {
  const matchers: Partial<Record<FulcioExtensionName, Matcher>> = {};
  for (const name of fulcioExtensionNames.values()) {
    const text = extensions[name];
    if (text !== undefined) matchers[name] = exactly(text, name);
  }
  return {
    issuer: exactly(from, "issuer"),
    ...(identity === undefined ? {} : { identity }),
    extensions: matchers,
  };
}

const all: Record<string, string> = {
  buildSignerUri: fulcio[9],
  runnerEnvironment: fulcio[11],
  sourceRepositoryUri: fulcio[12],
  sourceRepositoryDigest: fulcio[13],
  sourceRepositoryRef: fulcio[14],
  sourceRepositoryIdentifier: fulcio[15],
  sourceRepositoryOwnerIdentifier: fulcio[17],
  buildConfigUri: fulcio[18],
  buildTrigger: fulcio[20],
  sourceRepositoryVisibilityAtSigning: fulcio[22],
  deploymentEnvironment: fulcio[23],
  tokenSubject: fulcio[24],
};

const exact = (text: string): Matcher => exactly(text, "identity");
const pattern = (source: string): Matcher => matching(source, "identity");

test("everything asked and there is accepted, and the one that matched is given back", () => {
  const wanted = wish(all, exact(workflow));
  const other = wish({}, exact(`${workflow}-other`));
  assert.equal(checkIdentity(certificate, { identities: [other, wanted] }), wanted);
});

suite("each extension is enforced", () => {
  for (const [name, text] of Object.entries(all)) {
    test(`${name} with another value`, () => {
      const identities = [wish({ ...all, [name]: `${text}x` })];
      const { message } = refusal("POLICY_NOT_SATISFIED", () => {
        checkIdentity(certificate, { identities });
      });
      assert.match(message, new RegExp(`^The certificate's ${name} is `));
    });
    test(`${name} that the certificate lacks`, async () => {
      const bare = await certify(signer, { identity: workflow, fulcio: { 8: issuer } });
      const { message } = refusal("POLICY_NOT_SATISFIED", () => {
        checkIdentity(bare, { identities: [wish({ [name]: text })] });
      });
      assert.match(message, new RegExp(`${name} is missing, and the policy wants`));
    });
  }
});

suite("identities that are not the one wanted", () => {
  const repository = "https://github.com/acme/widget";
  const table: readonly (readonly [what: string, wanted: IdentityPolicy, reason: RegExp])[] = [
    ["prefix", wish({}, exact(workflow.slice(0, -1))), /identity is ".*main", and .* ".*mai"/],
    ["suffix", wish({}, exact(`${workflow}\n`)), /main\\n"/],
    ["case", wish({}, exact(workflow.replace("acme", "Acme"))), /only upper and lower case differ/],
    ["pattern of a part", wish({}, pattern("https://github\\.com/acme/widget")), /the pattern/],
    ["pattern in other case", wish({}, pattern("https://github\\.com/ACME/.*")), /the pattern/],
    ["repository's prefix", wish({ sourceRepositoryUri: repository.slice(0, -1) }), /widge"/],
    ["repository's case", wish({ sourceRepositoryUri: `${repository.slice(0, -1)}T` }), /case/],
    ["issuer with a slash", wish({}, exact(workflow), `${issuer}/`), /issuer is/],
    ["an enterprise's issuer", wish({}, exact(workflow), `${issuer}/acme`), /issuer is/],
    ["an id with zeros", wish({ sourceRepositoryIdentifier: "02002" }), /"2002", .* "02002"/],
  ];
  for (const [what, wanted, reason] of table) {
    test(what, () => {
      const { message } = refusal("POLICY_NOT_SATISFIED", () => {
        checkIdentity(certificate, { identities: [wanted] });
      });
      assert.match(message, reason);
    });
  }

  const hostile: readonly (readonly [number, string, FulcioExtensionName, string, RegExp])[] = [
    [12, `${repository}-evil`, "sourceRepositoryUri", repository, /widget-evil/],
    [
      12,
      "https://github.com/аcme/widget",
      "sourceRepositoryUri",
      repository,
      /\\u\{430\}cme.*ASCII/,
    ],
    [12, `${repository}\n`, "sourceRepositoryUri", repository, /widget\\n/],
    [12, `${repository}\u200b`, "sourceRepositoryUri", repository, /\\u\{200b\}/],
    [15, "2.002e+03", "sourceRepositoryIdentifier", "2002", /2\.002e\+03/],
    [15, "", "sourceRepositoryIdentifier", "2002", /is ""/],
  ];
  for (const [number, text, name, wanted, reason] of hostile) {
    test(`certificate with ${JSON.stringify(text)}`, async () => {
      const other = await certify(signer, { fulcio: { ...fulcio, [number]: text } });
      const { message } = refusal("POLICY_NOT_SATISFIED", () => {
        checkIdentity(other, { identities: [wish({ [name]: wanted })] });
      });
      assert.match(message, reason);
      assert.doesNotMatch(message, /[^\x20-\x7e…]/);
    });
  }

  test("the Kelvin sign is no k, and no difference of case", async () => {
    const other = await certify(signer, {
      fulcio: { ...fulcio, 12: "https://github.com/\u212a/w" },
    });
    const { message } = refusal("POLICY_NOT_SATISFIED", () => {
      checkIdentity(other, {
        identities: [wish({ sourceRepositoryUri: "https://github.com/k/w" })],
      });
    });
    assert.match(message, /\\u\{212a\}.*ASCII/);
  });

  test("the closest of several is told, and no other", () => {
    const far = wish({
      sourceRepositoryUri: "https://github.com/far/off",
      buildTrigger: "release",
    });
    const near = wish({ sourceRepositoryUri: repository, buildTrigger: "release" });
    const { message } = refusal("POLICY_NOT_SATISFIED", () => {
      checkIdentity(certificate, { identities: [far, near] });
    });
    assert.match(
      message,
      /buildTrigger is "push", and the policy wants "release" \(the closest of 2/,
    );
    assert.doesNotMatch(message, /far/);
  });

  test("no identity is nobody", () => {
    refuses("POLICY_NOT_SATISFIED", () => checkIdentity(certificate, { identities: [] }));
  });
});

suite("certificates of older Fulcios", () => {
  const old = {
    1: issuer,
    2: "push",
    3: sha,
    5: "acme/widget",
    6: "refs/heads/main",
  };
  const asked = {
    sourceRepositoryUri: "https://github.com/acme/widget",
    sourceRepositoryDigest: sha,
    sourceRepositoryRef: "refs/heads/main",
    buildTrigger: "push",
  };
  const check = async (
    fields: Readonly<Record<number, string>>,
    extensions: Extensions = asked,
  ) => {
    const made = await certify(signer, { fulcio: fields });
    return checkIdentity(made, { identities: [wish(extensions)] });
  };

  test("their own names stand in", async () => {
    await check(old);
  });
  test("only where the newer ones are absent", async () => {
    for (const [number, text] of [
      [12, "https://github.com/acme/other"],
      [13, "1".repeat(40)],
      [14, "refs/heads/other"],
      [20, "release"],
    ] as const) {
      await assert.rejects(check({ ...old, [number]: text }), /and the policy wants/);
    }
  });
  test("another host's repository is not GitHub's", async () => {
    const elsewhere = { sourceRepositoryUri: "https://ghe.example/acme/widget" };
    await assert.rejects(check(old, elsewhere), /sourceRepositoryUri is/);
  });
  test("another repository", async () => {
    await assert.rejects(check({ ...old, 5: "acme/widget-evil" }), /widget-evil/);
  });
  test("two issuers that differ", async () => {
    await assert.rejects(check({ ...old, 8: issuer, 1: "https://evil.example" }), /older issuer/);
    await assert.rejects(check({ ...old, 8: "https://evil.example" }), /older issuer/);
    await check({ ...old, 8: issuer });
  });
  test("no issuer at all", async () => {
    await assert.rejects(check({ 12: asked.sourceRepositoryUri }), /issuer is missing/);
  });
});

suite("policies that let strangers in", () => {
  const refused: readonly (readonly [string, IdentityPolicy])[] = [
    ["issuer alone", wish({})],
    ["an issuer of one's own alone", wish({}, undefined, "https://id.acme.example")],
    ["runner", wish({ runnerEnvironment: "github-hosted" })],
    ["event and ref", wish({ buildTrigger: "push", sourceRepositoryRef: "refs/heads/main" })],
    ["commit, which every fork has", wish({ sourceRepositoryDigest: sha })],
    ["signer's workflow, which others call", wish({ buildSignerUri: workflow })],
    ["any issuer", { ...wish(all), issuer: pattern("https://.*") }],
    ...[
      ".*",
      ".+",
      "^.*$",
      "[\\s\\S]*",
      "(?:.|x)*",
      "[^x]*",
      "(?:)|.*",
      ".{1,500}",
      "https://.*",
      "https://github\\.com/.*",
      "https://github\\.com/[^/]+/widget/.*",
      ".*/acme/widget/.*",
      "https://gitlab\\.com/.+//.gitlab-ci.yml@refs/heads/main",
      ".*@gmail\\.com",
      // A branch may be called x@acme.example.
      ".*@acme\\.example",
      "\\d+",
    ].map((source) => [source, wish({}, pattern(source))] as const),
  ];
  for (const [what, identity] of refused) {
    test(what, () => {
      refuses("POLICY_INVALID", () => {
        requireMeaningful({ identities: [identity] });
      });
      refuses("POLICY_INVALID", () => {
        requireMeaningful({ identities: [wish(all), identity] });
      });
    });
  }

  const accepted: readonly (readonly [string, IdentityPolicy])[] = [
    ["identity", wish({}, exact(workflow))],
    ["repository", wish({ sourceRepositoryUri: "https://github.com/acme/widget" })],
    ["repository's id", wish({ sourceRepositoryIdentifier: "2002" })],
    ["owner's id", wish({ sourceRepositoryOwnerIdentifier: "3003" })],
    ["an organisation", wish({}, pattern("https://github\\.com/acme/.*"))],
    ["people of a domain", wish({}, pattern("[^/]+@acme\\.example"))],
    ["any identity of a repository", wish({ sourceRepositoryIdentifier: "2002" }, pattern(".*"))],
  ];
  for (const [what, identity] of accepted) {
    test(`accepted: ${what}`, () => {
      requireMeaningful({ identities: [identity] });
    });
  }

  test("identities and a key exclude each other, and one is needed", () => {
    refuses("POLICY_INVALID", () => {
      requireMeaningful({ identities: [] });
    });
    refuses("POLICY_INVALID", () => {
      requireMeaningful({ identities: [wish(all)] }, true);
    });
    requireMeaningful({ identities: [] }, true);
  });
});

suite("age", () => {
  const now = new Date("2025-06-01T12:00:00Z");
  const ago = (ms: number): Date => new Date(now.getTime() - ms);
  const policy = { identities: [], maxAgeMs: 3_600_000 };
  const check = (...times: Date[]): void => checkAge(times, policy, now);

  test("up to the maximum", () => {
    check(ago(3_600_000));
    check(ago(3_600_000), ago(60_000));
    check(ago(-299_000));
    checkAge([ago(1e12)], { identities: [] }, now);
  });
  test("an old signature that was timestamped again is old", () => {
    refuses("POLICY_NOT_SATISFIED", () => {
      check(ago(90_000_000), ago(60_000));
    });
  });
  test("above it", () => {
    const { message } = refusal("POLICY_NOT_SATISFIED", () => {
      check(ago(3_600_001));
    });
    assert.match(message, /2025-06-01T10:59:59.999Z, 60 minutes ago, .* allows 60 minutes/);
  });
  test("in the future a clock is wrong", () => {
    const { message } = refusal("POLICY_NOT_SATISFIED", () => {
      check(ago(-301_000));
    });
    assert.match(message, /clock says 2025-06-01T12:00:00.000Z: one of the two is wrong/);
  });
  test("without a time", () => {
    refuses("POLICY_NOT_SATISFIED", () => {
      check();
    });
  });
});
