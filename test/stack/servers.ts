// The command line and the readiness check of each server. The order in which they start: start.ts.

import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fulcioConfig } from "./fulcio-config.ts";
import { ctLogPassword } from "./pki.ts";
import type { Ports } from "./ports.ts";
import { answers, Server } from "./server.ts";
import type { Tools } from "./tools.ts";
import type { ServiceUrls } from "./trust.ts";

export type ServerName = "trillian" | "ctlog" | "fulcio" | "tsa" | "rekor1" | "rekor2";

export type ServerTools = Tools<
  "memtrillian" | "ct_server" | "fulcio" | "timestamp-server" | "rekor1" | "rekor2"
>;

/** What the servers of one stack share. */
export interface Site {
  readonly directory: string;
  readonly pki: string;
  readonly urls: ServiceUrls;
  readonly ports: Ports;
  readonly tools: ServerTools;
  /** Appended to a server's own arguments, which they may override. */
  readonly extraArguments: ExtraArguments;
}

export type ExtraArguments = Readonly<Partial<Record<ServerName, readonly string[]>>>;

/** Trillian has no URL: only Rekor v1 and the CT log talk to it. */
export interface Trillian {
  readonly server: Server;
  readonly port: number;
}

export interface Trees {
  readonly rekor: string;
  readonly ctlog: string;
}

const treesLine = /^trees (\d+) (\d+)$/m;

export function trillian({ directory, ports, tools, extraArguments }: Site): Trillian {
  const port = ports.next();
  const server = new Server({
    name: "trillian",
    program: tools.memtrillian,
    args: [`--address=127.0.0.1:${port}`, ...(extraArguments.trillian ?? [])],
    directory,
    isReady: (log) => Promise.resolve(treesLine.test(log)),
  });
  return { server, port };
}

/** The trees of a Trillian that has started. */
export async function readTrees({ directory }: Site): Promise<Trees> {
  const [, rekor, ctlog] =
    treesLine.exec(await readFile(`${directory}/trillian.log`, "utf8")) ?? [];
  if (rekor === undefined || ctlog === undefined) throw new Error("trillian has named no trees");
  return { rekor, ctlog };
}

/** Rekor v1 on the given tree. */
export function rekor1(site: Site, trillianPort: number, tree: string): Server {
  const { directory, pki, urls, tools, extraArguments } = site;
  return new Server({
    name: "rekor1",
    program: tools.rekor1,
    args: [
      "serve",
      "--rekor_server.address=127.0.0.1",
      `--port=${portOf(urls.rekor1)}`,
      "--rekor_server.hostname=localhost",
      `--rekor_server.signer=${pki}/rekor1.key.pem`,
      "--trillian_log_server.address=127.0.0.1",
      `--trillian_log_server.port=${trillianPort}`,
      `--trillian_log_server.tlog_id=${tree}`,
      // Search by artifact would need Redis.
      "--enable_retrieve_api=false",
      `--enabled_api_endpoints=${rekor1Endpoints.join(",")}`,
      ...(extraArguments.rekor1 ?? []),
    ],
    directory,
    isReady: answers(`http://127.0.0.1:${portOf(urls.rekor1)}/ping`),
  });
}

const rekor1Endpoints = [
  "getLogInfo",
  "getPublicKey",
  "getLogProof",
  "createLogEntry",
  "getLogEntryByIndex",
  "getLogEntryByUUID",
  "searchLogQuery",
];

/** Rekor v2; its entries are kept on disk and survive a restart. */
export function rekor2({ directory, pki, urls, ports, tools, extraArguments }: Site): Server {
  return new Server({
    name: "rekor2",
    program: tools.rekor2,
    args: [
      "serve",
      "--http-address=127.0.0.1",
      `--http-port=${portOf(urls.rekor2)}`,
      "--grpc-address=127.0.0.1",
      `--grpc-port=${ports.next()}`,
      `--http-metrics-port=${ports.next()}`,
      "--hostname=localhost",
      `--storage-dir=${directory}/rekor2`,
      `--signer-filepath=${pki}/rekor2.key.pem`,
      // Production waits for seconds here.
      "--checkpoint-interval=200ms",
      "--batch-max-age=50ms",
      ...(extraArguments.rekor2 ?? []),
    ],
    directory,
    isReady: answers(`http://127.0.0.1:${portOf(urls.rekor2)}/healthz`),
  });
}

export function timestampAuthority({ directory, pki, urls, tools, extraArguments }: Site): Server {
  return new Server({
    name: "tsa",
    program: tools["timestamp-server"],
    args: [
      `--port=${portOf(urls.tsa)}`,
      `--file-signer-key-path=${pki}/tsa-leaf.key.pem`,
      `--certificate-chain-path=${pki}/tsa-chain.pem`,
      ...(extraArguments.tsa ?? []),
    ],
    directory,
    isReady: answers(`http://127.0.0.1:${portOf(urls.tsa)}/ping`),
  });
}

/** The CT log on the given tree. */
export async function ctLog(site: Site, trillianPort: number, tree: string): Promise<Server> {
  const { directory, pki, urls, tools, extraArguments } = site;
  const config = join(directory, "ctlog.cfg");
  await writeFile(config, ctLogConfig(pki, tree));
  return new Server({
    name: "ctlog",
    program: tools.ct_server,
    args: [
      `--log_config=${config}`,
      `--log_rpc_server=127.0.0.1:${trillianPort}`,
      `--http_endpoint=127.0.0.1:${portOf(urls.ctlog)}`,
      "--logtostderr",
      ...(extraArguments.ctlog ?? []),
    ],
    directory,
    isReady: answers(`http://127.0.0.1:${portOf(urls.ctlog)}/ct/ct/v1/get-sth`),
  });
}

// A protocol buffer in text form.
function ctLogConfig(pki: string, tree: string): string {
  return `config {
  log_id: ${tree}
  prefix: "ct"
  roots_pem_file: "${pki}/fulcio-root.pem"
  ext_key_usages: "CodeSigning"
  private_key: {
    [type.googleapis.com/keyspb.PEMKeyFile] {
      path: "${pki}/ctlog.enc.pem" password: "${ctLogPassword}"
    }
  }
}
`;
}

export async function fulcio({
  directory,
  pki,
  urls,
  ports,
  tools,
  extraArguments,
}: Site): Promise<Server> {
  const config = join(directory, "fulcio.yaml");
  await writeFile(config, fulcioConfig(urls));
  return new Server({
    name: "fulcio",
    program: tools.fulcio,
    args: [
      "serve",
      "--host=127.0.0.1",
      `--port=${portOf(urls.fulcio)}`,
      "--grpc-host=127.0.0.1",
      `--grpc-port=${ports.next()}`,
      `--metrics-port=${ports.next()}`,
      // The name of an abstract socket: a file would be in the way of the next start.
      `--legacy-unix-domain-socket=@sigstep-fulcio-${portOf(urls.fulcio)}`,
      "--ca=fileca",
      `--fileca-cert=${pki}/fulcio-chain.pem`,
      `--fileca-key=${pki}/fulcio-int.key.pem`,
      // The key has no password, but the option must have a value.
      "--fileca-key-passwd=unused",
      "--fileca-watch=false",
      `--ct-log-url=${urls.ctlog}`,
      `--ct-log-public-key-path=${pki}/ctlog.pub.pem`,
      `--config-path=${config}`,
      ...(extraArguments.fulcio ?? []),
    ],
    directory,
    isReady: answers(`http://127.0.0.1:${portOf(urls.fulcio)}/healthz`),
  });
}

function portOf(url: string): string {
  return new URL(url).port;
}
