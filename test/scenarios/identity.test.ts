// Where the identity comes from, why there is none, and which tokens are of no use.
import assert from "node:assert/strict";
import { describe } from "node:test";
import type { Claims, IssuerKind } from "../../src/sandbox/claims.ts";
import { scenario, type Run, type Scene } from "./harness.ts";

const noEndpoint = {
  ACTIONS_ID_TOKEN_REQUEST_URL: undefined,
  ACTIONS_ID_TOKEN_REQUEST_TOKEN: undefined,
};

/** Signs with a token of these claims, from a file. */
async function signWithToken(
  scene: Scene,
  claims: Claims = {},
  kind: IssuerKind = "github",
): Promise<Run> {
  await scene.write("app.zip");
  const file = await scene.give("token", await scene.token(kind, claims));
  return scene.sign(["app.zip", "--identity-token-file", file], { env: noEndpoint });
}

describe("where an identity comes from", { concurrency: 4 }, () => {
  scenario("GitHub's endpoint", async (scene) => {
    await scene.write("app.zip");
    const run = await scene.sign(["app.zip"]);
    await scene.assertSigned(run, ["app.zip"]);
    assert.equal(scene.asked().token, 1);
    const [request] = scene.sandbox.requests.list("issuer");
    assert.match(request?.path ?? "", /[?&]audience=sigstore(&|$)/);
    const identity =
      "https://github.com/acme/widget/.github/workflows/release.yml@refs/tags/v1.0.0";
    assert.equal(run.outputs.get("certificate-identity"), identity);
    assert.equal(run.outputs.get("certificate-oidc-issuer"), scene.sandbox.urls.github);
  });

  scenario(
    "GitLab's variable",
    async (scene) => {
      await scene.write("app.zip");
      const run = await scene.sign(["app.zip"]);
      await scene.assertSigned(run, ["app.zip"]);
      assert.match(
        run.log,
        /Identity: https:\/\/gitlab\.com\/acme\/widget\/\/\.gitlab-ci\.yml@refs\/heads\/main/,
      );
      assert.equal(scene.asked().token, undefined);
    },
    { runner: "gitlab" },
  );

  scenario(
    "the same variable in any other CI",
    async (scene) => {
      await scene.write("app.zip");
      const env = { SIGSTORE_ID_TOKEN: `${await scene.token("email")}\n` };
      const run = await scene.sign(["app.zip"], { env });
      await scene.assertSigned(run, ["app.zip"]);
      assert.match(run.log, /Identity: maintainer@example\.com/);
    },
    { runner: "none" },
  );

  scenario("a file, also with a line break at its end", async (scene) => {
    await scene.write("app.zip");
    const file = await scene.give("token", `${await scene.token()}\r\n`);
    const run = await scene.sign(["app.zip", "--identity-token-file", file]);
    await scene.assertSigned(run, ["app.zip"]);
    assert.equal(scene.asked().token, undefined, "the file wins over the job's own");
  });

  scenario("the input, in the environment", async (scene) => {
    await scene.write("app.zip");
    const env = { SIGSTEP_IDENTITY_TOKEN: await scene.token() };
    await scene.assertSigned(await scene.sign(["app.zip"], { env }), ["app.zip"]);
    assert.equal(scene.asked().token, undefined);
  });

  scenario("the input of the action", async (scene) => {
    await scene.write("app.zip");
    const inputs = { inputs: "app.zip", "identity-token": await scene.token() };
    await scene.assertSigned(await scene.action(inputs), ["app.zip"]);
    assert.equal(scene.asked().token, undefined);
  });

  scenario(
    "every token and every credential is masked before anything else is said of it",
    async (scene) => {
      await scene.write("app.zip");
      const run = await scene.action({ inputs: "app.zip" });
      const masked = [...run.stdout.matchAll(/^::add-mask::(.*)$/gm)].map(([, value]) => value);
      const [request] = scene.sandbox.requests.list("issuer");
      assert.equal(masked.length, 2);
      assert.equal(`Bearer ${masked[0]}`, request?.headers.authorization);
      assert.ok(scene.sandbox.requests.list("fulcio")[0]?.body.includes(String(masked[1])));
    },
  );
});

describe("no identity", { concurrency: 4 }, () => {
  const fromFork = { head: { repo: { full_name: "mallory/widget" } } };
  const fromDeletedFork = { head: { repo: null } };
  const fromHere = { head: { repo: { full_name: "acme/widget" } } };
  const permissionHint =
    /permissions:\n {4}contents: read\n {4}id-token: write\n[\s\S]*reusable workflow[\s\S]*uses: \.\/\.github\/workflows\/release\.yml/;

  for (const [name, pull, says, hint] of [
    [
      "fork",
      fromFork,
      /^No identity token: this run comes from a fork's pull request/,
      /on:\n {4}push:\n {6}tags: \["v\*"\]/,
    ],
    ["fork that is gone", fromDeletedFork, /comes from a fork's pull request/, /on:\n {4}push:/],
    [
      "branch of the same repository",
      fromHere,
      /^No identity token: GitHub gave this job no permission/,
      permissionHint,
    ],
  ] as const) {
    scenario(`pull request from a ${name}`, async (scene) => {
      await scene.write("app.zip");
      const base = { repo: { full_name: "acme/widget" } };
      const event = JSON.stringify({ action: "opened", pull_request: { ...pull, base } });
      const env = { ...noEndpoint, GITHUB_EVENT_PATH: await scene.give("event.json", event) };
      await scene.assertRefused(await scene.sign(["app.zip"], { env }), {
        exit: 1,
        code: "IDENTITY_UNAVAILABLE",
        says,
        hint,
      });
      assert.deepEqual(scene.asked(), {});
    });
  }

  scenario("Dependabot", async (scene) => {
    await scene.write("app.zip");
    const env = { ...noEndpoint, GITHUB_ACTOR: "dependabot[bot]" };
    await scene.assertRefused(await scene.sign(["app.zip"], { env }), {
      exit: 1,
      code: "IDENTITY_UNAVAILABLE",
      says: /^No identity token: this run was started by Dependabot/,
      hint: /if: github\.actor != 'dependabot\[bot\]'/,
    });
    assert.deepEqual(scene.asked(), {});
  });

  for (const [name, event] of [
    ["no event file", undefined],
    ["an event file that is no JSON", "hello"],
    ["an event of another kind", '{"ref":"refs/heads/main"}'],
  ] as const) {
    scenario(`missing permission, with ${name}`, async (scene) => {
      await scene.write("app.zip");
      const path = event === undefined ? undefined : await scene.give("event.json", event);
      const env = { ...noEndpoint, GITHUB_EVENT_PATH: path };
      await scene.assertActionRefused(await scene.action({ inputs: "app.zip" }, { env }), {
        exit: 1,
        says: /^No identity token: GitHub gave this job no permission to ask for one\./,
        hint: permissionHint,
      });
      assert.deepEqual(scene.asked(), {});
    });
  }

  scenario(
    "GitLab, with the audience that was asked for in the YAML",
    async (scene) => {
      await scene.write("app.zip");
      const env = { SIGSTORE_ID_TOKEN: undefined };
      await scene.assertRefused(await scene.sign(["app.zip", "--audience=our-sigstore"], { env }), {
        exit: 1,
        code: "IDENTITY_UNAVAILABLE",
        says: /No identity token: this job declares none\./,
        hint: /id_tokens:\n {4}SIGSTORE_ID_TOKEN:\n {6}aud: our-sigstore/,
      });
      assert.deepEqual(scene.asked(), {});
    },
    { runner: "gitlab" },
  );

  scenario(
    "anywhere else",
    async (scene) => {
      await scene.write("app.zip");
      await scene.assertRefused(await scene.sign(["app.zip"]), {
        exit: 1,
        code: "IDENTITY_UNAVAILABLE",
        says: /No identity token: this environment offers none\./,
        hint: /SIGSTORE_ID_TOKEN or by --identity-token-file.*sigstep demo/,
      });
      assert.deepEqual(scene.asked(), {});
    },
    { runner: "none" },
  );
});

describe("GitHub's endpoint", { concurrency: 4 }, () => {
  for (const status of [401, 403, 404]) {
    scenario(`answers ${status}: not asked again`, async (scene) => {
      await scene.write("app.zip");
      scene.fault("issuer", { kind: "status", status, body: '{"message":"Forbidden"}' });
      await scene.assertRefused(await scene.sign(["app.zip"]), {
        exit: 1,
        code: "IDENTITY_UNAVAILABLE",
        says: new RegExp(
          `^GitHub's identity service refused a token: status ${status}, "Forbidden"\\.`,
        ),
        hint: /id-token: write/,
      });
      assert.deepEqual(scene.asked(), { token: 1 });
    });
  }

  scenario("answers 503 and then well: the run goes on", async (scene) => {
    await scene.write("app.zip");
    scene.fault("issuer", { kind: "status", status: 503 }, { times: 2 });
    await scene.assertSigned(await scene.sign(["app.zip"]), ["app.zip"]);
    assert.equal(scene.asked().token, 3);
  });

  scenario("stays down: says who, how often, how long", async (scene) => {
    await scene.write("app.zip");
    scene.fault("issuer", { kind: "status", status: 503 });
    await scene.assertRefused(await scene.sign(["app.zip", "--retry-budget=1"]), {
      exit: 1,
      code: "SERVICE_UNAVAILABLE",
      says: /^GitHub's identity service \(localhost:\d+\) gave no answer in \d(\.\d)? s \(\d tries, last 503\)/,
      hint: /run again/,
    });
  });

  scenario("answers with a token that is empty", async (scene) => {
    await scene.write("app.zip");
    scene.corrupt("issuer", "empty");
    await scene.assertRefused(await scene.sign(["app.zip"]), {
      exit: 1,
      code: "IDENTITY_UNAVAILABLE",
      says: /answered without a token/,
      hint: /Run the job again/,
    });
  });

  scenario("answers with something that is not JSON", async (scene) => {
    await scene.write("app.zip");
    scene.corrupt("issuer", "not-json");
    await scene.assertRefused(await scene.sign(["app.zip"]), {
      exit: 1,
      code: "SERVICE_ANSWER_INVALID",
      says: /^The answer of GitHub's identity service is not JSON\./,
      hint: /Run the job again/,
    });
  });

  for (const [url, code, says] of [
    ["nonsense", "IDENTITY_UNAVAILABLE", /ACTIONS_ID_TOKEN_REQUEST_URL is not a URL: "nonsense"/],
    [
      "http://actions.example/token",
      "INSECURE_URL",
      /actions\.example would be asked over http, not https/,
    ],
  ] as const) {
    scenario(`is ${url}: the credential is not sent`, async (scene) => {
      await scene.write("app.zip");
      const env = { ACTIONS_ID_TOKEN_REQUEST_URL: url };
      await scene.assertRefused(await scene.sign(["app.zip"], { env }), {
        exit: 1,
        code,
        says,
        hint: /do not change it|https/,
      });
      assert.deepEqual(scene.asked(), {});
    });
  }

  scenario("redirects: the credential does not follow", async (scene) => {
    await scene.write("app.zip");
    const headers = { location: `${scene.sandbox.urls.fulcio}/elsewhere` };
    scene.fault("issuer", { kind: "status", status: 302, headers });
    await scene.assertRefused(await scene.sign(["app.zip"]), {
      exit: 1,
      code: "IDENTITY_UNAVAILABLE",
      says: /refused a token: status 302/,
      hint: /./,
    });
    assert.deepEqual(scene.asked(), { token: 1 });
  });
});

describe("tokens of no use", { concurrency: 4 }, () => {
  scenario("for another audience: refused here, Fulcio is not asked", async (scene) => {
    await scene.write("app.zip");
    scene.corrupt("issuer", "wrong-audience");
    await scene.assertRefused(await scene.sign(["app.zip"]), {
      exit: 1,
      code: "IDENTITY_INVALID",
      says: /^The identity token is for audience "somebody-else", not "sigstore"\./,
      hint: /id_tokens:\n {4}SIGSTORE_ID_TOKEN:\n {6}aud: sigstore/,
    });
    assert.deepEqual(scene.asked(), { token: 1 });
  });

  scenario("expired: refused here, Fulcio is not asked", async (scene) => {
    await scene.write("app.zip");
    scene.corrupt("issuer", "expired");
    await scene.assertRefused(await scene.sign(["app.zip"]), {
      exit: 1,
      code: "IDENTITY_EXPIRED",
      says: /^The identity token expired \d{4}-\d\d-\d\dT[\d:.]+Z\./,
      hint: /fresh token.*clock/,
    });
    assert.deepEqual(scene.asked(), { token: 1 });
  });

  scenario("of an issuer that Fulcio does not know: its configuration tells", async (scene) => {
    await scene.assertRefused(await signWithToken(scene, { iss: "https://gitlab.acme.example" }), {
      exit: 1,
      code: "IDENTITY_REFUSED",
      says: /^Fulcio \(127\.0\.0\.1:\d+\) refused the identity token of issuer "https:\/\/gitlab\.acme\.example": status 400, "There was an error processing/,
      hint: /does not know the issuer\. It knows "http:\/\/localhost:\d+", .*set signing-config and trusted-root/,
    });
    assert.deepEqual(scene.asked(), { certificate: 1, configuration: 1 });
  });

  scenario(
    "of an unknown issuer, where Fulcio keeps its configuration to itself",
    async (scene) => {
      scene.fault(
        "fulcio",
        { kind: "status", status: 404 },
        { match: ({ method }) => method === "GET" },
      );
      await scene.assertRefused(
        await signWithToken(scene, { iss: "https://gitlab.acme.example" }),
        {
          exit: 1,
          code: "IDENTITY_REFUSED",
          says: /refused the identity token of issuer "https:\/\/gitlab\.acme\.example"/,
          hint: /list of issuers could not be read/,
        },
      );
    },
  );

  scenario("without a claim that Fulcio needs: the issuer at least is known", async (scene) => {
    await scene.write("app.zip");
    scene.corrupt("issuer", "missing-claim");
    await scene.assertRefused(await scene.sign(["app.zip"]), {
      exit: 1,
      code: "IDENTITY_REFUSED",
      says: /^Fulcio \(127\.0\.0\.1:\d+\) refused the identity token of issuer "http:\/\/localhost:\d+": status 400/,
      hint: /issuer is known there, for audience "sigstore": the token may lack a claim/,
    });
    assert.deepEqual(scene.asked(), { token: 1, certificate: 1, configuration: 1 });
  });

  scenario("for an audience of one's own that Fulcio does not want", async (scene) => {
    await scene.write("app.zip");
    await scene.assertRefused(await scene.sign(["app.zip", "--audience=our-sigstore"]), {
      exit: 1,
      code: "IDENTITY_REFUSED",
      says: /refused the identity token/,
      hint: /This Fulcio wants audience "sigstore", the token is for "our-sigstore": set audience/,
    });
  });

  for (const claim of ["iss", "sub", "aud", "exp"]) {
    scenario(`without the claim ${claim}`, async (scene) => {
      await scene.assertRefused(await signWithToken(scene, { [claim]: undefined }), {
        exit: 1,
        code: "IDENTITY_INVALID",
        says: new RegExp(`^The field ${claim} of identity token is missing\\.`),
        hint: /needs this claim\. Pass an OIDC identity token/,
      });
      assert.deepEqual(scene.asked(), {});
    });
  }

  scenario("of an e-mail address that is not verified", async (scene) => {
    await scene.assertRefused(await signWithToken(scene, { email_verified: false }, "email"), {
      exit: 1,
      code: "IDENTITY_INVALID",
      says: /e-mail address in the identity token is not verified/,
      hint: /Verify it/,
    });
    assert.deepEqual(scene.asked(), {});
  });

  for (const [name, token, says] of [
    ["one word", "hunter2-hunter2", /^The identity token is not a JWT\./],
    ["dots and no base64", "a.hunter2 hunter2.c", /payload is not base64url/],
    [
      "dots and no JSON",
      `a.${base64url("hunter2 hunter2")}.c`,
      /^The identity token is not JSON\./,
    ],
    [
      "JSON and no object",
      `a.${base64url('"hunter2 hunter2"')}.c`,
      /identity token is not an object/,
    ],
    ["too long", `a.${"hunter2".repeat(12_000)}.c`, /^The identity token is not a JWT\./],
  ] as const) {
    scenario(`that is none: ${name}`, async (scene) => {
      scene.addSecret("token that is none", token);
      await scene.write("app.zip");
      const env = { ...noEndpoint, SIGSTORE_ID_TOKEN: token };
      const run = await scene.sign(["app.zip"], { env });
      await scene.assertRefused(run, {
        exit: 1,
        code: "IDENTITY_INVALID",
        says,
        hint: /Pass (the token itself, as issued: three parts with dots|an OIDC identity token)/,
      });
      assert.doesNotMatch(run.log, /hunter2/);
      assert.deepEqual(scene.asked(), {});
    });
  }

  scenario("in a file that is not there", async (scene) => {
    await scene.write("app.zip");
    await scene.assertRefused(await scene.sign(["app.zip", "--identity-token-file=token.jwt"]), {
      exit: 2,
      code: "INPUT_UNREADABLE",
      says: /^Input identity-token-file: "token\.jwt" cannot be read \(ENOENT\)\./,
      hint: /Check the path/,
    });
  });

  scenario("in a file that is empty", async (scene) => {
    await scene.write("app.zip");
    const file = await scene.give("token", " \r\n");
    await scene.assertRefused(await scene.sign(["app.zip", "--identity-token-file", file]), {
      exit: 1,
      code: "IDENTITY_UNAVAILABLE",
      says: /^The token file ".*\/token" is empty\./,
      hint: /Write the token into it/,
    });
    assert.deepEqual(scene.asked(), {});
  });

  scenario("in two places", async (scene) => {
    await scene.write("app.zip");
    const file = await scene.give("token", await scene.token());
    const env = { SIGSTEP_IDENTITY_TOKEN: await scene.token() };
    await scene.assertRefused(
      await scene.sign(["app.zip", "--identity-token-file", file], { env }),
      {
        exit: 2,
        code: "INPUT_CONFLICT",
        says: /^Inputs identity-token and identity-token-file are both given\./,
        hint: /one of them/,
      },
    );
  });
});

function base64url(text: string): string {
  return Buffer.from(text).toString("base64url");
}
