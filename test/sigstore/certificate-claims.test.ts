// What a certificate repeats of its token: each extension and each claim flipped by itself.
import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { createEphemeralSigner } from "../../src/crypto/signer.ts";
import type { ProvenCertificate } from "../../src/sigstore/chain.ts";
import { verifyClaims, verifyEarlierClaims } from "../../src/sigstore/certificate-claims.ts";
import { type IdentityToken, parseIdentityToken } from "../../src/sigstore/token.ts";
import { refusal, refuses } from "../refusal.ts";
import { certify } from "./own-instance.ts";

type Fields = Readonly<Record<number, string>>;
type Claims = Readonly<Record<string, unknown>>;

const signer = createEphemeralSigner();
const now = new Date("2025-06-01T12:00:00Z");

function tokenOf(claims: Claims): IdentityToken {
  const all = { aud: "sigstore", exp: now.getTime() / 1000 + 300, sub: "subject", ...claims };
  const payload = Buffer.from(JSON.stringify(all)).toString("base64url");
  return parseIdentityToken(`e30.${payload}.x`, "sigstore", now);
}

function certificateOf(identity: string, fulcio: Fields): Promise<ProvenCertificate> {
  return certify(signer, { identity, fulcio });
}

const sha = "0123456789abcdef0123456789abcdef01234567";

// The columns of Fulcio's oid-info.md, written out: claims of a real-looking token, and what they become.
const github = {
  claims: {
    iss: "https://token.actions.githubusercontent.com",
    sub: "repo:acme/widget:environment:pages",
    event_name: "push",
    sha,
    workflow: "Release (all) [x86+arm]",
    repository: "acme/widget",
    ref: "refs/tags/v1.0.0",
    job_workflow_ref: "acme/shared/.github/workflows/sign.yml@refs/heads/main",
    job_workflow_sha: "1".repeat(40),
    runner_environment: "github-hosted",
    repository_id: "2002",
    repository_owner: "acme",
    repository_owner_id: "3003",
    workflow_ref: "acme/widget/.github/workflows/release.yml@refs/tags/v1.0.0",
    workflow_sha: "2".repeat(40),
    run_id: "4004",
    run_attempt: "2",
    repository_visibility: "public",
    environment: "pages",
  },
  identity: "https://github.com/acme/shared/.github/workflows/sign.yml@refs/heads/main",
  fulcio: {
    1: "https://token.actions.githubusercontent.com",
    2: "push",
    3: sha,
    4: "Release (all) [x86+arm]",
    5: "acme/widget",
    6: "refs/tags/v1.0.0",
    8: "https://token.actions.githubusercontent.com",
    9: "https://github.com/acme/shared/.github/workflows/sign.yml@refs/heads/main",
    10: "1".repeat(40),
    11: "github-hosted",
    12: "https://github.com/acme/widget",
    13: sha,
    14: "refs/tags/v1.0.0",
    15: "2002",
    16: "https://github.com/acme",
    17: "3003",
    18: "https://github.com/acme/widget/.github/workflows/release.yml@refs/tags/v1.0.0",
    19: "2".repeat(40),
    20: "push",
    21: "https://github.com/acme/widget/actions/runs/4004/attempts/2",
    22: "public",
    23: "pages",
    24: "repo:acme/widget:environment:pages",
  },
} as const;

const gitlab = {
  claims: {
    iss: "https://gitlab.com",
    sub: "project_path:acme/tools/widget:ref_type:branch:ref:main",
    ci_config_ref_uri: "gitlab.com/acme/tools/widget//.gitlab-ci.yml@refs/heads/main",
    ci_config_sha: "1".repeat(40),
    runner_environment: "gitlab-hosted",
    project_path: "acme/tools/widget",
    sha,
    ref: "main",
    ref_type: "branch",
    project_id: "2002",
    namespace_path: "acme/tools",
    namespace_id: 3003,
    pipeline_source: "push",
    job_id: "5005",
    project_visibility: "internal",
    environment: "production",
    user_email: "maintainer@example.com",
  },
  identity: "https://gitlab.com/acme/tools/widget//.gitlab-ci.yml@refs/heads/main",
  fulcio: {
    1: "https://gitlab.com",
    8: "https://gitlab.com",
    9: "https://gitlab.com/acme/tools/widget//.gitlab-ci.yml@refs/heads/main",
    10: "1".repeat(40),
    11: "gitlab-hosted",
    12: "https://gitlab.com/acme/tools/widget",
    13: sha,
    14: "refs/heads/main",
    15: "2002",
    16: "https://gitlab.com/acme/tools",
    17: "3003",
    18: "https://gitlab.com/acme/tools/widget//.gitlab-ci.yml@refs/heads/main",
    19: "1".repeat(40),
    20: "push",
    21: "https://gitlab.com/acme/tools/widget/-/jobs/5005",
    22: "internal",
    23: "production",
    24: "project_path:acme/tools/widget:ref_type:branch:ref:main",
  },
} as const;

/** Claims that no extension repeats, so that nothing can differ. */
const silent: ReadonlySet<string> = new Set(["user_email", "ref_type"]);

for (const [name, { claims, identity, fulcio }] of Object.entries({ github, gitlab })) {
  suite(name, () => {
    const token = tokenOf(claims);

    test("what Fulcio makes of the claims is accepted", async () => {
      verifyClaims(await certificateOf(identity, fulcio), token);
    });

    for (const [number, text] of Object.entries(fulcio)) {
      test(`extension ${number} must be the claim's, whole`, async () => {
        for (const other of [`${text}x`, `x${text}`, text.slice(0, -1), ""]) {
          const certificate = await certificateOf(identity, { ...fulcio, [number]: other });
          const { hint } = refusal("CERTIFICATE_INVALID", () => verifyClaims(certificate, token));
          assert.notEqual(hint, "");
        }
      });

      test(`extension ${number} may be missing, one issuer apart`, async () => {
        const rest = Object.fromEntries(Object.entries(fulcio).filter(([one]) => one !== number));
        verifyClaims(await certificateOf(identity, rest), token);
      });
    }

    test("without any issuer it is refused", async () => {
      const rest = Object.fromEntries(
        Object.entries(fulcio).filter(([one]) => one !== "1" && one !== "8"),
      );
      const certificate = await certificateOf(identity, rest);
      refuses("CERTIFICATE_INVALID", () => verifyClaims(certificate, token));
    });

    test("each claim must be the certificate's", async () => {
      const certificate = await certificateOf(identity, fulcio);
      for (const [claim, value] of Object.entries(claims)) {
        if (silent.has(claim)) continue;
        const other = tokenOf({ ...claims, [claim]: `${value}x` });
        refuses("CERTIFICATE_INVALID", () => verifyClaims(certificate, other));
      }
    });

    test("a claim that is missing is not compared, those of the name apart", async () => {
      const certificate = await certificateOf(identity, fulcio);
      for (const claim of Object.keys(claims)) {
        if (claim === "iss" || claim === "sub") continue;
        const other = Object.fromEntries(Object.entries(claims).filter(([one]) => one !== claim));
        verifyClaims(certificate, tokenOf(other));
      }
    });

    test("the one name must be the workflow's", async () => {
      for (const other of [
        `${identity}x`,
        identity.replace("main", "evil"),
        `https://evil.example/${identity.slice("https://".length)}`,
        "https://github.com/evil/evil/.github/workflows/sign.yml@refs/heads/main",
      ]) {
        const certificate = await certificateOf(other, fulcio);
        refuses("CERTIFICATE_INVALID", () => verifyClaims(certificate, token));
        const bare = await certificateOf(other, { 8: fulcio[8] });
        refuses("CERTIFICATE_INVALID", () => verifyClaims(bare, token));
      }
    });

    test("extensions that are excepted may differ, and they alone", async () => {
      const moved = { ...fulcio, 21: "https://elsewhere.example/1" };
      const certificate = await certificateOf(identity, moved);
      verifyClaims(certificate, token, ["runInvocationUri"]);
      refuses("CERTIFICATE_INVALID", () => verifyClaims(certificate, token, ["buildTrigger"]));
      const other = await certificateOf(identity, { ...moved, 13: "0".repeat(40) });
      refuses("CERTIFICATE_INVALID", () => verifyClaims(other, token, ["runInvocationUri"]));
    });
  });
}

suite("origins", () => {
  test("may be those of a self-hosted GitHub", async () => {
    for (const origin of ["https://ghe.example:8443", "http://ghe.example"]) {
      const fulcio = Object.fromEntries(
        Object.entries(github.fulcio).map(([number, text]) => [
          number,
          text.replace("https://github.com", origin),
        ]),
      );
      const identity = github.identity.replace("https://github.com", origin);
      verifyClaims(await certificateOf(identity, fulcio), tokenOf(github.claims));
    }
  });

  test("hold no path, no other scheme and no second origin", async () => {
    for (const origin of [
      "https://github.com/x",
      "ftp://github.com",
      "github.com",
      "https://",
      "",
    ]) {
      for (const number of [12, 16, 18, 21] as const) {
        const text = github.fulcio[number].replace("https://github.com", origin);
        const certificate = await certificateOf(github.identity, {
          ...github.fulcio,
          [number]: text,
        });
        refuses("CERTIFICATE_INVALID", () => verifyClaims(certificate, tokenOf(github.claims)));
      }
    }
  });

  test("claims are text, not patterns", async () => {
    const claims = { ...github.claims, ref: "refs/heads/.*", workflow: "a|b", sha: "(" };
    const fulcio = {
      ...github.fulcio,
      3: "(",
      4: "a|b",
      6: "refs/heads/.*",
      13: "(",
      14: "refs/heads/.*",
    };
    verifyClaims(await certificateOf(github.identity, fulcio), tokenOf(claims));
    const other = await certificateOf(github.identity, { ...fulcio, 14: "refs/heads/main" });
    refuses("CERTIFICATE_INVALID", () => verifyClaims(other, tokenOf(claims)));
  });

  test("a claim that names another claim is not expanded again", async () => {
    const claims = { ...github.claims, workflow: "{sha}" };
    const certificate = await certificateOf(github.identity, { ...github.fulcio, 4: sha });
    refuses("CERTIFICATE_INVALID", () => verifyClaims(certificate, tokenOf(claims)));
  });
});

suite("GitLab's ref", () => {
  for (const [type, ref, expected] of [
    ["branch", "main", "refs/heads/main"],
    ["tag", "v1.0.0", "refs/tags/v1.0.0"],
    // Fulcio's rule: all that is no branch is a tag.
    ["merge_request", "x", "refs/tags/x"],
  ] as const) {
    test(`of a ${type} is ${expected}`, async () => {
      const token = tokenOf({ ...gitlab.claims, ref_type: type, ref });
      const right = await certificateOf(gitlab.identity, { ...gitlab.fulcio, 14: expected });
      verifyClaims(right, token);
      for (const other of [ref, `refs/${type}/${ref}`, `refs/remotes/${ref}`]) {
        const wrong = await certificateOf(gitlab.identity, { ...gitlab.fulcio, 14: other });
        refuses("CERTIFICATE_INVALID", () => verifyClaims(wrong, token));
      }
    });
  }
});

suite("e-mail", () => {
  const address = "maintainer@example.com";
  const claims = { iss: "https://accounts.example", email: address, email_verified: true };
  const fulcio = { 1: claims.iss, 8: claims.iss };

  test("the name is the address", async () => {
    verifyClaims(await certificateOf(address, fulcio), tokenOf(claims));
    for (const other of [
      "other@example.com",
      `${address}.evil`,
      `x${address}`,
      address.toUpperCase(),
    ]) {
      const certificate = await certificateOf(other, fulcio);
      refuses("CERTIFICATE_INVALID", () => verifyClaims(certificate, tokenOf(claims)));
    }
  });

  test("the issuer is the token's, or where Dex says that the user signed in", async () => {
    const google = "https://accounts.google.com";
    const certificate = await certificateOf(address, { 1: google, 8: google });
    refuses("CERTIFICATE_INVALID", () => verifyClaims(certificate, tokenOf(claims)));
    const dex = { ...claims, federated_claims: { connector_id: google, user_id: "1" } };
    verifyClaims(certificate, tokenOf(dex));
    verifyClaims(await certificateOf(address, fulcio), tokenOf(dex));
    const third = await certificateOf(address, { 1: google, 8: "https://third.example" });
    refuses("CERTIFICATE_INVALID", () => verifyClaims(third, tokenOf(dex)));
  });
});

test("any other CI is judged by issuer and subject", async () => {
  const iss = "https://agent.buildkite.com";
  const claims = { iss, sub: "organization:acme:pipeline:widget" };
  const identity = "https://buildkite.com/acme/widget";
  verifyClaims(await certificateOf(identity, { 8: iss, 24: claims.sub }), tokenOf(claims));
  const other = await certificateOf(identity, { 8: iss, 24: "organization:acme:pipeline:x" });
  refuses("CERTIFICATE_INVALID", () => verifyClaims(other, tokenOf(claims)));
  const built = await certificateOf(identity, { 8: iss, 9: "https://buildkite.com/acme/other" });
  refuses("CERTIFICATE_INVALID", () => verifyClaims(built, tokenOf(claims)));
});

suite("a GitLab below a path", () => {
  const base = "https://git.example.com/gitlab";
  const move = (to: string): Fields =>
    Object.fromEntries(
      Object.entries(gitlab.fulcio).map(([number, text]) => [
        number,
        text.replace("https://gitlab.com", to),
      ]),
    );
  const claims = {
    ...gitlab.claims,
    iss: base,
    ci_config_ref_uri: gitlab.claims.ci_config_ref_uri.replace("gitlab.com", base.slice(8)),
  };
  const identity = gitlab.identity.replace("https://gitlab.com", base);

  test("is the token's issuer, also with a slash at its end", async () => {
    const certificate = await certificateOf(identity, move(base));
    verifyClaims(certificate, tokenOf(claims));
    const slash = { ...move(base), 1: `${base}/`, 8: `${base}/` };
    verifyClaims(await certificateOf(identity, slash), tokenOf({ ...claims, iss: `${base}/` }));
  });

  test("is no other path: a group more is another project, however well all agree", async () => {
    for (const [iss, elsewhere] of [
      ["https://gitlab.com", "https://gitlab.com/evil"],
      [base, `${base}/evil`],
      [base, "https://git.example.com/gitlab2"],
      [base, "https://git.example.com/evil/gitlab"],
      [base, "https://git.example.com/gitlab/"],
    ] as const) {
      for (const number of [12, 16, 21]) {
        const fulcio = {
          ...move(iss),
          ...Object.fromEntries([12, 16, 21].map((each) => [each, move(elsewhere)[each] ?? ""])),
        };
        const one = { ...move(iss), [number]: move(elsewhere)[number] ?? "" };
        const token = tokenOf(iss === base ? claims : gitlab.claims);
        const name = iss === base ? identity : gitlab.identity;
        for (const wrong of [fulcio, one]) {
          const certificate = await certificateOf(name, wrong);
          refuses("CERTIFICATE_INVALID", () => verifyClaims(certificate, token));
        }
      }
    }
  });

  test("is GitLab's alone: GitHub's issuers have a path that its addresses lack", async () => {
    const iss = "https://token.actions.githubusercontent.com/evil";
    const fulcio = { ...github.fulcio, 1: iss, 8: iss };
    const token = tokenOf({ ...github.claims, iss });
    verifyClaims(await certificateOf(github.identity, fulcio), token);
    const wrong = { ...fulcio, 12: "https://github.com/evil/acme/widget" };
    const certificate = await certificateOf(github.identity, wrong);
    refuses("CERTIFICATE_INVALID", () => verifyClaims(certificate, token));
  });
});

suite("a certificate of an earlier try", () => {
  const without = (fulcio: Fields, ...numbers: readonly number[]): Fields =>
    Object.fromEntries(Object.entries(fulcio).filter(([name]) => !numbers.includes(Number(name))));

  for (const { claims, identity, fulcio } of [github, gitlab]) {
    test(`may be of another run, and of nothing else: ${claims.iss}`, async () => {
      const token = tokenOf(claims);
      verifyEarlierClaims(await certificateOf(identity, fulcio), token);
      verifyEarlierClaims(await certificateOf(identity, { ...fulcio, 21: "https://a.b/c" }), token);
      for (const number of Object.keys(fulcio).map(Number)) {
        if (number === 21) continue;
        const other = await certificateOf(identity, { ...fulcio, [number]: "other" });
        refuses("CERTIFICATE_INVALID", () => verifyEarlierClaims(other, token));
      }
    });

    test(`says of which commit it is: ${claims.iss}`, async () => {
      const certificate = await certificateOf(identity, without(fulcio, 3, 13));
      verifyClaims(certificate, tokenOf(claims));
      const error = refusal("CERTIFICATE_INVALID", () =>
        verifyEarlierClaims(certificate, tokenOf(claims)),
      );
      assert.match(error.message, /source repository digest/);
    });
  }

  test("of a CI without rules of its own has the token's subject", async () => {
    const iss = "https://ci.example";
    const token = tokenOf({ iss, sub: "pipeline:7" });
    const fresh = await certificateOf("https://ci.example/any", { 8: iss });
    verifyClaims(fresh, token);
    refuses("CERTIFICATE_INVALID", () => verifyEarlierClaims(fresh, token));
    const other = await certificateOf("https://ci.example/any", { 8: iss, 24: "pipeline:8" });
    refuses("CERTIFICATE_INVALID", () => verifyEarlierClaims(other, token));
    verifyEarlierClaims(
      await certificateOf("https://ci.example/x", { 8: iss, 24: "pipeline:7" }),
      token,
    );
  });
});
