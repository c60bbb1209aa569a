// What `attest` is asked wrongly: each refused with its own code before anybody is asked for anything, with
// one sentence that says where, and one that says what to do.
import assert from "node:assert/strict";
import { chmod, mkdir, readFile } from "node:fs/promises";
import { describe } from "node:test";
import type { ErrorCode } from "../../src/errors.ts";
import { scenario, type Run, type Scene } from "./harness.ts";
import { withoutPrivileges } from "./limits.ts";

const hex = (digit: string, length = 64): string => digit.repeat(length);
const type = ["--predicate-type", "https://example.com/scan/v1"];
const mib = 1024 * 1024;

/** Every file that a row may name; `app` is the artifact. */
const files: Readonly<Record<string, string>> = {
  app: "app\n",
  "one/tool": "one\n",
  "two/tool": "two\n",
  "text.json": "not JSON",
  "list.json": "[1, 2]",
  "null.json": "null",
  "twice.json": '{"a": 1,\n "a": 2}',
  "number.json": '{\n"id": 12345678901234567890}',
  "huge-number.json": '{"a": 1e999}',
  "mark.json": "\uFEFF{}",
  "neither.json": '{"name": "app"}',
  "both.json": JSON.stringify({
    ...{ spdxVersion: "SPDX-2.3", SPDXID: "SPDXRef-DOCUMENT", name: "app" },
    ...{ bomFormat: "CycloneDX", specVersion: "1.6" },
  }),
  "no-version.spdx.json": '{"SPDXID": "SPDXRef-DOCUMENT", "name": "app"}',
  "no-version.cdx.json": '{"bomFormat": "CycloneDX"}',
  "old.cdx.json": '{"bomFormat": "CycloneDX", "specVersion": "1.3"}',
  "bom.xml": '<?xml version="1.0"?>\n<bom xmlns="http://cyclonedx.org/schema/bom/1.6"/>',
  "bom.rdf": '<rdf:RDF xmlns:spdx="http://spdx.org/rdf/terms#"/>',
  "bom.spdx": "SPDXVersion: SPDX-2.3\nDataLicense: CC0-1.0\n",
  "vex.json": '{"@context": "https://openvex.dev/ns/v0.2.0"}',
  "bad-line.txt": `${hex("a")}  one\n${hex("b")}  two\nnot a checksum\n`,
  "no-line.txt": "# nothing\n\n",
  "md5.txt": `${hex("a", 32)}  one\n`,
  "control.txt": `\\${hex("a")}  one\\ntwo\n`,
  "clash.txt": `${hex("a")}  one\n${hex("b")}  one\n`,
  "manifest.json": "{}",
  "list.bom": '\uFEFF{"version":1,"subjects":[]}',
};

interface Row {
  readonly what: string;
  readonly args: readonly string[];
  readonly code: ErrorCode;
  readonly says: RegExp;
  readonly hint: RegExp;
}

function row(
  what: string,
  args: readonly string[],
  [code, says, hint]: readonly [ErrorCode, RegExp, RegExp],
): Row {
  return { what, args, code, says, hint };
}

const predicateOf = (path: string): string[] => ["app", ...type, "--predicate-path", path];
const sbomOf = (path: string): string[] => ["app", "--sbom-path", path];
const listOf = (yaml: string): string[] => ["app", "--predicates", yaml];

const predicates: readonly Row[] = [
  row("not JSON", predicateOf("text.json"), ["PREDICATE_INVALID", /"text\.json" is not JSON/, /./]),
  row("an array", predicateOf("list.json"), ["PREDICATE_INVALID", /is a list, not an object/, /./]),
  row("null", predicateOf("null.json"), ["PREDICATE_INVALID", /is null, not an object/, /./]),
  row("a key twice", predicateOf("twice.json"), [
    "PREDICATE_INVALID",
    /"a".* twice|twice.*"a"/,
    /./,
  ]),
  row("a number that JSON cannot keep", predicateOf("number.json"), [
    "PREDICATE_INVALID",
    /number 12345678901234567890, which readers take for .* \(line 2\)/,
    /as strings/,
  ]),
  row("a number above all", predicateOf("huge-number.json"), [
    "PREDICATE_INVALID",
    /1e999/,
    /as strings/,
  ]),
  row("a byte order mark", predicateOf("mark.json"), [
    "PREDICATE_INVALID",
    /byte order mark/,
    /utf8NoBOM/,
  ]),
  row("a file that is not there", predicateOf("gone.json"), [
    "INPUT_UNREADABLE",
    /predicate-path: "gone\.json" cannot be read \(ENOENT\)/,
    /working directory/,
  ]),
  row(
    "inline, not JSON",
    ["app", ...type, "--predicate", "{"],
    ["PREDICATE_INVALID", /input predicate is not JSON/, /./],
  ),
  row(
    "without what its type requires",
    ["app", "--predicate-type", "openvex", "--predicate-path", "vex.json"],
    ["PREDICATE_INVALID", /"vex\.json"/, /./],
  ),
  row(
    "a type without predicate",
    ["app", ...type],
    ["INPUT_MISSING", /predicate-path is missing/, /predicate-path \(a file\) or predicate/],
  ),
  row(
    "a predicate without type",
    ["app", "--predicate", "{}"],
    ["INPUT_MISSING", /predicate-type is missing/, /a URI/],
  ),
  row(
    "a file without type",
    ["app", "--predicate-path", "vex.json"],
    ["INPUT_MISSING", /predicate-type is missing/, /what predicate-path is/],
  ),
  row(
    "text and file",
    ["app", ...type, "--predicate={}", "--predicate-path=vex.json"],
    ["INPUT_CONFLICT", /predicate and predicate-path are both given/, /one of them/],
  ),
  row(
    "a predicate and an SBOM",
    [...sbomOf("both.json"), ...type, "--predicate={}"],
    ["INPUT_CONFLICT", /sbom-path and predicate-type are both given/, /list `predicates`/],
  ),
  row(
    "a type that is no URI",
    ["app", "--predicate-type=scan", "--predicate={}"],
    ["INPUT_VALUE", /"scan" is neither the URI/, /absolute URI/],
  ),
];

const lists: readonly Row[] = [
  row("an unknown key", listOf("- type: vuln\n  file: x"), [
    "INPUT_VALUE",
    /line 2, column 3, .*"file"/,
    /type: sbom/,
  ]),
  row("an empty list", listOf("[]"), ["INPUT_VALUE", /is empty/, /type: sbom/]),
  row("no list", listOf("type: sbom"), ["INPUT_VALUE", /is not a list/, /type: sbom/]),
  row("an SBOM without path", listOf("- type: sbom"), ["INPUT_VALUE", /without path/, /path:/]),
  row(
    "subjects that are not there",
    listOf('- {type: custom, predicate: {a: 1}, subjects: "*.rpm"}'),
    ["INPUT_NO_MATCH", /"\*\.rpm", and there is none/, /Subjects are "app"/],
  ),
];

const sboms: readonly Row[] = [
  row("of neither kind", sbomOf("neither.json"), [
    "SBOM_INVALID",
    /neither SPDX nor CycloneDX/,
    /spdxVersion/,
  ]),
  row("of both", sbomOf("both.json"), ["SBOM_INVALID", /more than one kind/, /bomFormat/]),
  row("SPDX without version", sbomOf("no-version.spdx.json"), ["SBOM_INVALID", /spdxVersion/, /./]),
  row("CycloneDX without version", sbomOf("no-version.cdx.json"), [
    "SBOM_INVALID",
    /specVersion/,
    /./,
  ]),
  row("too old", sbomOf("old.cdx.json"), ["SBOM_INVALID", /"1\.3"; CycloneDX 1\.4 to 1\.7/, /./]),
  row("CycloneDX in XML", sbomOf("bom.xml"), [
    "SBOM_INVALID",
    /CycloneDX in XML/,
    /cyclonedx convert/,
  ]),
  row("SPDX in RDF", sbomOf("bom.rdf"), ["SBOM_INVALID", /SPDX in RDF\/XML/, /pyspdxtools/]),
  row("SPDX in tag-value form", sbomOf("bom.spdx"), [
    "SBOM_INVALID",
    /tag-value/,
    /pyspdxtools -i bom\.spdx/,
  ]),
  row("not there", sbomOf("gone.json"), [
    "INPUT_UNREADABLE",
    /sbom-path: "gone\.json"/,
    /working directory/,
  ]),
];

const digestOf = (digest: string): string[] => ["--subject-name=app", "--subject-digest", digest];
const checksums = (text: string): string[] => ["--subject-checksums", text];

const subjects: readonly Row[] = [
  row("nothing at all", [], ["INPUT_MISSING", /Nothing says what to attest/, /subject-path: /]),
  row(
    "a path that is not there",
    ["gone.*"],
    ["INPUT_NO_MATCH", /subject-path matches no file/, /working directory/],
  ),
  row("a digest that is too short", digestOf(`sha256:${hex("a", 63)}`), [
    "INPUT_VALUE",
    /63 hexadecimal digits; sha256 has 64/,
    /sha256/,
  ]),
  row("a digest of an algorithm too weak", digestOf(`sha1:${hex("a", 40)}`), [
    "INPUT_VALUE",
    /algorithm "sha1"; sha224, sha256/,
    /sha256/,
  ]),
  row("a digest that is none", digestOf(hex("a")), ["INPUT_VALUE", /subject-digest is/, /a colon/]),
  row(
    "a digest without name",
    ["--subject-digest", `sha256:${hex("a")}`],
    ["INPUT_MISSING", /subject-name is missing/, /how it is called/],
  ),
  row(
    "a digest and a path",
    ["app", ...digestOf(`sha256:${hex("a")}`)],
    ["INPUT_CONFLICT", /subject-path and subject-digest/, /Give one of/],
  ),
  row(
    "checksums and a path",
    ["app", ...checksums("bad-line.txt")],
    ["INPUT_CONFLICT", /subject-path and subject-checksums/, /Give one of/],
  ),
  row("a line that is no checksum", checksums("bad-line.txt"), [
    "INPUT_VALUE",
    /"bad-line\.txt" line 3: "not a checksum"/,
    /as sha256sum does/,
  ]),
  row("a line that is no checksum, inline", checksums(`${hex("a")}  one\nbad`), [
    "INPUT_VALUE",
    /line 2: "bad"/,
    /./,
  ]),
  row("a list without line", checksums("no-line.txt"), [
    "INPUT_MISSING",
    /has no checksum/,
    /one line a file/,
  ]),
  row("a list of MD5", checksums("md5.txt"), [
    "INPUT_VALUE",
    /line 1 .*MD5 has, which is too weak/,
    /sha256/,
  ]),
  row("a list that is not there", checksums("gone.txt"), [
    "INPUT_NO_MATCH",
    /no file "gone\.txt"/,
    /sha256sum/,
  ]),
  row("a name with a line break", checksums("control.txt"), [
    "INPUT_NAME",
    /"one\\ntwo" .*line 1 holds a control character/,
    /Rename/,
  ]),
  row(
    "a name with a control character",
    ["app", "--subject-name", "a\u001b[2J"],
    ["INPUT_NAME", /control character/, /Rename/],
  ),
  row("two digests for one name", checksums("clash.txt"), [
    "INPUT_NAME_CLASH",
    /Two subjects are called "one"/,
    /name of its own/,
  ]),
  row(
    "two files of one name",
    ["one/tool", "two/tool"],
    ["INPUT_NAME_CLASH", /called "tool"/, /names differ/],
  ),
  row(
    "two files under one name",
    ["one/tool", "two/tool", "--subject-name=x"],
    ["INPUT_NAME_CLASH", /called "x"/, /./],
  ),
  row(
    "a manifest that is none",
    ["--subject-manifest=manifest.json"],
    ["INPUT_VALUE", /schemaVersion/, /./],
  ),
];

const shapes: readonly Row[] = [
  row(
    "oversize without location",
    ["app", "--oversize=reference"],
    ["INPUT_MISSING", /oversize-location/, /can be had/],
  ),
  row(
    "a location without oversize",
    ["app", "--oversize-location=https://x.example/"],
    ["INPUT_MISSING", /oversize is missing/, /./],
  ),
  row(
    "a location that is not https",
    ["app", "--oversize=reference", "--oversize-location=http://x.example/"],
    ["INPUT_VALUE", /"http:\/\/x\.example\/" is not an https URL that anyone/, /public https URL/],
  ),
  row(
    "a bundle name with a slash",
    ["app", "--bundle-name=../x"],
    ["INPUT_VALUE", /bundle-name is "\.\.\/x"/, /letters/],
  ),
  row(
    "no size for envelopes",
    ["app", "--max-envelope-size=0"],
    ["INPUT_VALUE", /max-envelope-size is "0"/, /whole/],
  ),
  row(
    "neither true nor false",
    ["app", "--single-subject-attestations=2"],
    ["INPUT_VALUE", /"2"/, /true or false/],
  ),
  row("an input of sign", ["app", "--inputs=app"], ["INPUT_UNKNOWN", /inputs/, /./]),
];

async function lay(scene: Scene): Promise<void> {
  for (const [name, content] of Object.entries(files)) await scene.write(name, content);
}

function refusals(title: string, rows: readonly Row[]): void {
  describe(title, { concurrency: 4 }, () => {
    for (const { what, args, ...refusal } of rows) {
      scenario(what, async (scene) => {
        await lay(scene);
        await scene.assertRefused(await scene.attest(args), { exit: 2, ...refusal });
      });
    }
  });
}

refusals("a predicate that is refused", predicates);
refusals("a list of predicates that is refused", lists);
refusals("an SBOM that is refused", sboms);
refusals("subjects that are refused", subjects);
refusals("shapes that are refused", shapes);

/** A JSON object of exactly so many bytes. */
function objectOf(bytes: number): string {
  return `{"a":"${"x".repeat(bytes - 8)}"}`;
}

describe("sizes", { concurrency: 2 }, () => {
  scenario("16 MiB and a byte is refused, and said how to go on", async (scene) => {
    await lay(scene);
    await scene.write("large.json", objectOf(16 * mib + 1));
    await scene.assertRefused(await scene.attest(predicateOf("large.json")), {
      ...{ exit: 2, code: "PREDICATE_INVALID" },
      says: /16777217 bytes without white space, more than the 16777216/,
      hint: /oversize: reference/,
    });
  });

  scenario(
    "16 MiB are attested, and white space does not count",
    async (scene) => {
      await scene.write("app");
      await scene.write("large.json", `${" ".repeat(1000)}${objectOf(16 * mib)}\n`);
      const run = await scene.attest(predicateOf("large.json"));
      scene.assertRun(run, 0);
      assert.deepEqual(await scene.bundles(), ["app.scan-v1.sigstore.json"]);
    },
    { rekor: 2 },
  );

  const limit = ["--max-envelope-size=1000", ...type, "--predicate-path=small.json", "app"];
  const small = async (scene: Scene): Promise<void> => {
    await scene.write("app");
    await scene.write("small.json", objectOf(751));
  };

  scenario("an envelope above max-envelope-size is not sent to Rekor v1", async (scene) => {
    await small(scene);
    await scene.assertRefused(await scene.attest(limit), {
      ...{ exit: 2, code: "PREDICATE_INVALID" },
      says: /"small\.json" makes an envelope of 1002 bytes, more than the 1000/,
      hint: /rekor-version: 2.*oversize: reference.*max-envelope-size/,
    });
  });

  scenario(
    "Rekor v2 takes a digest only, so max-envelope-size says nothing there",
    async (scene) => {
      await small(scene);
      scene.assertRun(await scene.attest(limit), 0);
      assert.deepEqual(scene.asked(), { token: 1, certificate: 1, entry: 1, timestamp: 1 });
    },
    { rekor: 2 },
  );

  const location = "https://example.com/scan.json";
  const reference = ["--oversize=reference", `--oversize-location=${location}`];

  scenario(
    "with oversize: reference it is signed where the predicate can be had",
    async (scene) => {
      await small(scene);
      scene.assertRun(await scene.attest([...limit, ...reference]), 0);
      const bundle: unknown = JSON.parse(
        await readFile(scene.path("app.scan-v1.sigstore.json"), "utf8"),
      );
      const statement = statementOf(bundle);
      assert.match(
        statement,
        /"predicateType":"https:\/\/in-toto\.io\/attestation\/reference\/v0\.1"/,
      );
      assert.match(statement, /"downloadLocation":"https:\/\/example\.com\/scan\.json"/);
    },
  );
});

function statementOf(bundle: unknown): string {
  const payload = /"payload":"([^"]+)"/.exec(JSON.stringify(bundle))?.[1] ?? "";
  return Buffer.from(payload, "base64").toString("utf8");
}

describe("the action, asked wrongly", { concurrency: 4 }, () => {
  const action = (
    what: string,
    inputs: Readonly<Record<string, string>>,
    [says, hint]: readonly [RegExp, RegExp],
  ): void => {
    scenario(what, async (scene) => {
      await lay(scene);
      await scene.assertActionRefused(await scene.action(inputs), { exit: 2, says, hint });
    });
  };

  action("inputs with subject-path", { inputs: "app", "subject-path": "app" }, [
    /Inputs inputs and subject-path are both given/,
    /two steps/,
  ]);
  action("inputs with sbom-path", { inputs: "app", "sbom-path": "both.json" }, [
    /Inputs inputs and sbom-path are both given/,
    /two steps/,
  ]);
  action("no input at all", {}, [/Nothing says what to attest/, /with:\n *subject-path/]);

  scenario("a list of artifacts with a byte order mark", async (scene) => {
    const list = await scene.write("list.bom", files["list.bom"] ?? "");
    const run = await scene.action({}, { env: { GITHUB_ARTIFACTS_LIST: list } });
    await scene.assertActionRefused(run, { exit: 2, says: /artifacts list/, hint: /./ });
  });
});

describe("a folder that cannot be written to", () => {
  const refused = async (scene: Scene, run: Run, says: RegExp): Promise<void> => {
    const refusal = { exit: 2, code: "INPUT_NOT_WRITABLE", hint: /bundle-dir/ } as const;
    await scene.assertRefused(run, { ...refusal, says });
  };

  scenario("is refused before anything is public", async (scene) => {
    await scene.write("app");
    await mkdir(scene.path("out"));
    await chmod(scene.path("out"), 0o500);
    const through = withoutPrivileges();
    const run = await scene.attest(["app", "--bundle-dir=out"], { through });
    await chmod(scene.path("out"), 0o700);
    await refused(scene, run, /"out" cannot be written to \(EACCES\)/);
  });

  scenario("nor one that is a file", async (scene) => {
    await scene.write("app");
    await scene.write("out");
    await refused(scene, await scene.attest(["app", "--bundle-dir=out"]), /"out" is not a folder/);
  });
});
