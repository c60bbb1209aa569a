// An artifact of the workflow run, as actions/upload-artifact v4 makes it: asked for with the job's
// runtime token, its bytes put to a signed address on another host, which never gets that token.
// protocol: actions/toolkit packages/artifact, results.api.v1 (Twirp with JSON bodies).
import { createHash } from "node:crypto";
import type { JsonValue } from "../encoding/json.ts";
import { parseBase64url } from "../encoding/base64.ts";
import { parseJson } from "../encoding/json.ts";
import { quote, SigstepError } from "../errors.ts";
import { isSuccess, parseAnswer, refusedError } from "../services/answer.ts";
import type { Http, HttpResponse } from "../services/http.ts";
import { putBlob } from "./signed-blob.ts";
import { packZip, type ZipEntry } from "./zip.ts";

const service = "GitHub's artifact service";
const api = "twirp/github.actions.results.api.v1.ArtifactService";
const timeoutMs = 30_000;
const maxBytes = 64 * 1024;

/** What a runner with artifacts gives its steps. */
export interface ArtifactService {
  /** `ACTIONS_RESULTS_URL` */
  readonly url: URL;
  /** `ACTIONS_RUNTIME_TOKEN`: a secret. */
  readonly token: string;
}

/** An artifact that is there. */
export interface WorkflowArtifact {
  /** Decimal. */
  readonly id: string;
  /** SHA-256 of the archive, lower-case hexadecimal. */
  readonly digest: string;
}

/**
 * Refuses an artifact name that GitHub refuses.
 *
 * @throws SigstepError INPUT_NAME
 */
export function checkArtifactName(name: string): void {
  if (/^[^\p{Cc}":<>|*?\\/]{1,256}$/u.test(name)) return;
  throw new SigstepError("INPUT_NAME", `${quote(name)} cannot be the name of an artifact.`, {
    hint: 'GitHub takes 1 to 256 characters without " : < > | * ? \\ / and control characters.',
    where: "artifact name",
  });
}

/**
 * Packs `files` and keeps them as the run's artifact `name`.
 *
 * @throws SigstepError INPUT_NAME; ASSET_EXISTS when the run has an artifact of that name;
 * PERMISSION_MISSING when the token is not one of a running job; STORE_REFUSED, SERVICE_REFUSED,
 * SERVICE_ANSWER_INVALID, and those of the door.
 */
export async function uploadArtifact(
  http: Http,
  service: ArtifactService,
  { name, files }: { readonly name: string; readonly files: readonly ZipEntry[] },
): Promise<WorkflowArtifact> {
  checkArtifactName(name);
  const archive = packZip(files);
  const digest = createHash("sha256").update(archive).digest("hex");
  const artifact = { ...parseRun(service.token), name };
  const created = await ask(http, service, { call: "CreateArtifact", ...artifact, version: 4 });
  await putBlob(http, parseUploadAddress(created), archive);
  const size = String(archive.byteLength);
  const end = { call: "FinalizeArtifact", ...artifact, size, hash: `sha256:${digest}` };
  const finished = await ask(http, service, end);
  return { id: String(either(finished, "artifact_id", "artifactId").int64()), digest };
}

interface Run {
  readonly workflow_run_backend_id: string;
  readonly workflow_job_run_backend_id: string;
}

/** The run's own names in that service stand in the token's scope: `Actions.Results:<run>:<job>`. */
function parseRun(token: string): Run {
  const [, run, job] =
    /(?:^| )Actions\.Results:([\w-]{1,100}):([\w-]{1,100})(?: |$)/.exec(scopeOf(token)) ?? [];
  if (run === undefined || job === undefined) throw wrongToken();
  return { workflow_run_backend_id: run, workflow_job_run_backend_id: job };
}

function scopeOf(token: string): string {
  const label = "runtime token";
  try {
    const claims = parseBase64url(token.split(".")[1] ?? "", label);
    const source = { label, code: "ENCODING_INVALID", maxBytes } as const;
    return parseJson(claims, source).get("scp").string();
  } catch (error) {
    if (!(error instanceof SigstepError)) throw error;
    // Without cause: it may quote the token.
    throw wrongToken();
  }
}

function wrongToken(): SigstepError {
  return new SigstepError(
    "PERMISSION_MISSING",
    "The runtime token of this job does not say for which run artifacts may be kept.",
    {
      hint: "The runner gives it to actions as ACTIONS_RUNTIME_TOKEN; it cannot be passed by hand.",
    },
  );
}

async function ask(
  http: Http,
  { url, token }: ArtifactService,
  { call, ...body }: { readonly call: string } & Readonly<Record<string, unknown>>,
): Promise<JsonValue> {
  const answer = await http.request({
    ...{ service, timeoutMs, maxBytes, method: "POST", retry: "budget" },
    url: new URL(`${url.href.replace(/\/+$/, "")}/${api}/${call}`),
    headers: { "content-type": "application/json", accept: "application/json" },
    authorization: `Bearer ${token}`,
    body: JSON.stringify(body),
  });
  if (!isSuccess(answer)) throw explain(answer, String(body.name));
  const json = parseAnswer(service, answer, maxBytes);
  if (json.get("ok").raw !== true) throw json.get("ok").refuse("is not true");
  return json;
}

function explain(answer: HttpResponse, name: string): SigstepError {
  if (answer.status === 409) {
    return new SigstepError("ASSET_EXISTS", `The run has an artifact ${quote(name)} already.`, {
      hint: "Names of artifacts are unique in a run: in a matrix, add the job's own values to bundle-name.",
      where: name,
    });
  }
  return refusedError(service, answer);
}

/** Signed: whoever has the address may write there, so it is in no message. */
function parseUploadAddress(json: JsonValue): URL {
  const field = either(json, "signed_upload_url", "signedUploadUrl");
  const url = URL.parse(field.string());
  if (url === null) throw field.refuse("is no address");
  return url;
}

/** Protobuf's JSON may use either spelling. */
function either(json: JsonValue, one: string, two: string): JsonValue {
  return json.get(one).optional() ?? json.get(two);
}
