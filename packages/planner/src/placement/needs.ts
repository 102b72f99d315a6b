import type {
  AffinityRule,
  Architecture,
  ExperimentId,
  HostId,
  ImageId,
  LabelSelector,
  NicKind,
  NumaPolicy,
  PlacementPolicy,
  VmId,
  VmRuntimeKind,
} from "@switchyard/model";

/** One NIC of a VM that is to be placed. */
export interface NicNeed {
  readonly kind: NicKind;
  /** Bridge of its network; no matter for `sriov`. */
  readonly bridge: string;
  /** 0 leaves the number to placement. */
  readonly queuePairs: number;
}

/** A VM of an experiment is on a host of the experiment. */
export interface HostPin {
  readonly experiment: ExperimentId;
  readonly host: HostId;
}

/** What a VM needs of its host. */
export interface PlacementNeeds {
  readonly vm: VmId;
  readonly vcpuCount: number;
  readonly memoryBytes: number;
  /** Undefined: ordinary pages. */
  readonly hugepageBytes?: number | undefined;
  /** At least one, all of one kind. */
  readonly nics: readonly NicNeed[];
  readonly hostSelector: LabelSelector;
  /** The one host that an experiment wants it on, cordoned or not. Undefined: any that no experiment has. */
  readonly pin?: HostPin | undefined;
  /** Undefined: `qemu`. */
  readonly runtime?: VmRuntimeKind;
  readonly numa: NumaPolicy;
  readonly policy: PlacementPolicy;
  readonly labels: LabelSelector;
  readonly affinity: readonly AffinityRule[];
  /** The image it boots from, and what that runs on where it says. */
  readonly image?: { readonly id: ImageId; readonly architecture?: Architecture | undefined };
}

/** Queue pairs that a NIC can't do without: it takes what there is when it leaves the choice open. */
export const leastQueuePairs = ({ kind, queuePairs }: NicNeed): number =>
  kind === "sriov" ? 0 : Math.max(1, queuePairs);
