import type { HostId } from "@switchyard/model";
import {
  AckPolicy,
  type ConsumerConfig,
  DeliverPolicy,
  DiscardPolicy,
  RetentionPolicy,
  StorageType,
  type StreamConfig,
} from "nats";
import {
  EVENT_STREAM,
  jobStream,
  jobSubjects,
  SHARD_COUNT,
  STATE_STREAM,
  telemetryStream,
} from "../subjects.ts";

const MIB = 1024 * 1024;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const NANOS_PER_MS = 1_000_000;
const nanos = (ms: number): number => ms * NANOS_PER_MS;

/** Bounds of what the broker keeps; sums to about 3 GiB on its disk at worst. */
const JOBS_BYTES_MAX = 64 * MIB;
const JOBS_AGE_MAX_MS = 2 * DAY_MS;
const EVENTS_BYTES_MAX = 1024 * MIB;
const EVENTS_AGE_MAX_MS = 7 * DAY_MS;
const STATE_BYTES_MAX = 512 * MIB;
const TELEMETRY_BYTES_MAX = 32 * MIB;
const TELEMETRY_AGE_MAX_MS = HOUR_MS;

/** A job not accepted in this time is delivered again. */
const JOB_ACK_WAIT_MS = 10_000;
const JOB_ACKS_PENDING_MAX = 16;
/** Longer than any database trouble a batch may wait out. */
const INGEST_ACK_WAIT_MS = 30_000;
export const EVENT_ACKS_PENDING_MAX = 4_096;
const STATE_ACKS_PENDING_MAX = 256;
const TELEMETRY_ACKS_PENDING_MAX = 256;

export const INGEST_CONSUMER = "ingest";

type StreamWish = Partial<StreamConfig> & { readonly name: string };

/**
 * A work queue that holds a job once: a second send of a job still queued is refused by the broker, also
 * after its restart, and accepted again once the first was acknowledged.
 */
const jobs = (shard: number): StreamWish => ({
  name: jobStream(shard),
  subjects: [`sy.job.${shard}.*.*`],
  retention: RetentionPolicy.Workqueue,
  storage: StorageType.File,
  discard: DiscardPolicy.New,
  discard_new_per_subject: true,
  max_msgs_per_subject: 1,
  max_bytes: JOBS_BYTES_MAX,
  max_age: nanos(JOBS_AGE_MAX_MS),
});

/** Results may never be dropped for newer ones: a full stream refuses, and the agent keeps its ledger. */
const events: StreamWish = {
  name: EVENT_STREAM,
  subjects: ["sy.evt.*.*"],
  retention: RetentionPolicy.Workqueue,
  storage: StorageType.File,
  discard: DiscardPolicy.New,
  max_bytes: EVENTS_BYTES_MAX,
  max_age: nanos(EVENTS_AGE_MAX_MS),
};

const state: StreamWish = {
  name: STATE_STREAM,
  subjects: ["sy.state.*"],
  retention: RetentionPolicy.Limits,
  storage: StorageType.File,
  discard: DiscardPolicy.Old,
  max_msgs_per_subject: 1,
  max_bytes: STATE_BYTES_MAX,
};

const telemetry = (shard: number): StreamWish => ({
  name: telemetryStream(shard),
  subjects: [`sy.tel.${shard}.*`],
  retention: RetentionPolicy.Limits,
  storage: StorageType.File,
  discard: DiscardPolicy.Old,
  max_bytes: TELEMETRY_BYTES_MAX,
  max_age: nanos(TELEMETRY_AGE_MAX_MS),
});

const shards = Array.from({ length: SHARD_COUNT }, (_, shard) => shard);

export const STREAMS: readonly StreamWish[] = [
  ...shards.map(jobs),
  events,
  state,
  ...shards.map(telemetry),
];

type ConsumerWish = Partial<ConsumerConfig> & { readonly durable_name: string };

const ingest = (acksPendingMax: number): ConsumerWish => ({
  durable_name: INGEST_CONSUMER,
  ack_policy: AckPolicy.Explicit,
  deliver_policy: DeliverPolicy.All,
  ack_wait: nanos(INGEST_ACK_WAIT_MS),
  max_ack_pending: acksPendingMax,
  max_deliver: -1,
});

/** Consumers that all controllers share. */
export const INGEST_CONSUMERS: readonly {
  readonly stream: string;
  readonly wish: ConsumerWish;
}[] = [
  { stream: EVENT_STREAM, wish: ingest(EVENT_ACKS_PENDING_MAX) },
  { stream: STATE_STREAM, wish: ingest(STATE_ACKS_PENDING_MAX) },
  ...shards.map((shard) => ({
    stream: telemetryStream(shard),
    wish: ingest(TELEMETRY_ACKS_PENDING_MAX),
  })),
];

/** A host's consumer; its name is the host's. Poison is a matter of attempts in Postgres, not of max_deliver. */
export const hostConsumer = (host: HostId): ConsumerWish => ({
  durable_name: host,
  filter_subject: jobSubjects(host),
  ack_policy: AckPolicy.Explicit,
  deliver_policy: DeliverPolicy.All,
  ack_wait: nanos(JOB_ACK_WAIT_MS),
  max_ack_pending: JOB_ACKS_PENDING_MAX,
  max_deliver: -1,
});
