import type { Host } from "@switchyard/host";
import type { Inventory, MetricName } from "@switchyard/model";
import type { Clock } from "@switchyard/runtime";

/** How often a source is read at the most, by what a reading costs and how fast the source changes. */
export const RATES_MS = { "1s": 1_000, "5s": 5_000, "10s": 10_000, "60s": 60_000 } as const;
export type Rate = keyof typeof RATES_MS;

/** One reading of one source. */
export interface Pass {
  readonly host: Host;
  readonly clock: Clock;
  /** Says which netdevs, VFs and VMs there are; counters are read afresh. */
  readonly inventory: Inventory;
  /** An undefined value is no sample: a gap tells the truth, a zero would look like a reset counter. */
  add(metric: MetricName, object: string, value: number | undefined): void;
  /**
   * What `read` gives; undefined where the host refuses. A source or an object that is not there is no failure;
   * everything else is counted as one, and what follows is read all the same.
   */
  attempt<Value>(read: () => Promise<Value>): Promise<Value | undefined>;
}

/** One place where a host tells something of itself. Those that compute differences keep what they saw last. */
export interface Source {
  readonly name: string;
  readonly rate: Rate;
  /** @throws what the host refuses; the collector counts it and goes on with the other sources */
  read(pass: Pass): Promise<void>;
}
