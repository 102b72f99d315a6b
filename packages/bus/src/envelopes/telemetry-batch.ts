import { type HostId, isMetricName, type Sample } from "@switchyard/model";
import { TelemetryBatch, type TelemetryFrame } from "@switchyard/proto";
import type { TelemetryReport } from "../agent-bus.ts";
import type { HeartbeatSender } from "./heartbeat.ts";

/** Largest batch, and the most samples in one; an agent sends several batches rather than a larger one. */
export const TELEMETRY_BATCH_BYTES_MAX = 512 * 1024;
export const TELEMETRY_BATCH_SAMPLES_MAX = 20_000;
/** Longest metric or object name. */
const NAME_LENGTH_MAX = 200;

/** Gives every name a number, in order of first use. */
class Dictionary {
  readonly names: string[] = [];
  readonly #indexes = new Map<string, number>();

  indexOf(name: string): number {
    const known = this.#indexes.get(name);
    if (known !== undefined) return known;
    this.#indexes.set(name, this.names.length);
    return this.names.push(name) - 1;
  }
}

export function encodeTelemetry(report: TelemetryReport, sender: HeartbeatSender): Uint8Array {
  const dictionary = new Dictionary();
  const frames = new Map<number, TelemetryFrame>();
  for (const sample of report.samples) {
    let frame = frames.get(sample.atMs);
    if (frame === undefined) {
      frame = { timeUnixMs: BigInt(Math.round(sample.atMs)), metric: [], object: [], value: [] };
      frames.set(sample.atMs, frame);
    }
    frame.metric.push(dictionary.indexOf(sample.metric));
    frame.object.push(dictionary.indexOf(sample.object));
    frame.value.push(sample.value);
  }
  return TelemetryBatch.encode({
    host: sender.host,
    hostEpoch: BigInt(sender.hostEpoch),
    session: sender.session,
    seq: BigInt(report.seq),
    dictionary: dictionary.names,
    frames: [...frames.values()],
    droppedCount: BigInt(report.droppedCount),
  }).finish();
}

/** Samples of one host as a controller receives them. */
export interface HostTelemetry {
  readonly host: HostId;
  readonly hostEpoch: number;
  readonly session: string;
  readonly seq: number;
  readonly samples: readonly Sample[];
  readonly droppedCount: number;
}

/**
 * Undefined where the bytes are no batch of the host that the subject names. Metrics this release does not
 * know are left out, so that a newer agent can send more.
 */
export function decodeTelemetry(bytes: Uint8Array, host: HostId): HostTelemetry | undefined {
  if (bytes.length > TELEMETRY_BATCH_BYTES_MAX) return undefined;
  try {
    const batch = TelemetryBatch.decode(bytes);
    const count = batch.frames.reduce((sum, frame) => sum + frame.value.length, 0);
    if (batch.host !== host || count > TELEMETRY_BATCH_SAMPLES_MAX) return undefined;
    if (batch.dictionary.some((name) => name.length > NAME_LENGTH_MAX)) return undefined;
    return {
      host,
      hostEpoch: Number(batch.hostEpoch),
      session: batch.session,
      seq: Number(batch.seq),
      samples: batch.frames.flatMap((frame) => samplesOf(frame, batch.dictionary)),
      droppedCount: Number(batch.droppedCount),
    };
  } catch {
    return undefined;
  }
}

function samplesOf(frame: TelemetryFrame, dictionary: readonly string[]): Sample[] {
  const atMs = Number(frame.timeUnixMs);
  const samples: Sample[] = [];
  frame.value.forEach((value, index) => {
    const metric = dictionary[frame.metric[index] ?? -1];
    const object = dictionary[frame.object[index] ?? -1];
    if (metric === undefined || object === undefined || !Number.isFinite(value)) return;
    if (isMetricName(metric)) samples.push({ metric, object, atMs, value });
  });
  return samples;
}
