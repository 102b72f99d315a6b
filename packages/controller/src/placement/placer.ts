import { createCoalescer } from "@switchyard/bus";
import { InvariantError, type JobId, StoreError } from "@switchyard/model";
import { type Clock, newUuid, type Random } from "@switchyard/runtime";
import type { GroupOutcome, PlacementGroup, Store, VmRecord } from "@switchyard/store";
import { noCapacity } from "../api/vms/no-capacity.ts";
import { startJobOf } from "../api/vms/vm-jobs.ts";
import type { FleetView } from "./fleet-view.ts";
import {
  createBoard,
  type PreparedDraft,
  planDrafts,
  prepareDraft,
  ruleCheckOf,
  type UnplacedVm,
  type VmDraft,
} from "./plan-drafts.ts";

/** VMs of one call, and of one transaction. */
export const VMS_PER_CALL_MAX = 256;

/** Plans made for one call: each that turned out stale takes one. */
const ATTEMPTS_MAX = 32;

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

export interface PlacerParts {
  readonly store: Store;
  readonly view: FleetView;
  readonly clock: Clock;
  readonly random: Random;
  /** Called after each commit. */
  readonly onCommitted: () => void;
}

interface Waiting {
  readonly call: PlaceCall;
  drafts: readonly PreparedDraft[];
  attempt: number;
  resolve(answer: unknown): void;
  reject(error: unknown): void;
}

interface Planned {
  readonly waiting: Waiting;
  readonly group: PlacementGroup;
}

/** A batch holds what came while the one before was committing: alone, a call waits for nobody. */
class BatchingPlacer implements Placer {
  readonly #parts: PlacerParts;
  readonly #intake = createCoalescer<Waiting>({
    weightMax: VMS_PER_CALL_MAX,
    weigh: ({ drafts }) => drafts.length,
    inFlightMax: 1,
    flush: (batch) => this.#flush(batch, false),
  });

  constructor(parts: PlacerParts) {
    this.#parts = parts;
  }

  place(call: PlaceCall): Promise<unknown> {
    return this.#enter(call, (waiting) => this.#intake.add([waiting]));
  }

  rehearse(call: PlaceCall): Promise<unknown> {
    return this.#enter(call, (waiting) => this.#flush([waiting], true));
  }

  async #enter(call: PlaceCall, go: (waiting: Waiting) => Promise<void>): Promise<unknown> {
    const { view } = this.#parts;
    await view.fresh();
    const drafts = await this.#prepare(call);
    return new Promise((resolve, reject) => {
      go({ call, drafts, attempt: 0, resolve, reject }).catch(reject);
    });
  }

  async #prepare(call: PlaceCall): Promise<readonly PreparedDraft[]> {
    const drafts: PreparedDraft[] = [];
    for (const draft of call.drafts) drafts.push(await prepareDraft(this.#parts.view, draft));
    return drafts;
  }

  /** Again for those whose plan turned out stale, each a bounded number of times. */
  async #flush(batch: readonly Waiting[], isDryRun: boolean): Promise<void> {
    let open = batch;
    while (open.length > 0) {
      const planned = await this.#plan(open);
      open = await this.#write(planned, isDryRun);
    }
  }

  async #plan(open: readonly Waiting[]): Promise<readonly Planned[]> {
    const { view } = this.#parts;
    let isCurrent = false;
    let board = createBoard(view);
    const planned: Planned[] = [];
    for (const waiting of open) {
      let plan = this.#planOne(waiting, board);
      if (plan.unplaced.length > 0 && !isCurrent) {
        // Refused only on what is so now; what was planned for others of the batch is planned on it anew.
        await view.catchUp();
        isCurrent = true;
        board = createBoard(view);
        for (const each of planned.splice(0)) {
          const again = this.#planOne(each.waiting, board);
          if (!(await this.#refuse(each.waiting, again))) planned.push(again);
        }
        plan = this.#planOne(waiting, board);
      }
      if (!(await this.#refuse(waiting, plan))) planned.push(plan);
    }
    return planned;
  }

  #planOne(waiting: Waiting, board: ReturnType<typeof createBoard>) {
    const { view, clock, random } = this.#parts;
    const { call, drafts } = waiting;
    const newJobId = () => newUuid(clock, random) as JobId;
    // Of a call that is refused as a whole nothing may stay on the board.
    const before = [...board.candidates];
    const { planned, unplaced } = planDrafts(view, drafts, {
      board,
      newJobId,
      staleCount: waiting.attempt,
    });
    if (unplaced.length > 0 && !call.isPartial) {
      board.candidates.splice(0, board.candidates.length, ...before);
    }
    const group: PlacementGroup = {
      actor: call.actor,
      requestId: call.requestId,
      ...(call.traceparent !== undefined && { traceparent: call.traceparent }),
      request: call.request,
      vms: planned,
      rules: ruleCheckOf(drafts, planned),
      jobOf: startJobOf,
      answerOf: (vms) => call.answerOf({ vms, unplaced }),
    };
    return { waiting, group, unplaced };
  }

  /** Whether the call was ended because not enough of its VMs fit. */
  async #refuse(
    { call, resolve, reject }: Waiting,
    plan: { readonly group: PlacementGroup; readonly unplaced: readonly UnplacedVm[] },
  ): Promise<boolean> {
    const [first] = plan.unplaced;
    if (first === undefined || (call.isPartial && plan.group.vms.length > 0)) return false;
    await this.#answerRefusal(call, first).then(resolve, reject);
    return true;
  }

  /** A repeat has its answer, and whoever asks for a VM that exists wants to know just that. */
  #answerRefusal(call: PlaceCall, { id, reasons }: UnplacedVm): Promise<unknown> {
    const { actor, requestId, drafts, request } = call;
    return this.#parts.store.transaction({ actor, requestId }, (tx) =>
      tx.once(request, async () => {
        for (const draft of drafts) {
          if ((await tx.vms.find(draft.id)) === undefined) continue;
          const subject = `vms/${draft.id}`;
          throw new StoreError("NAME_TAKEN", `VM ${draft.id} exists already`, { subject });
        }
        throw noCapacity(id, reasons);
      }),
    );
  }

  /** Those whose plan was stale, with the view put right. */
  async #write(planned: readonly Planned[], isDryRun: boolean): Promise<readonly Waiting[]> {
    if (planned.length === 0) return [];
    const { store, view, onCommitted } = this.#parts;
    const groups = planned.map(({ group }) => group);
    let outcomes: readonly GroupOutcome[];
    try {
      outcomes = await store.placement.place(groups, { isDryRun });
    } catch (error) {
      for (const { waiting } of planned) waiting.reject(error);
      return [];
    }
    if (!isDryRun && outcomes.some(({ kind }) => kind === "placed")) onCommitted();
    const again = planned.flatMap(({ waiting }, at) =>
      this.#settle(waiting, outcomes[at], isDryRun),
    );
    const stale = outcomes.flatMap((each) => (each.kind === "stale" ? each.stale : []));
    if (stale.length > 0) await view.refresh([...new Set(stale.map(({ host }) => host))]);
    return this.#prepareAgain(again);
  }

  /** What is known of the networks may be what was stale. */
  async #prepareAgain(again: readonly Waiting[]): Promise<readonly Waiting[]> {
    const open: Waiting[] = [];
    for (const waiting of again) {
      try {
        waiting.drafts = await this.#prepare(waiting.call);
        open.push(waiting);
      } catch (error) {
        waiting.reject(error);
      }
    }
    return open;
  }

  #settle(
    waiting: Waiting,
    outcome: GroupOutcome | undefined,
    isDryRun: boolean,
  ): readonly Waiting[] {
    switch (outcome?.kind) {
      case "placed":
        if (!isDryRun) for (const vm of outcome.vms) this.#parts.view.note(vm);
        waiting.resolve(outcome.answer);
        return [];
      case "repeated":
        waiting.resolve(outcome.answer);
        return [];
      case "failed":
        waiting.reject(outcome.error);
        return [];
      case "stale": {
        waiting.attempt += 1;
        if (waiting.attempt < ATTEMPTS_MAX) return [waiting];
        const [first] = outcome.stale;
        const found = `${ATTEMPTS_MAX} plans, the last of them stale: ${first?.why} on ${first?.host}`;
        waiting.reject(
          new StoreError(
            "PLACEMENT_CONTENDED",
            "the fleet changed faster than VMs could be placed",
            {
              found,
            },
          ),
        );
        return [];
      }
      case undefined:
        throw new InvariantError("a group of VMs has no outcome");
    }
  }
}

export const createPlacer = (parts: PlacerParts): Placer => new BatchingPlacer(parts);
