import type { AgentBus, CommandAnswer, ReceivedCommand, ReceivedJob } from "@switchyard/bus";
import type { JobEvent, JobId } from "@switchyard/model";
import type { Random } from "@switchyard/runtime";
import type { JobEntry } from "../ledger/entries.ts";
import type { Ledger } from "../ledger/ledger.ts";
import { acceptedEntry } from "../ledger/state.ts";
import { createSnapshotRecorder, noSnapshots } from "../snapshots/recorder.ts";
import { acceptanceRecords, judge } from "./acceptance.ts";
import { createEventSender } from "./event-sender.ts";
import { createJobJournal } from "./job-journal.ts";
import type { JobObserver, ObservedJob } from "./job-observer.ts";
import type { JobRun, RunnerParts } from "./job-run.ts";
import { createKeyedLocks } from "./keyed-locks.ts";
import { createLanes, type Lane, laneOf } from "./lanes.ts";
import { runJob } from "./run-job.ts";
import { createTopology } from "./topology.ts";

/** Jobs accepted and not ended; further ones stay in the queue. */
const LIVE_JOBS_MAX = 256;
const DEFER_MS = { full: 5_000, trouble: 15_000, superseded: 1_000 } as const;

export interface JobsParts extends RunnerParts {
  readonly ledger: Ledger;
  readonly bus: AgentBus;
  readonly random: Random;
  readonly bootId: string;
  /** A job that may have changed the host came to its end. */
  readonly onChanged: () => void;
  /** The ledger can't be written any more: the agent must end and be started anew. */
  readonly onFatal: (error: unknown) => void;
  readonly observe: JobObserver;
}

/** Takes jobs in, runs them, and answers for them. */
export interface Jobs {
  /** Goes on with what the ledger holds: unfinished jobs and unsent events. */
  resume(): void;
  receive(received: ReceivedJob): Promise<void>;
  cancel(command: ReceivedCommand): Promise<CommandAnswer>;
  repeat(command: ReceivedCommand): Promise<CommandAnswer>;
  /** Jobs that have not ended, in the order they were accepted. */
  live(): readonly { readonly job: JobId; readonly epoch: number }[];
  /** Whether a job of the VM was accepted and has not ended. */
  isAtWorkOn(vm: string): boolean;
  /** Waits until every running job is at a step's boundary. */
  stop(): Promise<void>;
}

interface LiveJob {
  readonly epoch: number;
  readonly lane: Lane;
  readonly abort: AbortController;
  readonly done: Promise<void>;
}

export function createJobs(parts: JobsParts): Jobs {
  const { ledger, bus, clock, log } = parts;
  const { state } = ledger;
  const sender = createEventSender(parts);
  const lanes = createLanes();
  const locks = createKeyedLocks();
  const live = new Map<JobId, LiveJob>();
  /** Copies of one job are looked at one after the other. */
  const arriving = new Map<JobId, Promise<void>>();
  let isStopping = false;

  const runOf = (entry: JobEntry, signal: AbortSignal, observed: ObservedJob): JobRun => ({
    ...parts,
    observed,
    log: log.child({ traceId: observed.traceId }),
    journal: createJobJournal(
      { host: bus.host, ledger, clock, onEvents: ({ job }) => sender.wake(job.id) },
      entry,
    ),
    snapshots:
      entry.job.spec.kind === "apply-host"
        ? createSnapshotRecorder({ ...parts, job: entry.job.id })
        : noSnapshots,
    locks,
    topology: createTopology(parts.read),
    signal,
  });

  const work = async (entry: JobEntry, signal: AbortSignal) => {
    if (isStopping) return;
    const observed = parts.observe(entry.job);
    try {
      const end = await runJob(runOf(entry, signal, observed), () => isStopping);
      if (end === "ended" && laneOf(entry.job.spec).kind !== "read") parts.onChanged();
    } finally {
      observed.left();
    }
  };

  const start = (entry: JobEntry) => {
    const { id, epoch, spec } = entry.job;
    const abort = new AbortController();
    const lane = laneOf(spec);
    const done = lanes
      .run(lane, () => work(entry, abort.signal))
      .catch(parts.onFatal)
      .finally(() => live.delete(id));
    live.set(id, { epoch, lane, abort, done });
  };

  /**
   * Durable before anyone hears of it; a job that is stale already is accepted to be ended as failed.
   *
   * A job that only looks starts meanwhile: its acceptance, its end and what is between share a sync and an
   * envelope where it is quick.
   */
  const accept = async (received: ReceivedJob) => {
    const { id, spec } = received.job;
    const context = { host: bus.host, bootId: parts.bootId, nowMs: clock.nowMs() };
    const records = acceptanceRecords(state, received, context);
    const entry = acceptedEntry(records, id);
    const onlyLooks = laneOf(spec).kind === "read";
    const durable = ledger.append(records);
    if (onlyLooks) start(entry);
    await durable;
    await parts.crash.reach({ job: spec.kind, step: "job", phase: "after-accept" });
    sender.wake(id);
    if (!onlyLooks) start(entry);
    await received.accept();
  };

  const take = async (received: ReceivedJob) => {
    const { id, epoch } = received.job;
    if (ledger.trouble === "LEDGER_FULL") await ledger.append([]);
    const verdict = judge(ledger, received.job, received.expireAtMs);
    switch (verdict.kind) {
      case "trouble":
        log.warn({ job: id, reason: verdict.reason }, "the ledger takes no job");
        received.defer(DEFER_MS.trouble);
        return;
      case "new":
        if (live.size >= LIVE_JOBS_MAX) received.defer(DEFER_MS.full);
        else await accept(received);
        return;
      case "supersedes":
        await cancelLive(id);
        received.defer(DEFER_MS.superseded);
        return;
      case "duplicate":
        sender.repeat(id);
        await received.accept();
        return;
      case "forgotten":
        if (verdict.lastEvent !== undefined) await bus.publishEvents(remainder(verdict.lastEvent));
        await received.accept();
        return;
      case "stale": {
        const body = { kind: "rejected-stale", acceptedEpoch: verdict.acceptedEpoch } as const;
        const atMs = clock.nowMs();
        await bus.publishEvents([{ host: bus.host, job: id, epoch, seq: 1, atMs, body }]);
        await received.accept();
      }
    }
  };

  const cancelLive = async (job: JobId) => {
    if (state.job(job)?.isCancelled === false) await ledger.append([{ kind: "cancel", job }]);
    live.get(job)?.abort.abort();
  };

  return {
    resume: () => {
      for (const entry of state.jobs()) {
        if (entry.isLocal) continue;
        sender.wake(entry.job.id);
        if (!entry.hasEnded) start(entry);
      }
    },
    receive: async (received) => {
      const { id } = received.job;
      const before = arriving.get(id) ?? Promise.resolve();
      const taken = before.then(() => take(received));
      const settled = taken.catch(() => undefined);
      arriving.set(id, settled);
      try {
        await taken;
      } finally {
        if (arriving.get(id) === settled) arriving.delete(id);
      }
    },
    cancel: async ({ job, epoch }) => {
      const entry = job === undefined ? undefined : state.job(job);
      if (entry === undefined || (epoch !== undefined && epoch !== entry.job.epoch)) return UNKNOWN;
      if (entry.hasEnded) return done("the job has ended already");
      await cancelLive(entry.job.id);
      return done("the job stops before its next step");
    },
    repeat: async ({ job }) => {
      const lastEvent = job && state.forgotten(job)?.lastEvent;
      if (lastEvent !== undefined) await bus.publishEvents(remainder(lastEvent));
      else if (job === undefined || state.job(job) === undefined) return UNKNOWN;
      else sender.repeat(job);
      return done("the job's events are published again");
    },
    live: () => [...live].map(([job, { epoch }]) => ({ job, epoch })),
    isAtWorkOn: (vm) => [...live.values()].some(({ lane }) => lane.kind === "vm" && lane.vm === vm),
    stop: async () => {
      isStopping = true;
      for (const { abort } of live.values()) abort.abort();
      await Promise.all([...live.values()].map((job) => job.done));
      await sender.stop();
    },
  };
}

/**
 * What is left to tell of a job whose events were dropped: its last one, and before it that there is nothing
 * else, without which the controller would wait for those between, and the job never end for it.
 */
function remainder(last: JobEvent): readonly JobEvent[] {
  if (last.seq === 1) return [last];
  return [{ ...last, seq: last.seq - 1, body: { kind: "events-dropped", firstSeq: 1 } }, last];
}

const done = (message: string): CommandAnswer => ({ isDone: true, reason: undefined, message });

const UNKNOWN: CommandAnswer = {
  isDone: false,
  reason: "JOB_NOT_FOUND",
  message: "this host does not have the job",
};
