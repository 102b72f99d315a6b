import type { PlacementGroup, VmRecord } from "@switchyard/store";
import type { UnplacedVm, VmDraft } from "./plan-drafts.ts";

/** VMs of one call, and of one transaction. */
export const VMS_PER_CALL_MAX = 256;

/** What was placed, and what fits nowhere. */
export interface PlacedVms {
  readonly vms: readonly VmRecord[];
  /** Empty unless as many as fit were asked for. */
  readonly unplaced: readonly UnplacedVm[];
}

/** VMs to place, all of them or, where that is said, as many as fit. */
export interface PlaceCall {
  readonly actor: string;
  /** Goes into the audit. */
  readonly requestId: string;
  /** W3C `traceparent` of the call. */
  readonly traceparent?: string;
  /** Undefined: no replay. */
  readonly request: PlacementGroup["request"];
  /** 1 to {@link VMS_PER_CALL_MAX}, each name once. */
  readonly drafts: readonly VmDraft[];
  readonly isPartial: boolean;
  /** The call's answer, as JSON: a repeat is given the same. */
  readonly answerOf: (placed: PlacedVms) => unknown;
}

/** Places VMs: those of many callers in one transaction. */
export interface Placer {
  /**
   * Resolves with the answer once it is committed.
   *
   * @throws StoreError NAME_TAKEN, NETWORK_NOT_FOUND, IMAGE_NOT_FOUND, IP_POOL_EXHAUSTED, IP_TAKEN,
   *   MAC_POOL_EXHAUSTED, MAC_TAKEN, REQUEST_ID_REUSED
   * @throws PlanningError LINT_FAILED
   * @throws PreconditionError NO_CAPACITY
   */
  place(call: PlaceCall): Promise<unknown>;
  /** The same, rolled back: what it would be, constraints included. */
  rehearse(call: PlaceCall): Promise<unknown>;
}
