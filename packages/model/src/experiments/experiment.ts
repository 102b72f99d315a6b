import type { HostId } from "../ids/ids.ts";
import type { HostKind } from "../inventory/inventory.ts";

/**
 * A way of plugging a VM in: a VF passed through, a vDPA device with its flows in the card (`vdpa`), or the same with
 * `hw-offload=false`, its flows in the host's software (`vdpa-sw`).
 */
export const EXPERIMENT_MODES = ["sriov", "vdpa", "vdpa-sw"] as const;
export type ExperimentMode = (typeof EXPERIMENT_MODES)[number];

/** One run of iperf3 from the first VM of the pair to the second. */
export interface ThroughputReading {
  readonly tool: string;
  /** At the receiver, mean of the run. */
  readonly bitsPerSecond: number;
  /** At the receiver, one for each second of the run, or of as few seconds as the tool could report. */
  readonly bitsPerSecondOfIntervals: readonly number[];
  readonly bytes: number;
  readonly seconds: number;
  readonly streamCount: number;
  readonly retransmits: number;
}

/** One run of ping from the first VM of the pair to the second. */
export interface LatencyReading {
  readonly tool: string;
  readonly sent: number;
  readonly received: number;
  /** Whole round trips of those that came back, in the order sent. */
  readonly roundTripMicros: readonly number[];
}

/** CPU of a host while throughput was measured. */
export interface CpuReading {
  readonly host: HostId;
  /** Mean of CPU threads not idle, 0 to the host's count of them. */
  readonly busyThreads: number;
}

/** `rapl`: the CPU packages only; `ipmi` and `redfish`: the whole host. Never added up across sources. */
export type PowerSource = "rapl" | "ipmi" | "redfish";

/** Power of a host while throughput was measured. */
export interface PowerReading {
  readonly host: HostId;
  readonly source: PowerSource;
  readonly joules: number;
  readonly seconds: number;
  /** Mean before any load. */
  readonly idleWatts: number | undefined;
}

/** Whether the card carried the flows of the mode on a host; told in mode `vdpa` only, after the warm-up. */
export interface OffloadReading {
  readonly host: HostId;
  readonly isProven: boolean;
  /** What was seen, in words. */
  readonly found: string;
}

/** What one round of one mode measured, raw. */
export interface ExperimentRound {
  readonly mode: ExperimentMode;
  /** 1 to the number of rounds. */
  readonly round: number;
  readonly startedAtMs: number;
  readonly throughput: ThroughputReading;
  /** Undefined where nobody measured it: in published figures. */
  readonly latency: LatencyReading | undefined;
  readonly cpu: readonly CpuReading[];
  /** Empty where the host has no source of it. */
  readonly power: readonly PowerReading[];
  /** Left out in modes that put nothing into the card; what says otherwise is a round of software. */
  readonly offload?: readonly OffloadReading[];
}

/** What may make two experiments differ, by host: `kernel`, `firmware`, `ovs`, `qemu`, `cpu` and the like. */
export interface EnvironmentOfHost {
  readonly host: HostId;
  readonly facts: Readonly<Record<string, string>>;
}

/** What an experiment has to show, complete in itself; also what is exported and imported. */
export interface ExperimentResult {
  readonly experiment: string;
  /** `reference` is published data that nobody measured here. */
  readonly ground: HostKind | "reference";
  readonly startedAtMs: number;
  readonly endedAtMs: number;
  readonly environment: readonly EnvironmentOfHost[];
  readonly rounds: readonly ExperimentRound[];
}
