// Reading JSON in the tests of the sandbox: each reader narrows or fails the test.
import assert from "node:assert/strict";

/** Field `name` of a JSON object; undefined when absent. */
export function at(value: unknown, name: string): unknown {
  assert.ok(typeof value === "object" && value !== null, `no object around ${name}`);
  return new Map<string, unknown>(Object.entries(value)).get(name);
}

/** The value of an object's one member. */
export function onlyMember(value: unknown): unknown {
  assert.ok(typeof value === "object" && value !== null);
  const members: unknown[] = Object.values(value);
  assert.equal(members.length, 1);
  return members[0];
}

/** Follows `names` from the outside in. */
export function dig(value: unknown, ...names: readonly string[]): unknown {
  return names.reduce(at, value);
}

export function text(value: unknown): string {
  assert.ok(typeof value === "string");
  return value;
}

export function list(value: unknown): readonly unknown[] {
  assert.ok(Array.isArray(value));
  return value;
}

export async function getJson(url: string, headers: Record<string, string> = {}): Promise<unknown> {
  const answer = await fetch(url, { headers });
  assert.equal(answer.status, 200);
  return answer.json();
}

export async function postJson(
  url: string,
  body: unknown,
): Promise<{ status: number; headers: Headers; body: unknown }> {
  const answer = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  return { status: answer.status, headers: answer.headers, body: await answer.json() };
}
