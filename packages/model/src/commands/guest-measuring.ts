import type { Ipv4Address } from "../values/ipv4.ts";

/** A program in a guest, as its agent runs it. */
type GuestArgv = readonly [program: string, ...args: string[]];

const MS_PER_SECOND = 1000;

/** One run, as both of its ends are told of it. */
export interface Iperf3Run {
  readonly target: Ipv4Address;
  /** 1 to 65535. */
  readonly port: number;
  /** Whole seconds. */
  readonly durationMs: number;
  readonly streamCount: number;
}

/** A stream has some 350 bytes in the report of each interval, and a guest's agent takes 256 KiB. */
const STREAM_INTERVALS_MAX = 400;
/** @see iperf3(1), --interval */
const INTERVAL_SECONDS_MAX = 60;

/** Seconds; 1 unless the report would be larger than is taken. */
function intervalOf({ durationMs, streamCount }: Iperf3Run): string {
  const streamSeconds = (durationMs / MS_PER_SECOND) * streamCount;
  const seconds = Math.ceil(streamSeconds / STREAM_INTERVALS_MAX);
  return String(Math.min(INTERVAL_SECONDS_MAX, Math.max(1, seconds)));
}

/** The receiving end: it ends by itself once the run has. @see iperf3(1), --one-off */
export const iperf3Server = (run: Iperf3Run): GuestArgv => [
  ...(["iperf3", "-s", "-1", "-J", "-p"] as const),
  String(run.port),
  "-i",
  intervalOf(run),
];

/** The sending end. It ends with 0 also where it failed: its JSON then has an `error`. @see esnet/iperf src/iperf_api.c, 3.12 */
export const iperf3Client = (run: Iperf3Run): GuestArgv => [
  "iperf3",
  "-c",
  run.target,
  "-J",
  "-p",
  String(run.port),
  "-t",
  String(run.durationMs / MS_PER_SECOND),
  "-P",
  String(run.streamCount),
  "-i",
  intervalOf(run),
];

/** Between two echo requests of a latency run; shorter than 0.2 s is root's alone. @see ping(8), -i */
export const LATENCY_PING_INTERVAL_MS = 10;

/** Echo requests whose every round trip is printed. */
export const latencyPing = (target: Ipv4Address, count: number): GuestArgv => [
  "ping",
  "-n",
  "-i",
  String(LATENCY_PING_INTERVAL_MS / MS_PER_SECOND),
  "-c",
  String(count),
  target,
];

/** One echo request, to see whether the other end is there. */
export const reachPing = (target: Ipv4Address): GuestArgv => ["ping", "-c", "1", "-W", "1", target];
