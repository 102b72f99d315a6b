import type { HostId } from "@switchyard/model";
import { Semaphore } from "@switchyard/runtime";
import { type JetStreamManager, NatsError } from "nats";
import { jobStream, jobSubjects, shardOf } from "../subjects.ts";
import { hostConsumer, INGEST_CONSUMERS, STREAMS } from "./stream-configs.ts";

/** Makes streams and consumers; only controllers do. Every method may run twice and side by side. */
export interface StreamKeeper {
  /** Ensures all streams and the consumers that controllers share. */
  ensureStreams(): Promise<void>;
  /** Ensures each host's consumer. */
  ensureHosts(hosts: readonly HostId[]): Promise<void>;
  /** Removes a host's consumer and what is queued for it; already gone is success. */
  removeHost(host: HostId): Promise<void>;
}

/** Requests to the JetStream API in flight, so that a recovery does not crowd out work. */
const API_REQUESTS_MAX = 32;

/** @see nats-server server/errors.json */
const STREAM_NAME_IN_USE = 10058;
const STREAM_NOT_FOUND = 10059;
const CONSUMER_NOT_FOUND = 10014;

const apiErrorOf = (error: unknown): number | undefined =>
  error instanceof NatsError ? error.api_error?.err_code : undefined;

export function createStreamKeeper(manager: JetStreamManager): StreamKeeper {
  const gate = new Semaphore(API_REQUESTS_MAX);
  const each = <T>(items: readonly T[], make: (item: T) => Promise<unknown>) =>
    Promise.all(items.map((item) => gate.run(() => make(item))));
  return {
    ensureStreams: async () => {
      await each(STREAMS, (wish) => ensureStream(manager, wish));
      // The server takes a consumer that exists with the same configuration as made.
      await each(INGEST_CONSUMERS, ({ stream, wish }) => manager.consumers.add(stream, wish));
    },
    ensureHosts: async (hosts) => {
      await each(hosts, (host) =>
        manager.consumers.add(jobStream(shardOf(host)), hostConsumer(host)),
      );
    },
    removeHost: async (host) => {
      const stream = jobStream(shardOf(host));
      await tolerate(manager.consumers.delete(stream, host));
      await tolerate(manager.streams.purge(stream, { filter: jobSubjects(host) }));
    },
  };
}

/** Creating a stream that exists with the same configuration is success for the server; with another it is not. */
async function ensureStream(
  manager: JetStreamManager,
  wish: (typeof STREAMS)[number],
): Promise<void> {
  try {
    await manager.streams.add(wish);
  } catch (error) {
    if (apiErrorOf(error) !== STREAM_NAME_IN_USE) throw error;
    await manager.streams.update(wish.name, wish);
  }
}

async function tolerate(removal: Promise<unknown>): Promise<void> {
  try {
    await removal;
  } catch (error) {
    const code = apiErrorOf(error);
    if (code !== CONSUMER_NOT_FOUND && code !== STREAM_NOT_FOUND) throw error;
  }
}
