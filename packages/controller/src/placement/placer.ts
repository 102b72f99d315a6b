import { createCoalescer } from "@switchyard/bus";
import { InvariantError, type JobId, StoreError } from "@switchyard/model";
import { createJudgements } from "@switchyard/planner";
import { type Clock, newUuid, type Random } from "@switchyard/runtime";
import {
  type GroupOutcome,
  type PlacementGroup,
  type Store,
  toOutgoingJob,
} from "@switchyard/store";
import { noCapacity } from "../api/vms/no-capacity.ts";
import { startJobOf } from "../api/vms/vm-jobs.ts";
import type { Dispatch } from "../dispatch/dispatch.ts";
import type { FleetView } from "./fleet-view.ts";
import { type PlaceCall, type Placer, VMS_PER_CALL_MAX } from "./place-call.ts";
import {
  type Board,
  createBoard,
  type PreparedDraft,
  planDrafts,
  prepareDraft,
  ruleCheckOf,
  type UnplacedVm,
} from "./plan-drafts.ts";

/** Plans made for one call: each that turned out stale takes one. */
const ATTEMPTS_MAX = 32;

export interface PlacerParts {
  readonly store: Store;
  readonly view: FleetView;
  readonly clock: Clock;
  readonly random: Random;
  readonly dispatch: Pick<Dispatch, "send" | "hasRoom" | "wake">;
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
  readonly unplaced: readonly UnplacedVm[];
  /** Whether this process sends the jobs itself, right after the commit. */
  readonly isClaimed: boolean;
}

/** A batch holds what came while the one before was committing: alone, a call waits for nobody. */
class BatchingPlacer implements Placer {
  readonly #parts: PlacerParts;
  readonly #judgements = createJudgements();
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
    let plans = this.#planAll(open);
    if (plans.some(({ unplaced }) => unplaced.length > 0)) {
      // Refused only on what is so now; what was planned for others of the batch is planned on it anew.
      await this.#parts.view.catchUp();
      plans = this.#planAll(open);
    }
    const planned: Planned[] = [];
    for (const plan of plans) if (!(await this.#refuse(plan))) planned.push(plan);
    return planned;
  }

  /** All on the fleet as it is now: nothing is waited for between a plan and what it was made on. */
  #planAll(open: readonly Waiting[]): readonly Planned[] {
    const board = createBoard(this.#parts.view);
    return open.map((waiting) => this.#planOne(waiting, board));
  }

  #planOne(waiting: Waiting, board: Board): Planned {
    const { view, clock, random, dispatch } = this.#parts;
    const { call, drafts } = waiting;
    const newJobId = () => newUuid(clock, random) as JobId;
    // Of a call that is refused as a whole nothing may stay on the board.
    const before = [...board.candidates];
    const { planned, unplaced } = planDrafts(view, drafts, {
      board,
      judgements: this.#judgements,
      newJobId,
      staleCount: waiting.attempt,
    });
    if (unplaced.length > 0 && !call.isPartial) {
      board.candidates.splice(0, board.candidates.length, ...before);
    }
    const isClaimed = dispatch.hasRoom(planned.length);
    const group: PlacementGroup = {
      actor: call.actor,
      requestId: call.requestId,
      ...(call.traceparent !== undefined && { traceparent: call.traceparent }),
      request: call.request,
      vms: planned,
      rules: ruleCheckOf(drafts, planned),
      jobOf: (vm, around) => ({ ...startJobOf(vm, around), isClaimed }),
      answerOf: (vms) => call.answerOf({ vms, unplaced }),
    };
    return { waiting, group, unplaced, isClaimed };
  }

  /** Whether the call was ended because not enough of its VMs fit. */
  async #refuse({ waiting, group, unplaced }: Planned): Promise<boolean> {
    const { call, resolve, reject } = waiting;
    const [first] = unplaced;
    if (first === undefined || (call.isPartial && group.vms.length > 0)) return false;
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
    const { store, view } = this.#parts;
    const groups = planned.map(({ group }) => group);
    let outcomes: readonly GroupOutcome[];
    try {
      outcomes = await store.placement.place(groups, { isDryRun });
    } catch (error) {
      for (const { waiting } of planned) waiting.reject(error);
      return [];
    }
    if (!isDryRun) this.#send(planned, outcomes);
    const again = planned.flatMap(({ waiting }, at) =>
      this.#settle(waiting, outcomes[at], isDryRun),
    );
    const stale = outcomes.flatMap((each) => (each.kind === "stale" ? each.stale : []));
    if (stale.length > 0) await view.refresh([...new Set(stale.map(({ host }) => host))]);
    return this.#prepareAgain(again);
  }

  #send(planned: readonly Planned[], outcomes: readonly GroupOutcome[]): void {
    const { dispatch, onCommitted } = this.#parts;
    const made = planned.flatMap(({ isClaimed }, at) => {
      const outcome = outcomes[at];
      return outcome?.kind === "placed" ? [{ isClaimed, jobs: outcome.jobs }] : [];
    });
    if (made.length === 0) return;
    dispatch.send(
      made.flatMap(({ isClaimed, jobs }) => (isClaimed ? jobs.map(toOutgoingJob) : [])),
    );
    if (made.some(({ isClaimed }) => !isClaimed)) dispatch.wake();
    onCommitted();
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
