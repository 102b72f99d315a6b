import type { HostId, ImageSpec, NetworkId, NetworkSpec, VmId } from "@switchyard/model";
import type { ResidentRecord } from "../fleet/fleet-store.ts";
import type { JobDraft, JobRecord } from "../jobs/job-record.ts";
import type { RequestKey } from "../requests/request.ts";
import type { VmPlacement, VmRecord } from "../vms/vm-queries.ts";

/** A VM's place as it was planned, with what it was planned on. */
export interface PlannedVm extends VmPlacement {
  /** Etag of the host's record; where it moved, the plan may be wrong. */
  readonly hostEtag: string;
  /** Bridges of the NICs' networks. */
  readonly bridges: readonly string[];
  /** Etags of the NICs' networks, by name. */
  readonly networkEtags: Readonly<Record<string, string>>;
}

/** VMs whose rules are to be kept whatever races: read again where the host can't change any more. */
export interface RuleCheck {
  /** Other VMs that a rule of a required `together` names; read from the whole fleet. */
  readonly members: readonly (
    | { readonly labels: Readonly<Record<string, string>> }
    | { readonly group: string }
  )[];
  /**
   * Which of the group's VMs can't be where they were planned.
   *
   * @param residents of the hosts that were planned, and of those where members are
   */
  readonly refuse: (residents: ReadonlyMap<HostId, readonly ResidentRecord[]>) => readonly VmId[];
}

/** Records that a placed VM's job tells of, as they are in the transaction. */
export interface PlacedAround {
  /** Undefined where the VM boots from none. */
  readonly image: ImageSpec | undefined;
  readonly networks: ReadonlyMap<NetworkId, NetworkSpec>;
}

/** VMs that are placed together, all of them or none. */
export interface PlacementGroup {
  /** `users/…`; goes into the audit. */
  readonly actor: string;
  /** Goes into the audit. */
  readonly requestId: string;
  /** W3C `traceparent` of the call; its jobs belong to that trace. */
  readonly traceparent?: string;
  /** Undefined: no replay. */
  readonly request: Omit<RequestKey, "actor"> | undefined;
  readonly vms: readonly PlannedVm[];
  /** Undefined where no VM of the group has labels or rules. */
  readonly rules: RuleCheck | undefined;
  /** The job that starts a VM; the draft's id is the one the placement names. It shares its host. */
  readonly jobOf: (vm: VmRecord, around: PlacedAround) => JobDraft;
  /** What is stored as the request's answer. */
  readonly answerOf: (vms: readonly VmRecord[]) => unknown;
}

/** Why a VM can't be where it was planned: the plan was made on what is no longer so. */
export type StalePlace =
  | "host-changed"
  | "host-busy"
  | "network-changed"
  | "slot-taken"
  | "slot-unknown"
  | "vcpu"
  | "memory"
  | "affinity";

export interface StaleVm {
  readonly vm: VmId;
  readonly host: HostId;
  readonly why: StalePlace;
}

export type GroupOutcome =
  | {
      readonly kind: "placed";
      readonly vms: readonly VmRecord[];
      /** Those that start them, in their order. */
      readonly jobs: readonly JobRecord[];
      readonly answer: unknown;
    }
  /** The request id was answered before: this is that answer. */
  | { readonly kind: "repeated"; readonly answer: unknown }
  /** Nothing of the group was done: look again at the hosts, and plan anew. */
  | { readonly kind: "stale"; readonly stale: readonly StaleVm[] }
  /** Nothing of the group was done. */
  | { readonly kind: "failed"; readonly error: unknown };

/** Writes what placement decided. */
export interface PlacementStore {
  /**
   * Takes everything that the groups' VMs need, and makes the jobs that start them: one transaction, few round
   * trips, each group whole or not at all, one outcome each, in order. The hosts' rows are locked, so that what is
   * checked stays so; unique constraints stand behind it.
   *
   * Failures of a group: NAME_TAKEN, NETWORK_NOT_FOUND, IMAGE_NOT_FOUND, IP_POOL_EXHAUSTED, IP_TAKEN,
   * MAC_POOL_EXHAUSTED, MAC_TAKEN, REQUEST_ID_REUSED.
   *
   * @throws StoreError DATABASE_UNAVAILABLE, for all of them
   */
  place(
    groups: readonly PlacementGroup[],
    options?: { readonly isDryRun?: boolean },
  ): Promise<readonly GroupOutcome[]>;
}
