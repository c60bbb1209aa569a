// Image references, parsed once into a type. What two clients could read differently is refused; the host
// is compared exactly from here on. distribution/reference: reference.go, normalize.go, regexp.go.
import { digestAlgorithms, isDigestAlgorithm } from "../crypto/digest.ts";
import { quote, SigstepError } from "../errors.ts";

/** One repository of one registry. */
export interface RepositoryName {
  /** `host` or `host:port` as credentials are filed under it: `docker.io`, `[::1]:5000`. */
  readonly registry: string;
  /** Lower case, without port; an IPv6 address in brackets. */
  readonly host: string;
  readonly port: number | undefined;
  /** Path below the registry, `library/` included. */
  readonly repository: string;
}

/** An image as a user names it. */
export interface ImageReference extends RepositoryName {
  readonly tag: string | undefined;
  /** `sha256:…`, of the right length for its algorithm. */
  readonly digest: string | undefined;
}

const maxLength = 1024;
const maxRepository = 255;
const label = "[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?";
const hostName = new RegExp(`^${label}(?:\\.${label})*$`);
const component = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$/;
const tagPattern = /^\w[\w.-]{0,127}$/;

/**
 * Reads a reference: `[host[:port]/]repository[:tag][@digest]`. Without a host it is Docker Hub's, and
 * there, without a folder, `library/`. No tag is made up.
 *
 * @throws SigstepError REFERENCE_INVALID
 */
export function parseReference(text: string): ImageReference {
  const refuse = refusing(text);
  if (text === "") throw refuse("it is empty");
  if (text.length > maxLength) throw refuse(`it is longer than ${maxLength} characters`);
  if (!/^[\x21-\x7e]+$/.test(text))
    throw refuse("it holds white space or characters outside ASCII");
  const scheme = /^([a-z-]+):\/\//i.exec(text)?.[1];
  if (scheme !== undefined) throw refuse(`it begins with ${scheme}://`, "Leave the scheme out.");
  const [named, digest, ...more] = text.split("@");
  if (more.length > 0) throw refuse("it has more than one @");
  const { name, tag } = splitTag(named ?? "", refuse);
  if (digest !== undefined) assertDigest(digest, refuse);
  return { ...splitHost(name, refuse), tag, digest };
}

/** The shortest text that {@link parseReference} reads as the same reference. */
export function formatReference(reference: ImageReference): string {
  const tag = reference.tag === undefined ? "" : `:${reference.tag}`;
  const digest = reference.digest === undefined ? "" : `@${reference.digest}`;
  return `${formatRepository(reference)}${tag}${digest}`;
}

/** `registry/repository`, for messages and as the name of a subject. */
export function formatRepository({ registry, repository }: RepositoryName): string {
  return `${registry}/${repository}`;
}

/** Whether `text` is a digest of an algorithm we compute, as `algorithm:hex` in lower case. */
export function isDigestText(text: string): boolean {
  return digestFault(text) === undefined;
}

/** Whether `text` may stand as a tag. */
export function isTag(text: string): boolean {
  return tagPattern.test(text);
}

type Refuse = (why: string, hint?: string) => SigstepError;

function refusing(text: string): Refuse {
  return (why, hint = "Write it as registry.example/repository:tag@sha256:…") =>
    new SigstepError("REFERENCE_INVALID", `${quote(text)} is not an image reference: ${why}.`, {
      hint,
    });
}

/** The last colon begins a tag when no slash follows; before a slash it begins a port. */
function splitTag(named: string, refuse: Refuse): { name: string; tag: string | undefined } {
  const colon = named.lastIndexOf(":");
  if (colon < 0 || named.includes("/", colon)) return { name: named, tag: undefined };
  const tag = named.slice(colon + 1);
  if (!tagPattern.test(tag)) throw refuse(`${quote(tag, 40)} is not a tag`);
  return { name: named.slice(0, colon), tag };
}

function assertDigest(digest: string, refuse: Refuse): void {
  const fault = digestFault(digest);
  if (fault !== undefined) throw refuse(fault);
}

function digestFault(digest: string): string | undefined {
  const [algorithm = "", hex, ...more] = digest.split(":");
  if (hex === undefined || more.length > 0) return `${quote(digest, 80)} is not a digest`;
  if (!isDigestAlgorithm(algorithm))
    return `${quote(algorithm, 40)} is not a digest algorithm here`;
  const length = digestAlgorithms[algorithm].length * 2;
  if (hex.length !== length)
    return `its digest has ${hex.length} digits, ${algorithm} has ${length}`;
  return /^[0-9a-f]+$/.test(hex) ? undefined : "its digest is not lower-case hexadecimal";
}

function splitHost(name: string, refuse: Refuse): RepositoryName {
  const slash = name.indexOf("/");
  const first = slash < 0 ? "" : name.slice(0, slash);
  if (!isHost(first)) return dockerHub(name, refuse);
  const path = name.slice(slash + 1);
  if (first === "docker.io" || first === "index.docker.io") return dockerHub(path, refuse);
  const { host, port } = parseHost(first, refuse);
  const registry = port === undefined ? host : `${host}:${port}`;
  return { registry, host, port, repository: parseRepository(path, refuse) };
}

/** How Docker tells a host from the first folder of a repository on its Hub. */
function isHost(first: string): boolean {
  return /[.:]/.test(first) || first === "localhost" || first !== first.toLowerCase();
}

function dockerHub(path: string, refuse: Refuse): RepositoryName {
  if (/^[0-9a-f]{64}$/.test(path))
    throw refuse("64 hexadecimal digits are an image's id, not a name");
  const repository = parseRepository(path.includes("/") ? path : `library/${path}`, refuse, path);
  return { registry: "docker.io", host: "docker.io", port: undefined, repository };
}

function parseHost(text: string, refuse: Refuse): { host: string; port: number | undefined } {
  const [, host = "", digits] = /^(\[[^\]]*\]|[^:]*)(?::(.*))?$/.exec(text) ?? [];
  if (host !== host.toLowerCase()) throw refuse("its host has upper-case letters");
  if (!isCanonicalHost(host)) throw refuse(`${quote(host, 80)} is not a host`);
  if (digits === undefined) return { host, port: undefined };
  const port = /^[1-9][0-9]{0,4}$/.test(digits) ? Number(digits) : 0;
  if (port < 1 || port > 65_535) throw refuse(`${quote(digits, 20)} is not a port`);
  return { host, port };
}

/** Another spelling of an address (`127.1`, `[0::1]`) would be another host to all that compares text. */
function isCanonicalHost(host: string): boolean {
  const isAddress = /^\[[0-9a-f:]+\]$/.test(host);
  if (!isAddress && (!hostName.test(host) || host.length > 253)) return false;
  return URL.parse(`https://${host}/`)?.hostname === host;
}

function parseRepository(path: string, refuse: Refuse, shown = path): string {
  if (path !== path.toLowerCase()) {
    throw refuse(
      "its repository has upper-case letters",
      "Repositories are lower case: in GitHub's workflows, convert github.repository before use.",
    );
  }
  if (path.length > maxRepository) throw refuse(`its repository is longer than ${maxRepository}`);
  const wrong = path.split("/").find((part) => !component.test(part));
  if (wrong !== undefined) throw refuse(`${quote(shown, 80)} is not a repository`);
  return path;
}
