/*
 * What iperf3 prints with -J. Source: esnet/iperf src/iperf_api.c and src/iperf_client_api.c, 3.12; streams are
 * summed up.
 */

export interface Iperf3Figures {
  readonly port: number;
  readonly remote: string;
  readonly local: string;
  readonly streamCount: number;
  readonly durationSeconds: number;
  /** Lengths of intervals, and bytes in each. */
  readonly seconds: readonly number[];
  readonly bytes: readonly number[];
  readonly isSender: boolean;
  readonly atSeconds: number;
}

const VERSION = "iperf 3.12";
const SYSTEM = "Linux simulated 5.14.0-427.13.1.el9_4.x86_64 #1 SMP PREEMPT_DYNAMIC x86_64";

const total = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0);

function sumOf(figures: Iperf3Figures, isSender: boolean) {
  const seconds = total(figures.seconds);
  const bytes = Math.round(total(figures.bytes));
  return {
    ...{ start: 0, end: seconds, seconds, bytes },
    bits_per_second: seconds === 0 ? 0 : (bytes * 8) / seconds,
    ...(isSender && { retransmits: 0 }),
    sender: figures.isSender,
  };
}

function intervals({ seconds, bytes, isSender }: Iperf3Figures) {
  let start = 0;
  return seconds.map((length, at) => {
    const from = start;
    start += length;
    const own = Math.round(bytes[at] ?? 0);
    const sum = {
      ...{ start: from, end: start, seconds: length, bytes: own },
      bits_per_second: length === 0 ? 0 : (own * 8) / length,
      ...(isSender && { retransmits: 0 }),
      ...{ omitted: false, sender: isSender },
    };
    return { streams: [], sum };
  });
}

export function iperf3Report(figures: Iperf3Figures): string {
  const { port, remote, local, streamCount, durationSeconds, atSeconds } = figures;
  const report = {
    start: {
      connected: Array.from({ length: streamCount }, (_, at) => ({
        ...{ socket: 5 + 2 * at, local_host: local, local_port: 40_000 + 2 * at },
        ...{ remote_host: remote, remote_port: port },
      })),
      version: VERSION,
      system_info: SYSTEM,
      timestamp: { timesecs: Math.floor(atSeconds) },
      test_start: {
        ...{ protocol: "TCP", num_streams: streamCount, blksize: 131_072, omit: 0 },
        ...{ duration: durationSeconds, bytes: 0, blocks: 0, reverse: 0, tos: 0 },
      },
    },
    intervals: intervals(figures),
    end: {
      streams: [],
      sum_sent: sumOf(figures, true),
      sum_received: sumOf(figures, false),
      sender_tcp_congestion: "cubic",
      receiver_tcp_congestion: "cubic",
    },
  };
  return `${JSON.stringify(report)}\n`;
}

/** A failure; with -J the exit status is 0 all the same. */
export const iperf3Error = (error: string): string =>
  `${JSON.stringify({ start: { connected: [], version: VERSION, system_info: SYSTEM }, intervals: [], end: {}, error })}\n`;
