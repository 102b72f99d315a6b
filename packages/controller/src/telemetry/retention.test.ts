import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { InvalidInputError } from "@switchyard/model";
import { RETENTION_DEFAULT } from "@switchyard/store";
import { readRetention } from "./retention.ts";

const read = (values: Readonly<Record<string, number>>) =>
  readRetention(
    (key) => values[key],
    (key, needs) => new InvalidInputError("CONFIG_INVALID", key, { needs }),
  );

describe("readRetention", () => {
  it("keeps each level as long as by default unless told", () => {
    assert.deepEqual(read({}), RETENTION_DEFAULT);
    const { raw, ...rollups } = read({ telemetry_raw_hours: 48 });
    assert.equal(raw, 48 * 3_600_000);
    assert.deepEqual({ ...rollups, raw: RETENTION_DEFAULT.raw }, RETENTION_DEFAULT);
  });

  it("refuses a level that would be gone before it is rolled up", () => {
    assert.throws(() => read({ telemetry_15m_days: 7 }), { message: "telemetry_15m_days" });
    assert.throws(() => read({ telemetry_raw_hours: 72, telemetry_1m_days: 2 }), {
      message: "telemetry_1m_days",
    });
  });
});
