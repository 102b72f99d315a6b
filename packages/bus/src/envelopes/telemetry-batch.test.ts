import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { deflateRawSync } from "node:zlib";
import { METRICS, type MetricName, parseHostId, type Sample } from "@switchyard/model";
import { TelemetryBatch, TelemetryContent } from "@switchyard/proto";
import { seededRandom } from "@switchyard/runtime";
import { encodeColumns } from "../telemetry/columns.ts";
import { createTelemetryEncoder, decodeTelemetry, type SeriesName } from "./telemetry-batch.ts";

const SEED = Number(process.env["SEED"] ?? 20_261_127);
const host = parseHostId("host-a");
const sender = { host, hostEpoch: 3, session: "s" };
const START_MS = Date.UTC(2026, 10, 27);

/** What a reader that knows the names so far makes of a batch. */
function read(bytes: Uint8Array, known: SeriesName[] = []): Sample[] {
  const batch = decodeTelemetry(bytes, host);
  assert.ok(batch !== undefined);
  known.splice(batch.firstSeries, batch.names.length, ...batch.names);
  const { series, atMs, value } = batch.columns;
  return [...series.keys()].flatMap((at) => {
    const name = known[series[at]!];
    return name === undefined ? [] : [{ ...name, atMs: atMs[at]!, value: value[at]! }];
  });
}

const keyOf = ({ metric, object, atMs }: Sample) => `${metric} ${object} ${atMs}`;
const byKey = (samples: readonly Sample[]) =>
  [...samples].sort((left, right) => (keyOf(left) < keyOf(right) ? -1 : 1));

describe("telemetry batch", () => {
  const vf = (index: number, atMs: number, value: number): Sample => ({
    ...{ metric: "nic.vf.rx_bytes", object: `0000:82:00.0/vf${index}`, atMs, value },
  });
  const encode = (
    samples: readonly Sample[],
    isWhole = false,
    encoder = createTelemetryEncoder(sender),
  ) => encoder.encode({ samples, droppedCount: 5, isWhole });

  it("names a series in the first batch that has it, and all of them when asked to", () => {
    const encoder = createTelemetryEncoder(sender);
    const batches = [
      encode([vf(0, 1, 2), vf(0, 2, 3)], true, encoder),
      encode([vf(1, 3, 4), vf(0, 3, 5)], false, encoder),
      encode([vf(1, 4, 6)], false, encoder),
      encode([vf(1, 5, 7)], true, encoder),
    ].map(({ bytes }) => decodeTelemetry(bytes, host)!);
    assert.deepEqual(
      batches.map(({ seq, firstSeries, names }) => [seq, firstSeries, names.length]),
      [
        [1, 0, 1],
        [2, 1, 1],
        [3, 2, 0],
        [4, 0, 2],
      ],
    );
    const { columns, names, ...rest } = batches[0]!;
    assert.deepEqual(rest, { ...sender, seq: 1, droppedCount: 5, firstSeries: 0 });
    assert.deepEqual(
      batches[3]?.names.map((name) => name?.object),
      ["0000:82:00.0/vf0", "0000:82:00.0/vf1"],
    );
  });

  it(`gives every sample back as it was (seed ${SEED})`, () => {
    const random = seededRandom(SEED);
    const metrics = Object.keys(METRICS) as MetricName[];
    const odd = [0, -0, -1, 0.1, -273.15, 1 / 3, 2 ** 53, -(2 ** 60), 1e300, 5e-324, 1e-6, 1234.56];
    const known: SeriesName[] = [];
    const encoder = createTelemetryEncoder(sender);
    for (let round = 0; round < 20; round += 1) {
      const samples = Array.from(
        { length: Math.floor(random.float() * 500) },
        (_, at): Sample => ({
          metric: metrics[Math.floor(random.float() * metrics.length)]!,
          object: `o${Math.floor(random.float() * 9)}`,
          atMs: START_MS + 1_000 * at + Math.floor(random.float() * 1_000),
          value:
            random.float() < 0.3
              ? odd[Math.floor(random.float() * odd.length)]!
              : (random.float() - 0.3) * 10 ** Math.floor(random.float() * 18),
        }),
      );
      const { bytes } = encode(samples, round % 7 === 0, encoder);
      assert.deepEqual(byKey(read(bytes, known)), byKey(samples));
    }
  });

  it("takes a few bytes for a sample of a busy host", () => {
    const random = seededRandom(SEED);
    const encoder = createTelemetryEncoder(sender);
    const values = new Float64Array(600);
    const frame = (from: number) =>
      Array.from({ length: 10 }, (_, second) =>
        [...values.keys()].map((index) => {
          values[index]! += Math.floor(random.float() * 1e8);
          return vf(index, START_MS + (from + second) * 1_000, values[index]!);
        }),
      ).flat();
    encode(frame(0), true, encoder);
    const { bytes, sampleCount } = encode(frame(10), false, encoder);
    assert.ok(bytes.length / sampleCount < 5, `${bytes.length / sampleCount} bytes a sample`);
  });

  it("leaves out series of metrics it does not know", () => {
    const columns = encodeColumns({
      series: Int32Array.of(0, 1),
      atMs: Float64Array.of(1, 1),
      value: Float64Array.of(7, 8),
    });
    const content = TelemetryContent.encode({
      firstSeries: 0,
      metric: ["nic.future.metric", "vm.running"],
      object: ["a", "vm-a"],
      columns: Buffer.from(columns),
    }).finish();
    const bytes = TelemetryBatch.encode({
      ...{ host, hostEpoch: 3n, session: "s", seq: 1n, dictionary: [], frames: [] },
      ...{ droppedCount: 0n, content: deflateRawSync(content) },
    }).finish();
    assert.deepEqual(read(bytes), [{ metric: "vm.running", object: "vm-a", atMs: 1, value: 8 }]);
  });

  it("refuses what is no batch of the host, or was cut or altered", () => {
    const { bytes } = encode([vf(0, 1, 2), vf(1, 1, 3)], true);
    assert.equal(decodeTelemetry(bytes, parseHostId("host-b")), undefined);
    for (let size = 0; size < bytes.length; size += 1) {
      assert.equal(decodeTelemetry(bytes.subarray(0, size), host), undefined);
    }
    const bomb = TelemetryBatch.encode({
      ...{ host, hostEpoch: 3n, session: "s", seq: 1n, dictionary: [], frames: [] },
      ...{ droppedCount: 0n, content: deflateRawSync(Buffer.alloc(16 * 1024 * 1024)) },
    }).finish();
    assert.equal(decodeTelemetry(bomb, host), undefined);
  });
});
