import type { ThroughputReading } from "@switchyard/model";

/** Why a run gave no figures. */
export interface NoReading {
  readonly error: string;
}

/** Of an interval that is cut off by the end of the run, the rate says nothing. */
const INTERVAL_SECONDS_MIN = 0.5;
/** Words of a tool that are kept of what could not be read. */
const WORDS_MAX = 300;

type Json = Readonly<Record<string, unknown>>;
const isRecord = (value: unknown): value is Json =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const at = (value: unknown, ...keys: readonly string[]): unknown =>
  keys.reduce((inner, key) => (isRecord(inner) ? inner[key] : undefined), value);
const numberAt = (value: unknown, ...keys: readonly string[]): number | undefined => {
  const found = at(value, ...keys);
  return typeof found === "number" && Number.isFinite(found) ? found : undefined;
};

/** The server of 3.12 prints words before its JSON where a test before it failed. */
function parseReport(text: string): Json | undefined {
  const open = text.indexOf("{");
  if (open < 0) return undefined;
  try {
    const value: unknown = JSON.parse(text.slice(open));
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function intervalsOf(server: Json): readonly number[] {
  const intervals = server["intervals"];
  return (Array.isArray(intervals) ? intervals : []).flatMap((interval: unknown) => {
    const rate = numberAt(interval, "sum", "bits_per_second");
    const seconds = numberAt(interval, "sum", "seconds") ?? 0;
    return rate === undefined || seconds < INTERVAL_SECONDS_MIN ? [] : [rate];
  });
}

const wordsOf = (text: string): string =>
  text.trim() === "" ? "printed nothing" : text.trim().slice(-WORDS_MAX);

/**
 * What one run measured, from what both its ends printed. The mean is the sender's account of what the receiver
 * took; the seconds are the receiver's own.
 *
 * @see esnet/iperf src/iperf_api.c, iperf_json_finish (3.12); an `error` comes with exit status 0
 */
export function parseIperf3(client: string, server: string): ThroughputReading | NoReading {
  const sent = parseReport(client);
  if (sent === undefined) return { error: `iperf3: ${wordsOf(client)}` };
  const error = sent["error"];
  if (typeof error === "string") return { error: `iperf3: ${error}` };
  const received = parseReport(server);
  if (received === undefined) return { error: `iperf3 server: ${wordsOf(server)}` };
  const sum = at(sent, "end", "sum_received");
  const bitsPerSecond = numberAt(sum, "bits_per_second");
  const bytes = numberAt(sum, "bytes");
  const seconds = numberAt(sum, "seconds");
  if (bitsPerSecond === undefined || bytes === undefined || seconds === undefined) {
    return { error: "iperf3: its report has no end.sum_received" };
  }
  const version = at(sent, "start", "version");
  return {
    tool: typeof version === "string" ? version : "iperf3",
    ...{ bitsPerSecond, bytes, seconds },
    bitsPerSecondOfIntervals: intervalsOf(received),
    streamCount: numberAt(sent, "start", "test_start", "num_streams") ?? 1,
    retransmits: numberAt(sent, "end", "sum_sent", "retransmits") ?? 0,
  };
}
