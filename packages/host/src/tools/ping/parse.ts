import type { PingResult } from "@switchyard/model";

/**
 * Summary of ping, of iputils (`3 packets transmitted, 3 received`, `rtt min/avg/max/mdev`) and of busybox
 * (`3 packets received`, `round-trip min/avg/max`); undefined when there is none.
 */
export function parsePing(text: string): PingResult | undefined {
  const counts = /(\d+) packets transmitted, (\d+)(?: packets)? received/.exec(text);
  if (counts === null) return undefined;
  const average = /^(?:rtt|round-trip) min\/avg\/max(?:\/mdev)? = [\d.]+\/([\d.]+)\//m.exec(text);
  return {
    transmitted: Number(counts[1]),
    received: Number(counts[2]),
    rttAvgMs: average === null ? undefined : Number(average[1]),
  };
}
