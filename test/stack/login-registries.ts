// distribution behind a log-in: htpasswd, tokens, and htpasswd with TLS of a private authority. All keep
// their images in one folder, and an open one beside them shows what is there.
//
// Who may do what: `writer` everything; `reader`, whom the token service alone knows, may only pull.

import { execFileSync } from "node:child_process";
import { createHash, generateKeyPairSync, sign } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { createServer, type RequestListener } from "node:http";
import { join } from "node:path";
import { makeAuthority } from "../services/servers.ts";
import { reservePorts, type Ports } from "./ports.ts";
import { Server } from "./server.ts";
import { ensureTools } from "./tools.ts";

/** What every registry here takes. */
export const password = "geheim-0815-ganz";

export interface LoginRegistry {
  readonly name: "htpasswd" | "token" | "tls";
  /** `localhost:PORT` */
  readonly host: string;
  /** PEM file of the authority, for `tls` alone. */
  readonly caFile: string | undefined;
}

export interface LoginRegistries {
  /** `localhost:PORT` of the one that asks nobody who they are. */
  readonly open: string;
  readonly guarded: Readonly<Record<LoginRegistry["name"], LoginRegistry>>;
}

interface Site {
  readonly directory: string;
  readonly program: string;
  readonly ports: Ports;
  readonly cleanup: AsyncDisposableStack;
}

/** Starts all four; `directory` gets their files. What `cleanup` holds ends them. */
export async function startLoginRegistries(
  directory: string,
  cleanup: AsyncDisposableStack,
): Promise<LoginRegistries> {
  const { distribution: program } = await ensureTools(["distribution"]);
  const ports = await reservePorts();
  cleanup.defer(() => ports.release());
  await mkdir(join(directory, "images"));
  const site = { directory, program, ports, cleanup };
  const { caFile, tls } = await writeTls(directory);
  const basic = await writeHtpasswd(directory);
  const tokens = await startTokenService(directory, cleanup);
  const [open, htpasswd, token, secure] = await Promise.all([
    startDistribution(site, "open", ""),
    startDistribution(site, "htpasswd", basic),
    startDistribution(site, "token", tokens),
    startDistribution(site, "tls", tls + basic),
  ]);
  return {
    open,
    guarded: {
      htpasswd: { name: "htpasswd", host: htpasswd, caFile: undefined },
      token: { name: "token", host: token, caFile: undefined },
      tls: { name: "tls", host: secure, caFile },
    },
  };
}

async function startDistribution(site: Site, name: string, more: string): Promise<string> {
  const { directory, program, ports, cleanup } = site;
  const port = ports.next();
  const config = join(directory, `${name}.yml`);
  await writeFile(
    config,
    `version: 0.1
storage: {filesystem: {rootdirectory: ${directory}/images}}
http:
  addr: 127.0.0.1:${port}
  secret: not-a-secret
${more}`,
  );
  // Its log, as fetch does not trust a private authority.
  const isReady = (log: string): Promise<boolean> => Promise.resolve(log.includes("listening on"));
  const server = new Server({ name, program, args: ["serve", config], directory, isReady });
  cleanup.defer(() => server.kill());
  await server.start();
  return `localhost:${port}`;
}

async function writeTls(directory: string): Promise<{ caFile: string; tls: string }> {
  const { ca, good } = makeAuthority();
  const [caFile, key, cert] = [
    join(directory, "ca.pem"),
    `${directory}/k.pem`,
    `${directory}/c.pem`,
  ];
  await Promise.all([writeFile(caFile, ca), writeFile(key, good.key), writeFile(cert, good.cert)]);
  return { caFile, tls: `  tls: {certificate: ${cert}, key: ${key}}\n` };
}

/** Python's ctypes over libcrypt: no package needed. */
const bcryptByCrypt = `
import ctypes, ctypes.util, sys
c = ctypes.CDLL(ctypes.util.find_library("crypt") or "libcrypt.so.1")
c.crypt.restype = ctypes.c_char_p
print(c.crypt(sys.argv[1].encode(), b"$2b$05$abcdefghijklmnopqrstuu").decode())
`;

async function writeHtpasswd(directory: string): Promise<string> {
  const args = ["-c", bcryptByCrypt, password];
  const hashed = execFileSync("python3", args, { encoding: "utf8" }).trim();
  const file = join(directory, "htpasswd");
  await writeFile(file, `writer:${hashed}\n`);
  return `auth: {htpasswd: {realm: test, path: ${file}}}\n`;
}

/** A token service as distribution trusts it: ES256, named by the certificate in `x5c`. */
async function startTokenService(
  directory: string,
  cleanup: AsyncDisposableStack,
): Promise<string> {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const [keyFile, certificate] = [join(directory, "token.key"), join(directory, "token.pem")];
  await writeFile(keyFile, privateKey.export({ type: "pkcs8", format: "pem" }));
  const about = ["-key", keyFile, "-out", certificate, "-days", "1", "-subj", "/CN=test"];
  execFileSync("openssl", ["req", "-x509", ...about], { stdio: "pipe" });
  const der = execFileSync("openssl", ["x509", "-in", certificate, "-outform", "der"]);
  const encode = (value: object): string =>
    Buffer.from(JSON.stringify(value)).toString("base64url");
  const header = encode({ typ: "JWT", alg: "ES256", x5c: [der.toString("base64")] });
  const port = await listen(cleanup, (request, response) => {
    const [user = "", given] = loginOf(request.headers.authorization);
    if (!["writer", "reader"].includes(user) || given !== password) {
      response.writeHead(401).end('{"errors":[{"code":"UNAUTHORIZED","message":"no"}]}');
      return;
    }
    const scope = new URL(request.url ?? "", "http://x").searchParams.get("scope") ?? "";
    const input = `${header}.${encode(claimsFor(user, scope))}`;
    const key = { key: privateKey, dsaEncoding: "ieee-p1363" } as const;
    const signature = sign("sha256", Buffer.from(input), key).toString("base64url");
    response.end(JSON.stringify({ token: `${input}.${signature}`, expires_in: 300 }));
  });
  // A name: cosign follows no realm that is a private address.
  const realm = `http://localhost:${port}/token`;
  return `auth: {token: {realm: "${realm}", service: registry, issuer: test, rootcertbundle: ${certificate}}}\n`;
}

function loginOf(authorization = ""): string[] {
  return Buffer.from(authorization.slice("Basic ".length), "base64").toString().split(":");
}

function claimsFor(user: string, scope: string): object {
  const [type, name, wanted = ""] = scope.split(":");
  const actions = wanted.split(",").filter((action) => user === "writer" || action === "pull");
  const now = Math.floor(Date.now() / 1000);
  const times = { iat: now, nbf: now - 10, exp: now + 300 };
  const jti = createHash("sha1").update(`${user} ${scope}`).digest("hex");
  const access = scope === "" ? [] : [{ type, name, actions }];
  return { iss: "test", sub: user, aud: "registry", ...times, jti, access };
}

/** Serves on a port of the kernel's choice. @returns the port */
export async function listen(
  cleanup: AsyncDisposableStack,
  answer: RequestListener,
): Promise<number> {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  cleanup.defer(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}
