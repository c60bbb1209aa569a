// Keys and certificates of one stack, made by openssl, fresh each time.
//
// The organisation is "sigstore.dev" since `gh` chooses its policy by the issuer's organisation: this
// one stands for the public Sigstore, so that a log entry and a certificate timestamp are required.

import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { runOk } from "./run.ts";

/** The password of the CT log's key: that server reads encrypted keys only. */
export const ctLogPassword = "pw";

interface Certificate {
  readonly name: string;
  readonly extensions: readonly string[];
  /** Name of the certificate that signs; itself when absent. */
  readonly issuer?: string;
}

/**
 * Fills `directory`, made when missing. Private keys are `EC PRIVATE KEY` files but for `rekor2.key.pem`.
 *
 * Files: `fulcio-{root,int,chain}.pem`, `fulcio-int.key.pem`, `tsa-chain.pem` (leaf first),
 * `tsa-leaf.key.pem`, `ctlog.enc.pem`, `{rekor1,rekor2}.key.pem`, `{ctlog,rekor1,rekor2}.pub.pem`.
 */
export async function makePki(directory: string): Promise<void> {
  await mkdir(directory, { recursive: true });
  await Promise.all([
    makeFulcio(directory),
    makeTimestampAuthority(directory),
    makeCtLogKey(directory),
    makeEcKey(directory, "rekor1").then(() => writePublicKey(directory, "rekor1")),
    makeEd25519Key(directory, "rekor2").then(() => writePublicKey(directory, "rekor2")),
  ]);
}

async function makeFulcio(directory: string): Promise<void> {
  await makeCertificate(directory, {
    name: "fulcio-root",
    extensions: ["basicConstraints=critical,CA:TRUE,pathlen:1", certificateAuthority],
  });
  await makeCertificate(directory, {
    name: "fulcio-int",
    issuer: "fulcio-root",
    extensions: [
      "basicConstraints=critical,CA:TRUE,pathlen:0",
      certificateAuthority,
      "extendedKeyUsage=codeSigning",
    ],
  });
  await writeChain(directory, ["fulcio-int", "fulcio-root"], "fulcio-chain");
}

async function makeTimestampAuthority(directory: string): Promise<void> {
  await makeCertificate(directory, {
    name: "tsa-root",
    extensions: ["basicConstraints=critical,CA:TRUE,pathlen:1", certificateAuthority],
  });
  await makeCertificate(directory, {
    name: "tsa-int",
    issuer: "tsa-root",
    extensions: [
      "basicConstraints=critical,CA:TRUE,pathlen:0",
      certificateAuthority,
      "extendedKeyUsage=timeStamping",
    ],
  });
  await makeCertificate(directory, {
    name: "tsa-leaf",
    issuer: "tsa-int",
    extensions: [
      "basicConstraints=critical,CA:FALSE",
      "keyUsage=critical,digitalSignature",
      // RFC 3161, 2.3: this purpose alone, and critical.
      "extendedKeyUsage=critical,timeStamping",
    ],
  });
  await writeChain(directory, ["tsa-leaf", "tsa-int", "tsa-root"], "tsa-chain");
}

const certificateAuthority = "keyUsage=critical,keyCertSign,cRLSign";

async function makeCertificate(directory: string, certificate: Certificate): Promise<void> {
  const { name, issuer, extensions } = certificate;
  await makeEcKey(directory, name, name === "tsa-leaf" ? "P-256" : "P-384");
  await writeFile(join(directory, `${name}.cnf`), configuration(name, extensions));
  const signer = issuer === undefined ? [] : ["-CA", `${issuer}.pem`, "-CAkey", keyFile(issuer)];
  await openssl(directory, [
    ...["req", "-x509", "-new", "-sha384", "-days", "3650", "-config", `${name}.cnf`],
    ...["-key", keyFile(name), "-out", `${name}.pem`, ...signer],
  ]);
}

function configuration(name: string, extensions: readonly string[]): string {
  return [
    "[req]",
    "prompt=no",
    "distinguished_name=subject",
    "x509_extensions=extensions",
    "[subject]",
    "O=sigstore.dev",
    `CN=${name}`,
    "[extensions]",
    ...extensions,
    "subjectKeyIdentifier=hash",
    "authorityKeyIdentifier=keyid",
    "",
  ].join("\n");
}

async function makeCtLogKey(directory: string): Promise<void> {
  await makeEcKey(directory, "ctlog");
  await writePublicKey(directory, "ctlog");
  const cipher = ["-aes256", "-passout", `pass:${ctLogPassword}`];
  await openssl(directory, ["ec", "-in", keyFile("ctlog"), ...cipher, "-out", "ctlog.enc.pem"]);
}

async function makeEcKey(directory: string, name: string, curve = "P-256"): Promise<void> {
  const opensslName = curve === "P-256" ? "prime256v1" : "secp384r1";
  const make = ["ecparam", "-genkey", "-noout", "-name", opensslName];
  await openssl(directory, [...make, "-out", keyFile(name)]);
}

async function makeEd25519Key(directory: string, name: string): Promise<void> {
  await openssl(directory, ["genpkey", "-algorithm", "ed25519", "-out", keyFile(name)]);
}

async function writePublicKey(directory: string, name: string): Promise<void> {
  await openssl(directory, ["pkey", "-in", keyFile(name), "-pubout", "-out", `${name}.pub.pem`]);
}

async function writeChain(
  directory: string,
  names: readonly string[],
  chain: string,
): Promise<void> {
  const parts = names.map((name) => readFile(join(directory, `${name}.pem`), "utf8"));
  await writeFile(join(directory, `${chain}.pem`), (await Promise.all(parts)).join(""));
}

function keyFile(name: string): string {
  return `${name}.key.pem`;
}

async function openssl(directory: string, args: readonly string[]): Promise<void> {
  await runOk("openssl", args, { directory });
}
