// The job's summary page: whatever stands in a name or a message, it is text in a cell.
import assert from "node:assert/strict";
import { suite, test } from "node:test";
import fc from "fast-check";
import { renderSummary } from "../../src/commands/summary.ts";
import type { SignResults } from "../../src/commands/results.ts";
import { runs } from "../refusal.ts";
import { failed, hostile, resultsOf, sha256, signed } from "./made-results.ts";

function render(results: SignResults, redact = (text: string): string => text): string {
  return renderSummary({ title: "Signed 1 file", results, instance: "the instance", redact });
}

/** Rows of the table without head and rule. */
function rowsOf(page: string): string[] {
  return page.split("\n").filter((line) => line.startsWith("| ") && !/^\| (---|File)/.test(line));
}

/** What a reader of HTML makes of a cell: its text. */
function textOf(cell: string): string {
  return cell
    .replace(/<\/?code>/g, "")
    .replace(/&#(\d+);/g, (_, code: string) => String.fromCharCode(Number(code)))
    .replace(/&lt;/g, "<")
    .replace(/&gt;/g, ">")
    .replace(/&amp;/g, "&");
}

test("is a heading, the identity and a table", () => {
  const page = render(resultsOf(signed("dist/app.tar.gz")));
  assert.match(page, /^### Signed 1 file\n\nSigned as <code>https.*<\/code>, issuer <code>/);
  const [row = ""] = rowsOf(page);
  const cells = row.split(" | ").map((cell) => textOf(cell.replace(/^\| | \|$/g, "")));
  assert.deepEqual(cells, [
    "app.tar.gz",
    sha256,
    "[123456789](https://rekor.example/entry?logIndex=123456789)",
    "dist/app.tar.gz.sigstore.json",
  ]);
});

test("says which bundles were there already, and what failed and what to do", () => {
  const page = render(
    resultsOf(signed("a", { kind: "kept" }), failed("b", "Why.", { hint: "Do." })),
  );
  const [lost = "", kept = ""] = rowsOf(page);
  assert.match(kept, /was there already/);
  assert.match(lost, /<code>b<\/code> \| {2}\| {2}\| Not signed&#58; Why&#46; Do&#46; \|/);
});

test("is one table, failures first, with what is public of them", () => {
  const url = "https://rekor.example/5";
  const lost = {
    ...failed("b", "Why."),
    published: [
      { kind: "log-entry", what: "b", index: "5", url },
      { kind: "maybe-log-entry", what: "b", url },
    ],
  } as const;
  const page = render(resultsOf(signed("a"), lost, signed("c")));
  assert.equal(page.split("\n| --- |").length, 2);
  assert.deepEqual(
    rowsOf(page).map((row) => /<code>(\w)/.exec(row)?.[1]),
    ["b", "a", "c"],
  );
  assert.match(rowsOf(page)[0] ?? "", / \| \[5\]\(https:\/\/rekor\.example\/5\) \| /);
});

test("without certificate and bundle names no identity", () => {
  const page = render({ files: [failed("a")], certificates: [], seconds: 1 });
  assert.doesNotMatch(page, /Signed as/);
});

suite("escapes", () => {
  for (const [what, text] of Object.entries(hostile)) {
    test(what, () => {
      const page = render(
        resultsOf(
          signed("x", {
            file: { path: text, name: text, size: 1, bundlePath: `${text}.sigstore.json` },
            certificate: { identity: text, issuer: text },
            entries: [{ logIndex: text, url: text }],
          }),
          failed("y", text, { hint: text }),
        ),
      );
      // Elements of our own and nothing else, no character that a reader could take for markup.
      const rest = page
        .replace(/<\/?code>|\[123456789\]\(https:[^)]*\)/g, "")
        .replace(/&(?:lt|gt|amp|#\d+);/g, "");
      assert.doesNotMatch(rest, /[<>&`*_[\]()\\~@$]/);
      assert.doesNotMatch(rest.replaceAll("\n", ""), /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u);
      assert.doesNotMatch(rest, /https?:|www\./);
      for (const row of rowsOf(page)) assert.equal(row.split("|").length - 1, 5, row);
    });
  }

  test("any text, so that it is read as it was", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        const [row = ""] = rowsOf(render(resultsOf(failed("x", text, { hint: "" }))));
        const shown = textOf(row.split(" | ").at(-1) ?? "").replace(/^Not signed:| *\|$/g, "");
        assert.equal(shown.trim(), text.replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]+/gu, " ").trim());
      }),
      { numRuns: runs },
    );
  });

  const links: readonly (readonly [string, boolean])[] = [
    ["https://search.sigstore.dev/?logIndex=1", true],
    ["http://127.0.0.1:3000/api/v1/log/entries?logIndex=1", true],
    ["javascript:alert(1)", false],
    ["https://a.example/)[x](https://evil.example", false],
    ["https://a.example/ onclick=x", false],
    ["https://user@a.example/", false],
    ['https://a.example/"x', false],
    ["https://a.example/<x>", false],
    ["//a.example", false],
    ["", false],
  ];
  for (const [url, isLink] of links) {
    test(`${url} ${isLink ? "is" : "is no"} link`, () => {
      const page = render(resultsOf(signed("a", { entries: [{ logIndex: "1", url }] })));
      assert.equal(page.includes(`](${url})`), isLink);
    });
  }
});

test("holds no secret, although escaping would hide it from a search", () => {
  const secret = "geheim_4711-x.y";
  const redact = (text: string): string => text.replaceAll(secret, "***");
  const url = `https://rekor.example/${secret}`;
  const page = render(
    resultsOf(
      signed(secret, { entries: [{ logIndex: secret, url }] }),
      failed("a", `The token ${secret} is wrong.`, { hint: secret }),
    ),
    redact,
  );
  assert.ok(!page.includes(secret) && !textOf(page).includes(secret));
});

suite("size", () => {
  const many = (count: number, name: (i: number) => string): SignResults =>
    resultsOf(...Array.from({ length: count }, (_, i) => signed(name(i))));

  test("up to 20 rows stand open, more are folded", () => {
    assert.doesNotMatch(render(many(20, String)), /<details>/);
    assert.match(render(many(21, String)), /<details>\n<summary>21 files<\/summary>\n\n\|/);
  });

  test("500 rows are shown, and how many more there are", () => {
    const page = render(many(1234, String));
    assert.equal(rowsOf(page).length, 500);
    assert.match(page, /and 734 more/);
    assert.equal(rowsOf(render(many(500, String))).length, 500);
  });

  test("stays below the 1 MiB that GitHub takes, however long the names", () => {
    const page = render(
      resultsOf(
        ...Array.from({ length: 500 }, (_, i) => signed(`${"|".repeat(4000)}${i}`)),
        ...Array.from({ length: 500 }, (_, i) => failed(`${i}`, "$".repeat(10_000))),
      ),
    );
    assert.ok(Buffer.byteLength(page) < 1 << 20, `${Buffer.byteLength(page)} bytes`);
    assert.ok(rowsOf(page).length > 5);
    assert.match(page, /and \d+ more/);
  });
});
