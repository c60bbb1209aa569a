// GitHub's published OpenAPI description as a judge of requests and answers. Only what it says counts:
// an operation, parameter or field that it does not have is a fault.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { Ajv, type ValidateFunction } from "ajv";
import formats from "ajv-formats";
import { at, list, text } from "../sandbox/wire.ts";

/** A request as the server got it. */
export interface SeenRequest {
  readonly method: string;
  /** Without the prefix of the API, undecoded. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Buffer;
}

/** One operation of the description, met by a request. */
export interface Operation {
  /** `GET /repos/{owner}/{repo}` */
  readonly name: string;
  readonly values: ReadonlyMap<string, string>;
  /** What the description does not allow in this request. */
  faultsOfRequest(request: SeenRequest): string[];
  /** What it does not allow in this answer; a status that it does not name has to be an error. */
  faultsOfAnswer(status: number, body: unknown): string[];
}

const id = "github";
const file = createRequire(import.meta.url).resolve(
  "@octokit/openapi/generated/api.github.com.json",
);
/** References are made absolute, so that every schema can be compiled on its own. */
const description: unknown = JSON.parse(
  readFileSync(file, "utf8").replaceAll('"#/components/', `"${id}#/components/`),
);
const ajv = new Ajv({ strict: false, validateFormats: true, coerceTypes: false });
formats.default(ajv);
ajv.addSchema({ $id: id, components: at(description, "components") });
/** Query and path are text: "1" is a number there. */
const lax = new Ajv({ strict: false, coerceTypes: true });
formats.default(lax);
lax.addSchema({ $id: id, components: at(description, "components") });

/** The operation that `method` and `path` mean, or undefined when GitHub has none. */
export function findOperation(method: string, path: string): Operation | undefined {
  const found = templates
    .map((template) => ({ template, values: matchTemplate(template, path) }))
    .filter(({ values }) => values !== undefined)
    .sort((one, two) => (one.values?.size ?? 0) - (two.values?.size ?? 0));
  for (const { template, values = new Map<string, string>() } of found) {
    const operation = at(at(at(description, "paths"), template), method.toLowerCase());
    if (operation !== undefined) return judge(`${method} ${template}`, operation, values);
  }
  return undefined;
}

const templates = namesIn(at(description, "paths"));

function matchTemplate(template: string, path: string): Map<string, string> | undefined {
  const [wanted, given] = [template.split("/"), path.split("/")];
  if (wanted.length !== given.length) return undefined;
  const values = new Map<string, string>();
  for (const [index, part] of wanted.entries()) {
    const value = given[index] ?? "";
    const name = /^\{(\w+)\}$/.exec(part)?.[1];
    if (name === undefined ? part !== value : value === "") return undefined;
    if (name !== undefined) values.set(name, decodeURIComponent(value));
  }
  return values;
}

function judge(name: string, operation: unknown, values: ReadonlyMap<string, string>): Operation {
  const parameters = list(at(operation, "parameters") ?? []).map(dereference);
  return {
    name,
    values,
    faultsOfRequest: (request) => [
      ...parameterFaults(parameters, { values, query: request.query }),
      ...bodyFaults(at(operation, "requestBody"), request),
    ],
    faultsOfAnswer: (status, body) => answerFaults(at(operation, "responses"), status, body),
  };
}

function namesIn(value: unknown): string[] {
  return typeof value === "object" && value !== null ? Object.keys(value) : [];
}

function dereference(value: unknown): unknown {
  const reference = at(value, "$ref");
  if (reference === undefined) return value;
  const path = text(reference).replace(`${id}#/`, "").split("/");
  return path.reduce(at, description);
}

function parameterFaults(
  parameters: readonly unknown[],
  { values, query }: { values: ReadonlyMap<string, string>; query: URLSearchParams },
): string[] {
  const known = parameters.map((parameter) => ({
    name: text(at(parameter, "name")),
    place: text(at(parameter, "in")),
    required: at(parameter, "required") === true,
    schema: at(parameter, "schema"),
  }));
  const extra = [...query.keys()].filter(
    (name) => !known.some((parameter) => parameter.place === "query" && parameter.name === name),
  );
  return [
    ...extra.map((name) => `unknown query parameter ${name}`),
    ...known.flatMap(({ name, place, required, schema }) => {
      const value = place === "path" ? values.get(name) : (query.get(name) ?? undefined);
      if (value === undefined) return required ? [`no parameter ${name}`] : [];
      return schemaFaults(lax.compile({ type: "object", properties: { value: schema } }), {
        value,
      });
    }),
  ];
}

function bodyFaults(requestBody: unknown, { body, headers }: SeenRequest): string[] {
  if (requestBody === undefined) return body.length === 0 ? [] : ["a body that is not wanted"];
  const content = at(requestBody, "content");
  const type = (headers["content-type"] ?? "").split(";")[0] ?? "";
  const media = at(content, type);
  if (media === undefined) return [`content-type ${type}`];
  const schema = at(media, "schema");
  if (type !== "application/json") return [];
  const value: unknown = JSON.parse(body.toString("utf8"));
  return [...schemaFaults(ajv.compile(Object(schema)), value), ...extraFields(schema, value)];
}

/** GitHub ignores what it does not know, and so would a test. */
function extraFields(schema: unknown, value: unknown): string[] {
  const known = namesIn(at(schema, "properties"));
  return namesIn(value)
    .filter((name) => !known.includes(name))
    .map((name) => `unknown field ${name}`);
}

function answerFaults(responses: unknown, status: number, body: unknown): string[] {
  const declared = at(responses, String(status));
  if (declared === undefined)
    return status < 400 ? [`undeclared status ${status}`] : errorFaults(body);
  const content = at(dereference(declared), "content");
  if (content === undefined) return [];
  return schemaFaults(ajv.compile(Object(at(at(content, "application/json"), "schema"))), body);
}

function errorFaults(body: unknown): string[] {
  return schemaFaults(ajv.compile({ $ref: `${id}#/components/schemas/basic-error` }), body);
}

function schemaFaults(validate: ValidateFunction, value: unknown): string[] {
  validate(value);
  return (validate.errors ?? []).map(
    ({ instancePath, message = "" }) => `${instancePath} ${message}`,
  );
}
