import "reflect-metadata";
import * as x509 from "@peculiar/x509";
import assert from "node:assert/strict";
import {
  createPublicKey,
  generateKeyPairSync,
  verify,
  webcrypto,
  X509Certificate,
} from "node:crypto";
import { after, before, describe, it } from "node:test";
import { startSandbox, type Sandbox } from "../../src/sandbox/sandbox.ts";
import {
  askFulcio,
  certify,
  chainOf,
  newKey,
  signingRequest,
  trustedChain,
  trustedLog,
} from "./client.ts";
import { OpenSsl } from "./openssl.ts";
import { sha256 } from "./rfc6962.ts";
import { at, getJson, list, text } from "./wire.ts";

const identities = {
  github: "URI:https://github.com/acme/widget/.github/workflows/release.yml@refs/tags/v1.0.0",
  gitlab: "URI:https://gitlab.com/acme/widget//.gitlab-ci.yml@refs/heads/main",
  email: "email:maintainer@example.com",
} as const;
const kinds = ["github", "gitlab", "email"] as const;
const sctList = "1.3.6.1.4.1.11129.2.4.2";

describe("the sandbox's Fulcio", () => {
  let sandbox: Sandbox;
  let openssl: OpenSsl;
  before(async () => {
    sandbox = await startSandbox();
    openssl = await OpenSsl.open();
  });
  after(async () => {
    await sandbox.close();
    await openssl.close();
  });

  for (const kind of kinds) {
    it(`certifies a ${kind} identity, and openssl accepts the chain`, async () => {
      const key = newKey();
      const chain = await certify(sandbox, kind, key);
      const leaf = new X509Certificate(chain[0] ?? "");
      assert.equal(leaf.subject, undefined);
      assert.equal(leaf.subjectAltName, identities[kind]);
      assert.ok(leaf.publicKey.equals(key.publicKey));
      assert.equal(leaf.validToDate.getTime() - leaf.validFromDate.getTime(), 600_000);
      assert.deepEqual(chain.slice(1), trustedChain(sandbox, "certificateAuthorities"));
      await openssl.write("leaf.pem", chain[0] ?? "");
      await openssl.write("intermediate.pem", chain[1] ?? "");
      await openssl.write("root.pem", chain[2] ?? "");
      const trust = ["-CAfile", "root.pem", "-untrusted", "intermediate.pem"];
      await openssl.run("verify", "-x509_strict", ...trust, "leaf.pem");
    });
  }

  it("says who the holder is in Fulcio's extensions", async () => {
    const [pem = ""] = await certify(sandbox, "github", newKey());
    const leaf = new x509.X509Certificate(pem);
    const raw = (number: number): string => Buffer.from(extension(leaf, number)).toString();
    assert.equal(raw(1), sandbox.urls.github);
    assert.equal(raw(5), "acme/widget");
    assert.equal(raw(8), derText(sandbox.urls.github));
    assert.equal(raw(12), derText("https://github.com/acme/widget"));
    assert.equal(raw(21), derText("https://github.com/acme/widget/actions/runs/4004/attempts/1"));
    assert.equal(raw(24), derText("repo:acme/widget:ref:refs/tags/v1.0.0"));
    assert.equal(leaf.getExtension("1.3.6.1.4.1.57264.1.23"), null, "no environment was named");
    assert.equal(leaf.getExtension("2.5.29.17")?.critical, true);
    const [gitlab = ""] = await certify(sandbox, "gitlab", newKey());
    const ref = extension(new x509.X509Certificate(gitlab), 14);
    assert.equal(Buffer.from(ref).toString(), derText("refs/heads/main"));
  });

  it("embeds a timestamp that the CT log signed over the precertificate", async () => {
    const [pem = ""] = await certify(sandbox, "github", newKey());
    assert.ok(verifiesSct(sandbox, pem));
  });

  it("certifies every kind of key that Fulcio allows, by proof or by signing request", async () => {
    const token = await sandbox.issuers.github.token();
    const p384 = generateKeyPairSync("ec", { namedCurve: "P-384" });
    const p521 = generateKeyPairSync("ec", { namedCurve: "P-521" });
    const ed25519 = generateKeyPairSync("ed25519");
    const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 });
    const requests = [
      signingRequest(token, p384, "sha384"),
      signingRequest(token, p521, "sha512"),
      signingRequest(token, ed25519, null),
      signingRequest(token, rsa, "sha256"),
      { credentials: { oidcIdentityToken: token }, certificateSigningRequest: await csr() },
    ];
    for (const request of requests) {
      const reply = await askFulcio(sandbox, request);
      assert.equal(reply.status, 200, JSON.stringify(reply.body));
      assert.ok(verifiesSct(sandbox, chainOf(reply)[0] ?? ""));
    }
  });

  it("refuses a token that is expired, for somebody else, unknown, altered or incomplete", async () => {
    const { github } = sandbox.issuers;
    const past = Math.floor(Date.now() / 1000) - 1;
    const [header, payload, signature] = (await github.token()).split(".");
    const tokens = [
      await github.token({ exp: past }),
      await github.token({ aud: "somebody-else" }),
      await github.token({ iss: "https://issuer.example" }),
      await github.token({ job_workflow_ref: undefined }),
      await sandbox.issuers.email.token({ email_verified: false }),
      `${header}.${payload}.${signature?.split("").reverse().join("")}`,
    ];
    for (const token of tokens) {
      const reply = await askFulcio(sandbox, signingRequest(token, newKey()));
      assert.equal(reply.status, 400);
      assert.equal(at(reply.body, "code"), 3);
      assert.match(text(at(reply.body, "message")), /processing the identity token/);
    }
  });

  it("refuses a proof by another key, and keys that are weak or no keys", async () => {
    const token = await sandbox.issuers.github.token();
    const refused = async (request: unknown, message: RegExp): Promise<void> => {
      const reply = await askFulcio(sandbox, request);
      assert.equal(reply.status, 400);
      assert.match(text(at(reply.body, "message")), message);
    };
    const mixed = { privateKey: newKey().privateKey, publicKey: newKey().publicKey };
    await refused(signingRequest(token, mixed), /signature .* could not be verified/);
    const weak = generateKeyPairSync("rsa", { modulusLength: 1024 });
    await refused(signingRequest(token, weak), /insecure/);
    const credentials = { oidcIdentityToken: token };
    const noKey = { publicKey: { content: "no key" }, proofOfPossession: "" };
    await refused({ credentials, publicKeyRequest: noKey }, /could not be parsed/);
    await refused({ credentials, certificateSigningRequest: "AAAA" }, /could not be parsed/);
  });

  it("tells which issuers it knows, and its chain", async () => {
    const configuration = await getJson(`${sandbox.urls.fulcio}/api/v2/configuration`);
    const issuers = list(at(configuration, "issuers"));
    assert.deepEqual(
      issuers.map((issuer) => [at(issuer, "issuerUrl"), at(issuer, "challengeClaim")]),
      [
        [sandbox.urls.github, "sub"],
        [sandbox.urls.gitlab, "sub"],
        [sandbox.urls.email, "email"],
      ],
    );
    const [chain] = list(at(await getJson(`${sandbox.urls.fulcio}/api/v2/trustBundle`), "chains"));
    assert.deepEqual(at(chain, "certificates"), trustedChain(sandbox, "certificateAuthorities"));
  });

  it("issues what the fault dial asks for", async () => {
    const key = newKey();
    const leafWith = async (what: Parameters<typeof corrupt>[1]): Promise<x509.X509Certificate> => {
      corrupt(sandbox, what);
      return new x509.X509Certificate((await certify(sandbox, "github", key))[0] ?? "");
    };
    const spki = key.publicKey.export({ format: "der", type: "spki" });
    const other = await leafWith("other-public-key");
    assert.notDeepEqual(Buffer.from(other.publicKey.rawData), spki);
    assert.equal((await leafWith("no-sct")).getExtension(sctList), null);
    const mallory = extension(await leafWith("other-identity"), 12);
    assert.match(Buffer.from(mallory).toString(), /mallory/);
    assert.ok((await leafWith("expired")).notAfter < new Date());
    const usage = (await leafWith("not-code-signing")).getExtension(x509.ExtendedKeyUsageExtension);
    assert.equal(usage?.usages.join(), "1.3.6.1.5.5.7.3.2");
    corrupt(sandbox, "foreign-chain");
    const foreign = await certify(sandbox, "github", key);
    assert.notDeepEqual(foreign.slice(1), trustedChain(sandbox, "certificateAuthorities"));
    const [root = ""] = foreign.slice(-1);
    assert.match(new X509Certificate(root).subject, /not for production/);
  });

  it("signs with an unknown key when asked to", async () => {
    sandbox.faults.add({ service: "fulcio", times: 1, fault: { kind: "wrong-key" } });
    const [leaf = "", issuer = ""] = await certify(sandbox, "github", newKey());
    const { publicKey } = new X509Certificate(issuer);
    assert.ok(!new X509Certificate(leaf).verify(publicKey));
    sandbox.faults.add({ service: "ct", times: 1, fault: { kind: "wrong-key" } });
    const [pem = ""] = await certify(sandbox, "github", newKey());
    assert.ok(!verifiesSct(sandbox, pem));
  });

  it("issues nothing when the CT log fails", async () => {
    sandbox.faults.add({ service: "ct", times: 1, fault: { kind: "status", status: 503 } });
    const token = await sandbox.issuers.github.token();
    const reply = await askFulcio(sandbox, signingRequest(token, newKey()));
    assert.equal(reply.status, 500);
    assert.equal(at(reply.body, "message"), "Error entering certificate in CTL");
  });
});

function corrupt(
  sandbox: Sandbox,
  what:
    | "other-public-key"
    | "no-sct"
    | "other-identity"
    | "expired"
    | "not-code-signing"
    | "foreign-chain",
): void {
  sandbox.faults.add({ service: "fulcio", times: 1, fault: { kind: "corrupt", what } });
}

function extension(leaf: x509.X509Certificate, number: number): ArrayBuffer {
  const found = leaf.getExtension(`1.3.6.1.4.1.57264.1.${number}`);
  assert.ok(found !== null, `no extension ${number}`);
  return found.value;
}

function derText(value: string): string {
  return `\f${String.fromCharCode(value.length)}${value}`;
}

async function csr(): Promise<string> {
  const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const request = await x509.Pkcs10CertificateRequestGenerator.create({
    keys,
    signingAlgorithm: algorithm,
  });
  return Buffer.from(request.toString("pem")).toString("base64");
}

/** RFC 6962 section 3.2, with the signed TBSCertificate cut out of the bytes. */
function verifiesSct(sandbox: Sandbox, pem: string): boolean {
  const leaf = new x509.X509Certificate(pem);
  const list = Buffer.from(leaf.getExtension(sctList)?.value ?? new ArrayBuffer(0));
  const sct = list.subarray(list.indexOf(trustedLog(sandbox, "ctlogs", 0).id) - 1);
  const extensionsEnd = 43 + sct.readUInt16BE(41);
  const tbs = tbsWithout(leaf, sctList);
  const [, issuer = ""] = ["", ...trustedChain(sandbox, "certificateAuthorities")];
  const issuerSpki = new X509Certificate(issuer).publicKey.export({ format: "der", type: "spki" });
  const length = Buffer.alloc(3);
  length.writeUIntBE(tbs.length, 0, 3);
  const signed = Buffer.concat([
    Buffer.of(0, 0),
    sct.subarray(33, 41),
    Buffer.of(0, 1),
    sha256(issuerSpki),
    length,
    tbs,
    sct.subarray(41, extensionsEnd),
  ]);
  const { spki } = trustedLog(sandbox, "ctlogs", 0);
  const key = createPublicKey({ key: spki, format: "der", type: "spki" });
  assert.deepEqual([...sct.subarray(extensionsEnd, extensionsEnd + 2)], [4, 3]);
  return verify("sha256", signed, key, sct.subarray(extensionsEnd + 4));
}

function tbsWithout(leaf: x509.X509Certificate, oid: string): Buffer {
  // Cuts the extension out of the bytes and shortens the three lengths around it.
  const tbs = Buffer.from(leaf.rawData).subarray(4);
  const whole = Buffer.concat([tbs.subarray(0, 4 + tbs.readUInt16BE(2))]);
  const cut = Buffer.from(leaf.getExtension(oid)?.rawData ?? new ArrayBuffer(0));
  const start = whole.indexOf(cut);
  const wrapper = whole.lastIndexOf(Buffer.of(0xa3, 0x82), start);
  const shortened = Buffer.concat([whole.subarray(0, start), whole.subarray(start + cut.length)]);
  for (const at of [2, wrapper + 2, wrapper + 6]) {
    shortened.writeUInt16BE(shortened.readUInt16BE(at) - cut.length, at);
  }
  return shortened;
}
