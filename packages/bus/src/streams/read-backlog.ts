import type { JetStreamManager } from "nats";
import {
  EVENT_STREAM,
  jobStream,
  SHARD_COUNT,
  STATE_STREAM,
  telemetryStream,
} from "../subjects.ts";
import { INGEST_CONSUMER } from "./stream-configs.ts";

/** Messages of one kind at the broker, all shards together. */
export interface BacklogOfKind {
  readonly kind: "jobs" | "events" | "state" | "telemetry";
  /** Not delivered yet; of jobs: not acknowledged yet. */
  readonly pendingCount: number;
  /** Delivered and not acknowledged; of jobs 0, because each host has a consumer of its own. */
  readonly unackedCount: number;
  /** Deliveries that had to be made again and are not acknowledged. */
  readonly redeliveredCount: number;
}

const sum = (numbers: readonly number[]): number =>
  numbers.reduce((total, each) => total + each, 0);

async function readConsumers(
  manager: JetStreamManager,
  kind: BacklogOfKind["kind"],
  streams: readonly string[],
): Promise<BacklogOfKind> {
  const infos = await Promise.all(
    streams.map((stream) => manager.consumers.info(stream, INGEST_CONSUMER)),
  );
  return {
    kind,
    pendingCount: sum(infos.map((info) => info.num_pending)),
    unackedCount: sum(infos.map((info) => info.num_ack_pending)),
    redeliveredCount: sum(infos.map((info) => info.num_redelivered)),
  };
}

/** @throws NatsError while the broker is away */
export async function readBacklog(manager: JetStreamManager): Promise<readonly BacklogOfKind[]> {
  const shards = Array.from({ length: SHARD_COUNT }, (_, shard) => shard);
  const queues = await Promise.all(
    shards.map((shard) =>
      manager.streams.info(jobStream(shard)).then(({ state }) => state.messages),
    ),
  );
  return [
    { kind: "jobs", pendingCount: sum(queues), unackedCount: 0, redeliveredCount: 0 },
    await readConsumers(manager, "events", [EVENT_STREAM]),
    await readConsumers(manager, "state", [STATE_STREAM]),
    await readConsumers(manager, "telemetry", shards.map(telemetryStream)),
  ];
}
