// The token that an environment offers: from where, hidden before anyone sees it, and why there is none.
import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { suite, test, type TestContext } from "node:test";
import { GenericRunner } from "../../src/runner/generic.ts";
import { GitHubRunner } from "../../src/runner/github.ts";
import { GitLabRunner } from "../../src/runner/gitlab.ts";
import type { Environment } from "../../src/runner/identity.ts";
import { Printer } from "../../src/runner/printer.ts";
import { rejection } from "../refusal.ts";
import { openDoor, serve, type Served } from "../services/servers.ts";

const runners = { GenericRunner, GitHubRunner, GitLabRunner };

interface Made {
  readonly runner: GenericRunner;
  readonly printed: () => string;
}

function make(kind: keyof typeof runners, environment: Environment): Made {
  let text = "";
  const printer = new Printer((more) => (text += more));
  return { runner: new runners[kind](environment, printer), printed: () => text };
}

/** An endpoint as GitHub's runner gives it, with its two variables. */
async function endpoint(t: TestContext): Promise<{ served: Served; environment: Environment }> {
  const served = await serve(t, (response) => response.end('{"count":1,"value":"the-token"}'));
  return {
    served,
    environment: {
      ACTIONS_ID_TOKEN_REQUEST_URL: `${served.url.href}token?api-version=2.0`,
      ACTIONS_ID_TOKEN_REQUEST_TOKEN: "the-bearer",
    },
  };
}

for (const kind of ["GenericRunner", "GitHubRunner", "GitLabRunner"] as const) {
  suite(kind, () => {
    test("asks GitHub's endpoint where there is one", async (t) => {
      const { served, environment } = await endpoint(t);
      const { runner } = make(kind, { ...environment, SIGSTORE_ID_TOKEN: "another" });
      assert.equal(await runner.identityToken("my audience&x", openDoor(t)), "the-token");
      const [request, ...more] = served.seen;
      assert.equal(more.length, 0);
      assert.equal(request?.method, "GET");
      assert.equal(request.headers.authorization, "Bearer the-bearer");
      const url = new URL(request.path, served.url);
      assert.equal(url.searchParams.get("api-version"), "2.0");
      assert.deepEqual(url.searchParams.getAll("audience"), ["my audience&x"]);
    });

    test("needs both variables for that", async (t) => {
      const { served, environment } = await endpoint(t);
      for (const missing of Object.keys(environment)) {
        const { runner } = make(kind, {
          ...environment,
          [missing]: "",
          SIGSTORE_ID_TOKEN: " own ",
        });
        assert.equal(await runner.identityToken("sigstore", openDoor(t)), "own");
      }
      assert.equal(served.seen.length, 0);
    });

    test("says why when there is none", async (t) => {
      for (const environment of [{}, { SIGSTORE_ID_TOKEN: "" }, { SIGSTORE_ID_TOKEN: " \n" }]) {
        const { runner } = make(kind, environment);
        const error = await rejection(
          "IDENTITY_UNAVAILABLE",
          runner.identityToken("my-audience", openDoor(t)),
        );
        assert.notEqual(error.hint, "");
        assert.equal(error.hint.includes("id-token: write"), kind === "GitHubRunner");
        assert.equal(error.hint.includes("id_tokens:"), kind === "GitLabRunner");
      }
    });

    test("prints no token from the moment it has it", async (t) => {
      const { environment } = await endpoint(t);
      const made = make(kind, environment);
      await made.runner.identityToken("sigstore", openDoor(t));
      const before = made.printed();
      made.runner.info("the-token the-bearer");
      made.runner.fail("the-token the-bearer");
      const after = made.printed().slice(before.length);
      assert.doesNotMatch(after, /the-token|the-bearer/);
      assert.equal(made.runner.redact("a the-token b"), "a *** b");
    });

    test("refuses an endpoint that is no URL", async (t) => {
      const { runner } = make(kind, {
        ACTIONS_ID_TOKEN_REQUEST_URL: "not a url\n::error::",
        ACTIONS_ID_TOKEN_REQUEST_TOKEN: "the-bearer",
      });
      const error = await rejection(
        "IDENTITY_UNAVAILABLE",
        runner.identityToken("sigstore", openDoor(t)),
      );
      assert.notEqual(error.hint, "");
      assert.doesNotMatch(error.message, /\n/);
    });
  });
}

suite("masks", () => {
  test("are told to GitHub's runner before the token is used, once each", async (t) => {
    const { environment } = await endpoint(t);
    const { runner, printed } = make("GitHubRunner", environment);
    const door = openDoor(t);
    await runner.identityToken("sigstore", door);
    await runner.identityToken("sigstore", door);
    assert.equal(printed(), "::add-mask::the-bearer\n::add-mask::the-token\n");
  });

  test("of a secret of several lines are one for each", () => {
    const { runner, printed } = make("GitHubRunner", {});
    runner.secret("first line\r\n\nsecond%line\n");
    assert.equal(printed(), "::add-mask::first line\n::add-mask::second%25line\n");
  });

  test("are no business of other runners", () => {
    for (const kind of ["GenericRunner", "GitLabRunner"] as const) {
      const { runner, printed } = make(kind, {});
      runner.secret("secret value");
      assert.equal(printed(), "");
      assert.equal(runner.redact("secret value"), "***");
    }
  });
});

suite("the cause on GitHub", () => {
  test("is read from the event, and guessed without it", async (t) => {
    const folder = await mkdtemp(join(tmpdir(), "sigstep-event-"));
    t.after(() => rm(folder, { recursive: true }));
    const path = join(folder, "event.json");
    const fork = { head: { repo: { full_name: "a/x" } }, base: { repo: { full_name: "b/x" } } };
    const ask = async (event: string, name: string): Promise<string> => {
      await writeFile(path, event);
      const { runner } = make("GitHubRunner", {
        GITHUB_EVENT_PATH: path,
        GITHUB_EVENT_NAME: name,
        GITHUB_ACTOR: "octocat",
      });
      const asked = runner.identityToken("sigstore", openDoor(t));
      return (await rejection("IDENTITY_UNAVAILABLE", asked)).message;
    };
    const event = JSON.stringify({ pull_request: fork });
    assert.match(await ask(event, "pull_request"), /fork/);
    assert.doesNotMatch(await ask(event, "pull_request_target"), /fork/);
    for (const broken of ["", "{", "null", "[]"]) {
      assert.doesNotMatch(await ask(broken, "pull_request"), /fork/);
    }
    const { runner } = make("GitHubRunner", { GITHUB_EVENT_PATH: join(folder, "gone") });
    await rejection("IDENTITY_UNAVAILABLE", runner.identityToken("sigstore", openDoor(t)));
  });
});

suite("inputs", () => {
  test("come from SIGSTEP_ variables", () => {
    for (const kind of ["GenericRunner", "GitHubRunner", "GitLabRunner"] as const) {
      const { runner } = make(kind, { SIGSTEP_BUNDLE_DIR: "out", "SIGSTEP_BUNDLE-DIR": "wrong" });
      assert.equal(runner.input("bundle-dir"), "out");
      assert.equal(runner.input("audience"), "");
    }
  });

  test("come from the action's own first, an empty one of which is none", () => {
    const { runner } = make("GitHubRunner", {
      "INPUT_BUNDLE-DIR": "from-input",
      SIGSTEP_BUNDLE_DIR: "from-environment",
      INPUT_AUDIENCE: "",
      SIGSTEP_AUDIENCE: "from-environment",
      INPUT_BUNDLE_DIR: "wrong",
    });
    assert.equal(runner.input("bundle-dir"), "from-input");
    assert.equal(runner.input("audience"), "from-environment");
    const other = make("GitLabRunner", { "INPUT_BUNDLE-DIR": "from-input" });
    assert.equal(other.runner.input("bundle-dir"), "");
  });
});

test("outputs and summaries go nowhere where no runner takes them", async () => {
  for (const kind of ["GenericRunner", "GitHubRunner", "GitLabRunner"] as const) {
    const { runner, printed } = make(kind, {});
    await runner.output("status", "signed");
    await runner.summary("text");
    assert.equal(printed(), "");
  }
});

test("an error is an annotation on GitHub and a line elsewhere", () => {
  const lines = "It failed.\nTry again.";
  const github = make("GitHubRunner", {});
  github.runner.fail(lines);
  assert.equal(github.printed(), "::error::It failed.%0ATry again.\n");
  const generic = make("GenericRunner", {});
  generic.runner.fail(lines);
  assert.equal(generic.printed(), "It failed.\nTry again.\n");
});
