import type { ControllerBus } from "@switchyard/bus";
import type { HostId, JobId } from "@switchyard/model";
import {
  type Clock,
  formatTraceparent,
  type Logger,
  parseTraceparent,
  type Service,
  startLoop,
  type Tracer,
} from "@switchyard/runtime";
import type { DispatchStore, OutgoingJob } from "@switchyard/store";
import type { StreamRecovery } from "./stream-recovery.ts";
import type { Waker } from "./waker.ts";

/**
 * Takes jobs from the outbox to NATS. One runs on every controller. A row stays in the outbox, and is sent
 * again ever more rarely, until the host's `accepted` ends it; the broker holds one envelope of a job, so
 * sending again costs nothing.
 */
export interface Relay extends Service {
  /** Publishes jobs whose outbox rows this process wrote as claimed. */
  send(jobs: readonly OutgoingJob[]): void;
  /** Whether so many more jobs may be sent now; where not, their rows are to be written unclaimed. */
  hasRoom(count: number): boolean;
}

export interface RelayParts {
  readonly outbox: Pick<DispatchStore, "claimOutbox" | "delayOutbox">;
  readonly bus: Pick<ControllerBus, "publishJobs" | "ensureHosts" | "ring" | "isConnected">;
  readonly recovery: Pick<StreamRecovery, "streamsGone">;
  /** Woken when something was committed to the outbox. */
  readonly waker: Waker;
  readonly tracer?: Tracer;
  /** Told how many jobs were published, and whether for the first time. */
  readonly onSent?: (count: number, isFirst: boolean) => void;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Rows of one claim; at 100 the database gives 50 000 rows a second, so more gains nothing. */
const CLAIM_MAX = 256;
/** Publishes in flight; the loop claims no more while so many wait. */
const IN_FLIGHT_MAX = 1_024;
/** The outbox is looked at so often without being woken: for rings that were lost, and resends. */
const POLL_MS = 250;
/** Pause after the database did not answer. */
const DATABASE_PAUSE_MS = 500;
/** A job whose publish has an unknown outcome, or met a full stream, is due again then. */
const UNPUBLISHED_DELAY_MS = 1_000;
/** From this send on the host's consumer is suspected to be missing. */
const SUSPICIOUS_SENDS = 2;

export function createRelay(parts: RelayParts): Relay {
  const { outbox, bus, recovery, waker, clock, log } = parts;
  const underWay = new Set<Promise<void>>();
  let inFlight = 0;
  let waitsForRoom = false;

  const publish = async (jobs: readonly OutgoingJob[]) => {
    inFlight += jobs.length;
    const traced = jobs.map(trace);
    const outcomes = await bus.publishJobs(traced.map(({ job }) => job)).finally(() => {
      inFlight -= jobs.length;
      for (const { span } of traced) span?.end();
    });
    if (waitsForRoom) waker.wake();
    countSent(jobs);
    const unpublished: JobId[] = [];
    let isAbsent = false;
    jobs.forEach((job, index) => {
      const outcome = outcomes[index];
      if (outcome === "absent") isAbsent = true;
      else if (outcome === "unknown" || outcome === "full") unpublished.push(job.job);
    });
    if (isAbsent) recovery.streamsGone();
    if (unpublished.length > 0) {
      log.warn({ count: unpublished.length }, "jobs were not published; they are tried again");
      await outbox.delayOutbox(unpublished, UNPUBLISHED_DELAY_MS);
    }
    await ensureConsumers(jobs);
  };

  /** The host's part of the trace goes below the sending of it. */
  const trace = (job: OutgoingJob) => {
    const parent = parseTraceparent(job.traceparent);
    if (parent === undefined || parts.tracer === undefined) return { job, span: undefined };
    const attributes = { "switchyard.job": job.job, "switchyard.sends": job.sends };
    const span = parts.tracer.start("send job", { parent, kind: "producer", attributes });
    return { job: { ...job, traceparent: formatTraceparent(span.context) }, span };
  };

  const countSent = (jobs: readonly OutgoingJob[]) => {
    const firstCount = jobs.filter(({ sends }) => sends === 1).length;
    if (firstCount > 0) parts.onSent?.(firstCount, true);
    if (firstCount < jobs.length) parts.onSent?.(jobs.length - firstCount, false);
  };

  /** The job is queued, yet nobody took it: an old snapshot of NATS's storage may lack the consumer. */
  const ensureConsumers = async (jobs: readonly OutgoingJob[]) => {
    const hosts = new Set<HostId>();
    for (const job of jobs) if (job.sends >= SUSPICIOUS_SENDS) hosts.add(job.host);
    if (hosts.size > 0 && bus.isConnected()) await bus.ensureHosts([...hosts]);
  };

  const send = (jobs: readonly OutgoingJob[]) => {
    if (jobs.length === 0) return;
    const work = publish(jobs)
      // The rows stay in the outbox and are due again by their schedule.
      .catch((error: unknown) => log.warn({ error }, "publishing jobs failed"))
      .finally(() => underWay.delete(work));
    underWay.add(work);
  };

  const round = async (signal: AbortSignal) => {
    const room = IN_FLIGHT_MAX - inFlight;
    waitsForRoom = room <= 0;
    if (room <= 0 || !bus.isConnected()) return waker.wait(POLL_MS, signal);
    const jobs = await outbox.claimOutbox(Math.min(CLAIM_MAX, room));
    send(jobs);
    if (jobs.length < CLAIM_MAX) return waker.wait(POLL_MS, signal);
    // More than one claim's worth waits: let the other controllers help.
    bus.ring();
  };

  const loop = startLoop(
    async (signal) => {
      while (!signal.aborted) {
        try {
          await round(signal);
        } catch (error) {
          log.warn({ error }, "the outbox can't be read");
          await clock.sleep(DATABASE_PAUSE_MS, signal);
        }
      }
    },
    (error) => log.error({ error }, "the relay ended"),
  );
  return {
    send,
    hasRoom: (count) => inFlight + count <= IN_FLIGHT_MAX,
    stop: async () => {
      await loop.stop();
      await Promise.all(underWay);
    },
  };
}
