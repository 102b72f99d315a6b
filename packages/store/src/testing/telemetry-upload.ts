import type { HostId, Sample } from "@switchyard/model";
import type { TelemetryUpload } from "../telemetry/telemetry-store.ts";

/** A batch of session `s1` that names all of its own series. */
export function wholeUpload(
  host: HostId,
  seq: number,
  samples: readonly Sample[],
): TelemetryUpload {
  const keys = samples.map(({ metric, object }) => `${metric}\n${object}`);
  const named = [...new Set(keys)];
  return {
    ...{ host, session: "s1", seq, droppedCount: 0, firstSeries: 0 },
    names: named.map((key) => samples[keys.indexOf(key)]!), // keys of the samples
    columns: {
      series: Int32Array.from(keys, (key) => named.indexOf(key)),
      atMs: Float64Array.from(samples, ({ atMs }) => atMs),
      value: Float64Array.from(samples, ({ value }) => value),
    },
  };
}
