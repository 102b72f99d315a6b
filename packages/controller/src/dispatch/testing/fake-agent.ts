import { type AgentBus, createAgentBus, type HostKey, type SigningKey } from "@switchyard/bus";
import type { HostId, Job, JobEvent, JobEventBody, JobId } from "@switchyard/model";
import { silentLogger, systemClock, systemRandom } from "@switchyard/runtime";
import { waitFor } from "@switchyard/testkit";

/** An agent that takes every job once, remembers it, and says at once that it succeeded. */
export interface FakeAgent {
  readonly bus: AgentBus;
  /** Jobs whose effect happened, in order. */
  readonly effects: readonly JobId[];
  /** Deliveries, repeated ones included. */
  readonly deliveries: readonly JobId[];
  readonly replays: readonly JobId[];
  /** Jobs taken while false keep their results back until they are asked for. */
  setReporting(isReporting: boolean): void;
  close(): Promise<void>;
}

export interface FakeAgentOptions {
  readonly servers: readonly string[];
  readonly host: HostId;
  readonly hostEpoch: number;
  readonly key: HostKey;
  readonly signingKey: SigningKey;
}

/** Longer than any outage of these tests. */
const REPORT_DEADLINE_MS = 60_000;

const eventsOf = (job: Job): readonly JobEvent[] => {
  const bodies: readonly JobEventBody[] = [
    { kind: "accepted", bootId: "boot" },
    {
      kind: "ended",
      state: "succeeded",
      result: { changedSteps: 0, ping: undefined, leftState: undefined },
      failure: undefined,
    },
  ];
  return bodies.map((body, index) => ({
    host: job.host,
    job: job.id,
    epoch: job.epoch,
    seq: index + 1,
    atMs: Date.now(),
    body,
  }));
};

export async function startFakeAgent(options: FakeAgentOptions): Promise<FakeAgent> {
  const { signingKey, ...identity } = options;
  const bus = await createAgentBus({
    ...identity,
    controllers: [signingKey],
    clock: systemClock,
    random: systemRandom,
    log: silentLogger,
  });
  const ledger = new Map<JobId, Job>();
  const effects: JobId[] = [];
  const deliveries: JobId[] = [];
  const replays: JobId[] = [];
  /** Decided when the job is taken: what is taken and what is told is not done in the same instant. */
  const keptBack = new Set<JobId>();
  let isReporting = true;
  /** As an agent does: until the broker has them. */
  const report = async (job: Job) => {
    await waitFor(
      () =>
        bus.publishEvents(eventsOf(job)).then(
          () => true,
          () => false,
        ),
      { deadlineMs: REPORT_DEADLINE_MS },
    );
  };
  bus.consumeJobs(async (received) => {
    const { job } = received;
    deliveries.push(job.id);
    if (!ledger.has(job.id)) {
      if (!isReporting) keptBack.add(job.id);
      effects.push(job.id);
    }
    ledger.set(job.id, job);
    await received.accept();
    if (!keptBack.has(job.id)) await report(job);
  });
  bus.onCommand(async ({ verb, job }) => {
    const known = job === undefined ? undefined : ledger.get(job);
    if (verb === "job-again" && known !== undefined) {
      replays.push(known.id);
      await report(known);
    }
    return { isDone: true, reason: undefined, message: "" };
  });
  return {
    bus,
    effects,
    deliveries,
    replays,
    setReporting: (value) => {
      isReporting = value;
    },
    close: () => bus.close(),
  };
}
