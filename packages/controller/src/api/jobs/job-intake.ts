import { createCoalescer } from "@switchyard/bus";
import { assert } from "@switchyard/model";
import {
  type BatchedJobDraft,
  type JobCreation,
  type JobRecord,
  type OutgoingJob,
  type Store,
  toOutgoingJob,
} from "@switchyard/store";
import type { Dispatch } from "../../dispatch/dispatch.ts";

/** Jobs that one transaction creates; the store takes 1000. */
const BATCH_MAX = 256;
/** Transactions under way: while one commits the next gathers. */
const IN_FLIGHT_MAX = 2;

/** Takes jobs that need nothing but themselves, and writes those of many callers in one transaction. */
export interface JobIntake {
  /**
   * Resolves once the job is committed; it is sent at once.
   *
   * @throws StoreError HOST_NOT_FOUND, REQUEST_ID_REUSED
   */
  submit(draft: BatchedJobDraft): Promise<JobRecord>;
  /**
   * The same for many jobs, all of them or none, in a transaction of their own.
   *
   * @throws StoreError the first refusal
   */
  submitAll(drafts: readonly BatchedJobDraft[]): Promise<readonly JobRecord[]>;
}

interface Waiting {
  readonly draft: BatchedJobDraft;
  readonly resolve: (job: JobRecord) => void;
  readonly reject: (error: unknown) => void;
}

export interface JobIntakeParts {
  readonly store: Pick<Store, "dispatch">;
  readonly dispatch: Pick<Dispatch, "send" | "hasRoom" | "wake">;
  /** Called after each commit. */
  readonly onCommitted: () => void;
}

const outgoing = (outcomes: readonly JobCreation[]): readonly OutgoingJob[] =>
  outcomes.flatMap((outcome) => (outcome.kind === "created" ? [toOutgoingJob(outcome.job)] : []));

/** A batch holds what came while the one before was committing: alone, a job waits for nobody. */
export function createJobIntake({ store, dispatch, onCommitted }: JobIntakeParts): JobIntake {
  const flush = async (batch: readonly Waiting[]) => {
    const drafts = batch.map(({ draft }) => ({ ...draft, isClaimed: true }));
    const outcomes = await store.dispatch.createJobs(drafts);
    dispatch.send(outgoing(outcomes));
    onCommitted();
    for (const [index, { resolve, reject }] of batch.entries()) {
      const outcome = outcomes[index];
      assert(outcome !== undefined, "one outcome per draft");
      if (outcome.kind === "refused") reject(outcome.error);
      else resolve(outcome.job);
    }
  };
  const intake = createCoalescer<Waiting>({
    weightMax: BATCH_MAX,
    weigh: () => 1,
    inFlightMax: IN_FLIGHT_MAX,
    flush,
  });
  return {
    submit: (draft) =>
      new Promise((resolve, reject) => {
        intake.add([{ draft, resolve, reject }]).catch(reject);
      }),
    submitAll: async (drafts) => {
      const isClaimed = dispatch.hasRoom(drafts.length);
      const made = await store.dispatch.createAllJobs(
        drafts.map((draft) => ({ ...draft, isClaimed })),
      );
      if (isClaimed) dispatch.send(outgoing(made));
      else dispatch.wake();
      onCommitted();
      return made.map(({ job }) => job);
    },
  };
}
