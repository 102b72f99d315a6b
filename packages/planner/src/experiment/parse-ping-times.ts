import type { LatencyReading } from "@switchyard/model";
import type { NoReading } from "./parse-iperf3.ts";

const MICROS_PER_MS = 1000;
const WORDS_MAX = 300;

/** Every round trip that ping printed, of iputils and of busybox alike. @see ping(8) */
export function parsePingTimes(text: string): LatencyReading | NoReading {
  const counts = /(\d+) packets transmitted, (\d+)(?: packets)? received/.exec(text);
  if (counts === null)
    return { error: `ping: ${text.trim().slice(-WORDS_MAX) || "printed nothing"}` };
  const times = [...text.matchAll(/\btime=([\d.]+) ms/g)].map((match) => Number(match[1]));
  if (times.length === 0) return { error: `ping: none of ${counts[1]} came back` };
  return {
    tool: "ping",
    sent: Number(counts[1]),
    received: Number(counts[2]),
    roundTripMicros: times.map((ms) => ms * MICROS_PER_MS),
  };
}
