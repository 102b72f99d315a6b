/** From the first sample of a row of `telemetry_raw` to its last, less than this. */
export const RUN_MS = 60_000;

/**
 * SQL for `series, ts, value` of samples. Its parts are expressions.
 *
 * @param range.from first time
 * @param range.rowsFrom that time less {@link RUN_MS}: a row begins so much before its last sample at most
 * @param range.to time after the last one
 * @param range.where condition on `series`
 */
export const rawSamples = (range: {
  readonly from: string;
  readonly rowsFrom: string;
  readonly to: string;
  readonly where: string;
}): string =>
  `SELECT series, ts, value FROM (
    SELECT series, ts + unnest(ARRAY[0] || later_ms) * interval '1 ms' AS ts,
      unnest(ARRAY[value] || later_values) AS value
    FROM telemetry_raw
    WHERE ts >= ${range.rowsFrom} AND ts < ${range.to} AND ${range.where}) AS runs
  WHERE ts >= ${range.from} AND ts < ${range.to}`;
