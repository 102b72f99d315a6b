import type { HostId, ImageId, NetworkId } from "../ids/ids.ts";
import type { ExperimentMode, OffloadReading, PowerSource } from "./experiment.ts";

/** What both VMs of the pair are in every mode. */
export interface ExperimentVmSpec {
  readonly vcpuCount: number;
  readonly memoryBytes: number;
  /** Of vDPA NICs; 0 leaves the number to placement. In mode `sriov` the guest's driver makes as many as it likes. */
  readonly queuePairs: number;
}

/** What is measured, between which hosts, and how long. */
export interface ExperimentSpec {
  /** One to three, each once. They are gone through in an order by chance. */
  readonly modes: readonly ExperimentMode[];
  /** One, which then runs both VMs, or two. The first VM, which sends, is on the first. */
  readonly hosts: readonly HostId[];
  readonly network: NetworkId;
  /** Holds qemu-guest-agent and iperf3. */
  readonly image: ImageId;
  readonly vm: ExperimentVmSpec;
  /** Of each mode. */
  readonly roundCount: number;
  /** Of one run of iperf3, milliseconds, whole seconds. */
  readonly durationMs: number;
  /** Of the run before the first round that is thrown away, milliseconds, whole seconds; 0: none. */
  readonly warmUpMs: number;
  /** Over which CPU and power are read before any load, milliseconds. */
  readonly idleMs: number;
  /** TCP connections side by side. */
  readonly streamCount: number;
  /** Echo requests of one round; 0: latency is not measured. */
  readonly pingCount: number;
  /** VMs of others may stay on the hosts where no mode takes their NIC away. */
  readonly allowsOtherVms: boolean;
}

export const LIMITS_OF_EXPERIMENT = {
  /** The VMs have the experiment's name and `-1`, `-2`. */
  nameLengthMax: 61,
  hostsMax: 2,
  vcpusDefault: 4,
  memoryBytesDefault: 4 * 1024 ** 3,
  roundsDefault: 5,
  roundsMax: 50,
  durationMsDefault: 10_000,
  durationMsMin: 1_000,
  durationMsMax: 300_000,
  warmUpMsDefault: 3_000,
  warmUpMsMax: 60_000,
  idleMsDefault: 3_000,
  idleMsMax: 300_000,
  streamsDefault: 4,
  streamsMax: 128,
  pingsDefault: 100,
  pingsMax: 1_000,
} as const;

/**
 * ```
 * switching --> starting --> measuring --> clearing --> (switching, the next mode)
 *     '------------'-------------'------------'--> restoring --> succeeded | failed | cancelled
 * ```
 * - switching: the hosts are brought to the mode.
 * - starting: the VM pair is placed and started.
 * - measuring: idle, warm-up, then the rounds of the mode.
 * - clearing: the VM pair is deleted.
 * - restoring: whatever happened, what is left of the pair is deleted and the hosts go back to their profile.
 *
 * The last three are never left.
 */
export const EXPERIMENT_STATES = [
  "switching",
  "starting",
  "measuring",
  "clearing",
  "restoring",
  "succeeded",
  "failed",
  "cancelled",
] as const;
export type ExperimentState = (typeof EXPERIMENT_STATES)[number];

/** What an experiment ends as, known from when it begins to restore its hosts. */
export type ExperimentOutcome = Extract<ExperimentState, "succeeded" | "failed" | "cancelled">;

export const isExperimentEnd = (state: ExperimentState): state is ExperimentOutcome =>
  state === "succeeded" || state === "failed" || state === "cancelled";

/** What tools printed in a round, as they did; each cut at {@link ROUND_OUTPUT_BYTES_MAX}. */
export interface RoundOutput {
  readonly client: string;
  readonly server: string;
  readonly ping: string;
}

export const ROUND_OUTPUT_BYTES_MAX = 256 * 1024;

/** What was seen of a mode before its first round. */
export interface ModeBaseline {
  readonly idle: readonly IdlePower[];
  /** Empty in modes that put nothing into the card. */
  readonly offload: readonly OffloadReading[];
}

/** Mean power of a host before any load. */
export interface IdlePower {
  readonly host: HostId;
  readonly source: PowerSource;
  readonly watts: number;
}
