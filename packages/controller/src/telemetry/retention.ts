import type { InvalidInputError } from "@switchyard/model";
import { RETENTION_DEFAULT, type Retention } from "@switchyard/store";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const RAW_HOURS = { min: 2, max: 24 * 31 };
const ROLLUP_DAYS = { min: 1, max: 3_650 };

/** Settings of how long telemetry is kept. */
export const RETENTION_KEYS = [
  "telemetry_raw_hours",
  "telemetry_1m_days",
  "telemetry_15m_days",
  "telemetry_6h_days",
] as const;
type RetentionKey = (typeof RETENTION_KEYS)[number];

/** Each level must outlive the finer one: what it rolls up would else be gone before. */
const ORDER = [
  ["raw", "1m", "telemetry_1m_days"],
  ["1m", "15m", "telemetry_15m_days"],
  ["15m", "6h", "telemetry_6h_days"],
] as const;

/** @throws InvalidInputError CONFIG_INVALID */
export function readRetention(
  read: (
    key: RetentionKey,
    range: { readonly min: number; readonly max: number },
  ) => number | undefined,
  invalid: (key: string, needs: string) => InvalidInputError,
): Retention {
  const days = (key: RetentionKey, byDefault: number): number => {
    const count = read(key, ROLLUP_DAYS);
    return count === undefined ? byDefault : count * DAY_MS;
  };
  const hours = read("telemetry_raw_hours", RAW_HOURS);
  const retention: Retention = {
    raw: hours === undefined ? RETENTION_DEFAULT.raw : hours * HOUR_MS,
    "1m": days("telemetry_1m_days", RETENTION_DEFAULT["1m"]),
    "15m": days("telemetry_15m_days", RETENTION_DEFAULT["15m"]),
    "6h": days("telemetry_6h_days", RETENTION_DEFAULT["6h"]),
  };
  for (const [finer, level, key] of ORDER) {
    if (retention[level] >= retention[finer]) continue;
    throw invalid(key, "no shorter than the finer level before it is kept");
  }
  return retention;
}
