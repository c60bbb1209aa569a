// Whom to ask: every rule of choosing by itself, and the real files of both instances.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { suite, test } from "node:test";
import fc from "fast-check";
import { publicGood } from "../../src/sigstore/public-good/embedded.ts";
import {
  parseSigningConfig,
  type SelectedServices,
  selectServices,
  type Service,
} from "../../src/sigstore/signing-config.ts";
import { isContained, refusal, refuses, runs } from "../refusal.ts";

const code = "SIGNING_CONFIG_INVALID";
const mediaType = "application/vnd.dev.sigstore.signingconfig.v0.2+json";
const now = new Date("2026-11-20T12:00:00Z");

/** A service in force; parts that are given replace the right ones, undefined leaves them out. */
function service(url: string, more: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    url: `https://${url}`,
    majorApiVersion: 1,
    validFor: { start: "2025-01-01T00:00:00Z" },
    operator: "one.example",
    ...more,
  };
}

const from = (start: string, end?: string): Record<string, unknown> => ({
  validFor: end === undefined ? { start } : { start, end },
});

const right = {
  mediaType,
  caUrls: [service("ca")],
  oidcUrls: [service("oidc")],
  rekorTlogUrls: [service("log")],
  rekorTlogConfig: { selector: "ANY" },
  tsaUrls: [service("tsa/api/v1/timestamp")],
  tsaConfig: { selector: "ANY" },
};

function choose(changes: Record<string, unknown> = {}, at = now): SelectedServices {
  const bytes = Buffer.from(JSON.stringify({ ...right, ...changes }));
  return selectServices(parseSigningConfig(bytes, "config.json"), at);
}

function hosts(services: readonly Service[]): string[] {
  return services.map(({ url }) => url.host);
}

function logsOf(services: readonly unknown[], selector: unknown = { selector: "ALL" }): string[] {
  return hosts(choose({ rekorTlogUrls: services, rekorTlogConfig: selector }).logs);
}

suite("reading", () => {
  test("takes v0.2 and gives all its services", () => {
    const { ca, logs, tsas } = choose();
    assert.equal(ca.url.href, "https://ca/");
    assert.deepEqual(hosts(logs), ["log"]);
    assert.deepEqual(
      tsas.map(({ url }) => url.href),
      ["https://tsa/api/v1/timestamp"],
    );
    assert.equal(ca.operator, "one.example");
  });

  test("says when the file is newer than this program", () => {
    const newer = ["v0.3", "v1.0", "v0.10"];
    for (const version of newer) {
      const type = mediaType.replace("v0.2", version);
      assert.match(refusal(code, () => choose({ mediaType: type })).hint, /newer/);
    }
    const older = refusal(code, () => choose({ mediaType: mediaType.replace("v0.2", "v0.1") }));
    assert.doesNotMatch(older.hint, /newer/);
  });

  const one = (more: Record<string, unknown>): Record<string, unknown> => ({
    caUrls: [service("ca", more)],
  });
  const wrong: Readonly<Record<string, Record<string, unknown>>> = {
    "no media type": { mediaType: undefined },
    "a trusted root's media type": {
      mediaType: "application/vnd.dev.sigstore.trustedroot.v0.2+json",
    },
    "a list that is none": { caUrls: {} },
    "a list of strings": { caUrls: ["https://ca"] },
    "65 services": { caUrls: Array(65).fill(service("ca")) },
    "a service without URL": one({ url: undefined }),
    "a URL without scheme": one({ url: "ca.example" }),
    "a URL of another scheme": one({ url: "file:///etc/passwd" }),
    "a URL with a password": one({ url: "https://user:geheim@ca" }),
    "a URL with a user": one({ url: "https://user@ca" }),
    "a version that is text": one({ majorApiVersion: "1" }),
    "a version with a fraction": one({ majorApiVersion: 1.5 }),
    "no validity": one({ validFor: undefined }),
    "no start": one({ validFor: { end: "2030-01-01T00:00:00Z" } }),
    "a start that is no time": one({ validFor: { start: "yesterday" } }),
    "an end before the start": one(from("2026-01-01T00:00:00Z", "2025-12-31T23:59:59Z")),
    "an operator that is no text": one({ operator: 7 }),
    "an unknown selector": { rekorTlogConfig: { selector: "SOME" } },
    "an unknown selector with a count": { rekorTlogConfig: { selector: "SOME", count: 1 } },
    "an undefined selector": { rekorTlogConfig: { selector: "SERVICE_SELECTOR_UNDEFINED" } },
    "a selector in lower case": { rekorTlogConfig: { selector: "any" } },
    "a selector that is empty": { tsaConfig: {} },
    "EXACT without count": { tsaConfig: { selector: "EXACT" } },
    "EXACT 0": { tsaConfig: { selector: "EXACT", count: 0 } },
    "EXACT -1": { tsaConfig: { selector: "EXACT", count: -1 } },
    "EXACT of text": { tsaConfig: { selector: "EXACT", count: "1" } },
  };
  for (const [name, changes] of Object.entries(wrong)) {
    test(`refuses ${name}`, () => {
      const error = refusal(code, () => choose(changes));
      assert.doesNotMatch(error.message, /geheim/);
    });
  }

  test("refuses what is no JSON, too large or not there", () => {
    for (const bytes of ["", "x", "[]", '{"mediaType":1}', " ".repeat(256 * 1024 + 1)]) {
      refuses(code, () => parseSigningConfig(Buffer.from(bytes), "f"));
    }
  });

  test("passes over what it does not use", () => {
    choose({ oidcUrls: undefined, extra: { anything: true } });
    choose({ caUrls: [service("ca", { extra: 1, operator: undefined })] });
  });
});

suite("in force", () => {
  const times: readonly (readonly [string, string | undefined, boolean])[] = [
    ["2026-11-20T12:00:00Z", undefined, true],
    ["2026-11-20T12:00:00.001Z", undefined, false],
    ["2025-01-01T00:00:00Z", "2026-11-20T12:00:00Z", true],
    ["2025-01-01T00:00:00Z", "2026-11-20T11:59:59.999Z", false],
    ["2026-11-20T12:00:00Z", "2026-11-20T12:00:00Z", true],
    ["2030-01-01T00:00:00Z", "2031-01-01T00:00:00Z", false],
    ["2020-01-01T00:00:00Z", "2021-01-01T00:00:00Z", false],
  ];
  for (const [start, end, inForce] of times) {
    test(`from ${start} to ${end ?? "ever"}: ${inForce ? "yes" : "no"}`, () => {
      for (const list of ["caUrls", "rekorTlogUrls", "tsaUrls"]) {
        const changes = { [list]: [service("x", from(start, end))] };
        if (inForce) choose(changes);
        else assert.notEqual(refusal(code, () => choose(changes)).hint, "");
      }
    });
  }

  test("says when the last one ended", () => {
    const ended = from("2020-01-01T00:00:00Z", "2021-01-01T00:00:00Z");
    const error = refusal(code, () => choose({ caUrls: [service("ca", ended)] }));
    assert.match(error.message, /2021-01-01/);
    assert.equal(error.where, "config.json");
  });

  test("decides before the version does: a newer log of the future is not used", () => {
    const future = { majorApiVersion: 2, ...from("2027-01-01T00:00:00Z") };
    assert.deepEqual(logsOf([service("next", future), service("now")]), ["now"]);
    const past = {
      majorApiVersion: 2,
      ...from("2025-01-01T00:00:00Z", "2026-01-01T00:00:00Z"),
    };
    assert.deepEqual(logsOf([service("frozen", past), service("now")]), ["now"]);
  });
});

suite("versions", () => {
  test("the highest that we speak is used, and it alone", () => {
    const [v1, v2] = [service("v1"), service("v2", { majorApiVersion: 2 })];
    const v3 = service("v3", { majorApiVersion: 3 });
    assert.deepEqual(logsOf([v1, v2]), ["v2"]);
    assert.deepEqual(logsOf([v2, v1]), ["v2"]);
    assert.deepEqual(logsOf([v3, v2, v1]), ["v2"]);
    assert.deepEqual(logsOf([v3, v1]), ["v1"]);
    refuses(code, () => logsOf([v3]));
  });

  test("0 is not released, whether it is written or left out", () => {
    for (const majorApiVersion of [0, undefined, null]) {
      const unreleased = service("soon", { majorApiVersion });
      assert.deepEqual(logsOf([unreleased, service("now")]), ["now"]);
      refuses(code, () => logsOf([unreleased]));
      refuses(code, () => choose({ caUrls: [unreleased] }));
      refuses(code, () => choose({ tsaUrls: [unreleased] }));
    }
  });

  test("of a certificate authority and a timestamp authority are 1", () => {
    for (const list of ["caUrls", "tsaUrls"]) {
      refuses(code, () => choose({ [list]: [service("x", { majorApiVersion: 2 })] }));
      refuses(code, () => choose({ [list]: [service("x", { majorApiVersion: -1 })] }));
    }
  });

  test("are decided before counting, even when counting then fails", () => {
    const services = [
      service("a", { majorApiVersion: 2 }),
      service("b", { operator: "two.example" }),
      service("c", { operator: "three.example" }),
    ];
    assert.deepEqual(logsOf(services), ["a"]);
    refuses(code, () => logsOf(services, { selector: "EXACT", count: 2 }));
  });
});

suite("the certificate authority", () => {
  test("is the one with the newest start", () => {
    const old = service("old", from("2024-01-01T00:00:00Z"));
    const fresh = service("fresh", { ...from("2026-01-01T00:00:00Z"), operator: "two" });
    assert.equal(choose({ caUrls: [old, fresh] }).ca.url.host, "fresh");
    assert.equal(choose({ caUrls: [fresh, old] }).ca.url.host, "fresh");
  });

  test("is the first of several that started together", () => {
    const all = [service("a"), service("b"), service("c")];
    assert.equal(choose({ caUrls: all }).ca.url.host, "a");
    assert.equal(choose({ caUrls: all.toReversed() }).ca.url.host, "c");
  });

  test("must be there", () => {
    for (const caUrls of [undefined, null, []]) {
      assert.notEqual(refusal(code, () => choose({ caUrls })).hint, "");
    }
  });
});

suite("operators", () => {
  const a1 = service("a1", { operator: "a", ...from("2025-01-01T00:00:00Z") });
  const a2 = service("a2", { operator: "a", ...from("2026-01-01T00:00:00Z") });
  const b = service("b", { operator: "b", ...from("2025-06-01T00:00:00Z") });
  const c = service("c", { operator: "c", ...from("2024-01-01T00:00:00Z") });

  for (const [lists, selectors] of [
    [["rekorTlogUrls", "logs"], "rekorTlogConfig"],
    [["tsaUrls", "tsas"], "tsaConfig"],
  ] as const) {
    const [list, chosen] = lists;
    const pick = (services: readonly unknown[], selector: unknown): string[] =>
      hosts(choose({ [list]: services, [selectors]: selector })[chosen]);

    test(`of ${list}: ALL takes one of each, its newest`, () => {
      assert.deepEqual(pick([a1, a2, b, c], { selector: "ALL" }), ["a2", "b", "c"]);
      assert.deepEqual(pick([c, b, a1, a2], { selector: "ALL" }), ["a2", "b", "c"]);
      assert.deepEqual(pick([a1], { selector: "ALL" }), ["a1"]);
    });

    test(`of ${list}: ANY takes one`, () => {
      assert.deepEqual(pick([a1, a2, b, c], { selector: "ANY" }), ["a2"]);
      assert.deepEqual(pick([c, b], { selector: "ANY" }), ["b"]);
    });

    test(`of ${list}: EXACT takes as many, of different operators, or fails`, () => {
      const exactly = (count: number): string[] =>
        pick([a1, a2, b, c], { selector: "EXACT", count });
      assert.deepEqual(exactly(1), ["a2"]);
      assert.deepEqual(exactly(2), ["a2", "b"]);
      assert.deepEqual(exactly(3), ["a2", "b", "c"]);
      assert.notEqual(refusal(code, () => exactly(4)).hint, "");
      refuses(code, () => pick([a1, a2], { selector: "EXACT", count: 2 }));
      refuses(code, () => pick([a1], { selector: "EXACT", count: Number.MAX_SAFE_INTEGER }));
    });

    test(`of ${list}: two that are not named are one`, () => {
      const nameless = [
        service("x", { operator: undefined }),
        service("y", { operator: undefined }),
      ];
      assert.deepEqual(pick(nameless, { selector: "ALL" }), ["x"]);
    });

    test(`${list} without ${selectors} says not how many`, () => {
      for (const selector of [undefined, null]) refuses(code, () => pick([a1], selector));
    });
  }
});

suite("an instance without", () => {
  test("log is used without one", () => {
    for (const rekorTlogUrls of [undefined, null, []]) {
      const { logs, tsas } = choose({ rekorTlogUrls, rekorTlogConfig: undefined });
      assert.deepEqual([logs.length, tsas.length], [0, 1]);
      // A selector of nothing is no question.
      choose({ rekorTlogUrls });
    }
  });

  test("timestamp authority is used when its log tells the time, which Rekor v1 does alone", () => {
    for (const tsaUrls of [undefined, null, []]) {
      assert.equal(choose({ tsaUrls, tsaConfig: undefined }).tsas.length, 0);
      refuses(code, () =>
        choose({ tsaUrls, rekorTlogUrls: [service("log", { majorApiVersion: 2 })] }),
      );
      refuses(code, () => choose({ tsaUrls, rekorTlogUrls: [] }));
    }
  });

  test("one in force is not one without", () => {
    const over = from("2020-01-01T00:00:00Z", "2021-01-01T00:00:00Z");
    refuses(code, () => choose({ rekorTlogUrls: [service("log", over)] }));
    refuses(code, () => choose({ tsaUrls: [service("tsa", over)] }));
  });
});

suite("the real files", () => {
  test("of the public-good instance choose Rekor v1, or v2 when that is asked for", () => {
    const one = selectServices(parseSigningConfig(publicGood.signingConfig[1], "v1"), now);
    assert.deepEqual(
      [one.ca, ...one.logs, ...one.tsas].map(({ url, version }) => `${url.href} ${version}`),
      [
        "https://fulcio.sigstore.dev/ 1",
        "https://rekor.sigstore.dev/ 1",
        "https://timestamp.sigstore.dev/api/v1/timestamp 1",
      ],
    );
    const two = selectServices(parseSigningConfig(publicGood.signingConfig[2], "v2"), now);
    assert.deepEqual(
      two.logs.map(({ url, version }) => `${url.href} ${version}`),
      ["https://log2025-1.rekor.sigstore.dev/ 2"],
    );
    assert.equal(two.tsas.length, 1);
  });

  test("of staging choose the log of the day", () => {
    const file = new URL("../vectors/staging/signing_config.v0.2.json", import.meta.url);
    const config = parseSigningConfig(readFileSync(file), "staging");
    const logAt = (time: string): string[] => hosts(selectServices(config, new Date(time)).logs);
    assert.deepEqual(logAt("2025-06-01T00:00:00Z"), ["log2025-alpha1.rekor.sigstage.dev"]);
    assert.deepEqual(logAt("2025-09-01T00:00:00Z"), ["log2025-alpha2.rekor.sigstage.dev"]);
    assert.deepEqual(logAt("2026-11-20T00:00:00Z"), ["log2025-alpha3.rekor.sigstage.dev"]);
    // Both in force at that second: the newer one.
    assert.deepEqual(logAt("2025-09-22T11:00:00Z"), ["log2025-alpha3.rekor.sigstage.dev"]);
    assert.deepEqual(logAt("2025-04-20T00:00:00Z"), ["rekor.sigstage.dev"]);
    refuses(code, () => logAt("2025-04-01T00:00:00Z"));
  });
});

test("any JSON gives a choice or our error, and a choice has what was asked for", () => {
  const time = fc.constantFrom(
    "2020-01-01T00:00:00Z",
    "2026-01-01T00:00:00Z",
    "2027-01-01T00:00:00Z",
    "x",
  );
  const services = fc.array(
    fc.record(
      {
        url: fc.constantFrom("https://a", "http://b/c", "x", ""),
        majorApiVersion: fc.constantFrom(0, 1, 2, 3),
        validFor: fc.record({ start: time, end: time }, { requiredKeys: ["start"] }),
        operator: fc.constantFrom("a", "b", ""),
      },
      { requiredKeys: ["url", "validFor"] },
    ),
    { maxLength: 4 },
  );
  const selector = fc.record(
    { selector: fc.constantFrom("ANY", "ALL", "EXACT"), count: fc.integer({ min: -1, max: 3 }) },
    { requiredKeys: ["selector"] },
  );
  const configs = fc.record(
    {
      caUrls: services,
      rekorTlogUrls: services,
      rekorTlogConfig: selector,
      tsaUrls: services,
      tsaConfig: selector,
    },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(fc.oneof(configs, fc.dictionary(fc.string(), fc.jsonValue())), (config) =>
      isContained(() => {
        const { logs, tsas } = choose({ caUrls: right.caUrls, ...config });
        assert.ok(new Set(logs.map(({ version }) => version)).size <= 1);
        assert.equal(new Set(logs.map(({ operator }) => operator)).size, logs.length);
        assert.equal(new Set(tsas.map(({ operator }) => operator)).size, tsas.length);
        assert.ok(tsas.length > 0 || logs[0]?.version === 1);
      }),
    ),
    { numRuns: runs },
  );
});
