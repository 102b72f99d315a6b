import assert from "node:assert/strict";
import { ApiError } from "@switchyard/client";

/** The error a call is refused with. */
export async function refusal(call: Promise<unknown>): Promise<ApiError> {
  const error = await call.then(
    (answer) => assert.fail(`was answered: ${JSON.stringify(answer, replaceBigint)}`),
    (caught: unknown) => caught,
  );
  assert.ok(error instanceof ApiError, String(error));
  return error;
}

/** Asserts that a call is refused with this reason and code. */
export async function refusedWith(
  reason: string,
  code: string,
  call: Promise<unknown>,
): Promise<ApiError> {
  const error = await refusal(call);
  assert.deepEqual({ reason: error.reason, code: error.code }, { reason, code }, error.message);
  return error;
}

const replaceBigint = (_key: string, value: unknown): unknown =>
  typeof value === "bigint" ? value.toString() : value;
