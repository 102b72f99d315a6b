import {
  type ControllerBus,
  createCoalescer,
  type DecodedEvents,
  type Delivery,
} from "@switchyard/bus";
import { type JobEvent, SwitchyardError } from "@switchyard/model";
import type { Logger, Service } from "@switchyard/runtime";
import type { DispatchStore, JobEventBatch, JobEventOutcome } from "@switchyard/store";
import type { HostCommands } from "../dispatch/host-commands.ts";
import type { HostKeys } from "./host-keys.ts";

export interface EventIngestParts {
  readonly bus: Pick<ControllerBus, "consumeEvents">;
  readonly store: Pick<DispatchStore, "applyEventBatches">;
  readonly keys: Pick<HostKeys, "checkAll">;
  readonly commands: Pick<HostCommands, "jobAgain">;
  readonly log: Logger;
  /** Called after a commit that ended jobs or moved them. */
  readonly onCommitted?: () => void;
}

/** Events of one transaction; while it runs the next batch gathers, so batches grow with load alone. */
const EVENTS_PER_COMMIT = 800;
/** An envelope that came before the one it follows is tried again so often before a replay is asked. */
const GAP_DELIVERIES_MAX = 4;
const GAP_DELAY_MS = 30;
/** The host is asked again after this pause where it did not answer. */
const HOST_AWAY_DELAY_MS = 2_000;
/** After the database did not answer. */
const DATABASE_DELAY_MS = 1_000;

type EventDelivery = Delivery<DecodedEvents>;

/** Takes job events to the database, many hosts' in one transaction, and acknowledges after its commit. */
export function startEventIngest(parts: EventIngestParts): Service {
  const { bus, log } = parts;
  const commits = createCoalescer<EventDelivery>({
    weightMax: EVENTS_PER_COMMIT,
    weigh: (delivery) => delivery.content.events.length,
    inFlightMax: 1,
    flush: (deliveries) => ingest(parts, deliveries),
  });
  const subscription = bus.consumeEvents((delivery) => {
    commits.add([delivery]).catch((error: unknown) => log.error({ error }, "event ingest failed"));
  });
  return {
    stop: async () => {
      await subscription.stop();
      await commits.idle();
    },
  };
}

async function ingest(parts: EventIngestParts, received: readonly EventDelivery[]): Promise<void> {
  try {
    const trusted = await withoutForgeries(parts, received);
    await commit(parts, trusted);
  } catch (error) {
    parts.log.warn({ error, count: received.length }, "events wait for the database");
    for (const delivery of received) delivery.retry(DATABASE_DELAY_MS);
  }
}

async function withoutForgeries(
  { keys, log }: EventIngestParts,
  received: readonly EventDelivery[],
): Promise<readonly EventDelivery[]> {
  const verdicts = await keys.checkAll(received.map((delivery) => delivery.content));
  return received.filter((delivery, index) => {
    const verdict = verdicts[index];
    if (verdict === "valid") return true;
    delivery.reject();
    log.warn({ host: delivery.content.host, verdict }, "job events refused");
    return false;
  });
}

/** Commits all or, where the database refuses something of it, each alone, so that one can't hold up the rest. */
async function commit(
  parts: EventIngestParts,
  deliveries: readonly EventDelivery[],
): Promise<void> {
  if (deliveries.length === 0) return;
  try {
    await commitTogether(parts, deliveries);
  } catch (error) {
    if (isDatabaseAway(error)) throw error;
    const [only] = deliveries;
    if (deliveries.length > 1) {
      for (const delivery of deliveries) await commit(parts, [delivery]);
    } else if (only !== undefined) {
      only.reject();
      parts.log.error({ error, host: only.content.host }, "job events can't be stored");
    }
  }
}

const isDatabaseAway = (error: unknown): boolean =>
  error instanceof SwitchyardError && error.reason === "DATABASE_UNAVAILABLE";

async function commitTogether(
  parts: EventIngestParts,
  deliveries: readonly EventDelivery[],
): Promise<void> {
  const batches = batchesOf(deliveries);
  const outcomes = await parts.store.applyEventBatches(batches.map((batch) => batch.events));
  const gaps = new Map<EventDelivery, JobEventBatch[]>();
  batches.forEach((batch, index) => {
    const outcome = outcomes[index];
    if (outcome?.kind === "stale") logStale(parts.log, batch.events, outcome);
    if (outcome?.kind !== "gap") return;
    for (const delivery of batch.deliveries) {
      gaps.set(delivery, [...(gaps.get(delivery) ?? []), batch.events]);
    }
  });
  for (const delivery of deliveries) {
    const missing = gaps.get(delivery);
    if (missing === undefined) delivery.ack();
    else settleGap(parts, delivery, missing);
  }
  parts.onCommitted?.();
}

function logStale(
  log: Logger,
  { host, job, epoch }: JobEventBatch,
  outcome: JobEventOutcome & { readonly kind: "stale" },
): void {
  log.info({ host, job, epoch, why: outcome.why }, "events of an older assignment dropped");
}

/**
 * Another controller may hold the events between and commit them any moment; only when they stay away is
 * the host asked for all events of the job again.
 */
function settleGap(
  { commands, log }: EventIngestParts,
  delivery: EventDelivery,
  gaps: readonly JobEventBatch[],
): void {
  if (delivery.deliveryCount < GAP_DELIVERIES_MAX) {
    delivery.retry(GAP_DELAY_MS * 2 ** delivery.deliveryCount);
    return;
  }
  for (const { host, job, epoch } of gaps) {
    log.warn({ host, job, epoch }, "events are missing; asking the host for them");
  }
  Promise.all(gaps.map(({ host, job, epoch }) => commands.jobAgain({ host, id: job, epoch }))).then(
    () => delivery.ack(),
    () => delivery.retry(HOST_AWAY_DELAY_MS),
  );
}

interface MergedBatch {
  readonly events: JobEventBatch;
  readonly deliveries: readonly EventDelivery[];
}

/** One batch per host, epoch and job, with the events of all envelopes in order. */
function batchesOf(deliveries: readonly EventDelivery[]): readonly MergedBatch[] {
  const merged = new Map<
    string,
    { host: EventDelivery["content"]; events: JobEvent[]; from: Set<EventDelivery> }
  >();
  for (const delivery of deliveries) {
    for (const event of delivery.content.events) {
      const key = `${event.job} ${event.epoch} ${event.host} ${delivery.content.hostEpoch}`;
      let entry = merged.get(key);
      if (entry === undefined) {
        entry = { host: delivery.content, events: [], from: new Set() };
        merged.set(key, entry);
      }
      entry.events.push(event);
      entry.from.add(delivery);
    }
  }
  return [...merged.values()].flatMap(({ host, events, from }) => {
    const [first] = events;
    if (first === undefined) return [];
    events.sort((left, right) => left.seq - right.seq);
    const { job, epoch } = first;
    return [
      {
        events: { host: host.host, hostEpoch: host.hostEpoch, job, epoch, events },
        deliveries: [...from],
      },
    ];
  });
}
