// Errors as tests judge them: by class and code. Anything else that is thrown is a defect and fails the test.
import assert from "node:assert/strict";
import { type ErrorCode, SigstepError } from "../src/errors.ts";

/** The error with `code` that `action` must end with. */
export function refusal(code: ErrorCode, action: () => unknown): SigstepError {
  try {
    action();
  } catch (error) {
    return expect(code, error);
  }
  return assert.fail("nothing was refused");
}

/** Fails unless `action` is refused with `code`. */
export function refuses(code: ErrorCode, action: () => unknown): void {
  refusal(code, action);
}

/** The error with `code` that `promise` must end with. */
export async function rejection(code: ErrorCode, promise: Promise<unknown>): Promise<SigstepError> {
  try {
    await promise;
  } catch (error) {
    return expect(code, error);
  }
  return assert.fail("nothing was refused");
}

/** The error with `code` and this step of verification that `promise` must end with. */
export async function rejectionAt(
  step: number,
  code: ErrorCode,
  promise: Promise<unknown>,
): Promise<SigstepError> {
  const error = await rejection(code, promise);
  assert.equal(error.step?.number, step, error.message);
  return error;
}

function expect(code: ErrorCode, error: unknown): SigstepError {
  if (!(error instanceof SigstepError)) throw error;
  assert.equal(error.code, code, error.message);
  return error;
}

/** Whether `action` gives a value or one of our errors: all that bytes from outside may lead to. */
export function isContained(action: () => unknown): boolean {
  try {
    action();
  } catch (error) {
    if (!(error instanceof SigstepError)) throw error;
  }
  return true;
}

/** How often a property is tried. */
export const runs = process.env.SLOW === "1" ? 50_000 : 500;
