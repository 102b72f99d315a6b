import { canonicalJson, type HostId } from "@switchyard/model";
import { Semaphore } from "@switchyard/runtime";
import { type JetStreamManager, NatsError, type StreamConfig } from "nats";
import { jobStream, jobSubjects, shardOf } from "../subjects.ts";
import { hostConsumer, INGEST_CONSUMERS, STREAMS } from "./stream-configs.ts";

/** Makes streams and consumers; only controllers do. Every method may run twice and side by side. */
export interface StreamKeeper {
  /** Ensures all streams and the consumers that controllers share; returns how many streams were absent. */
  ensureStreams(): Promise<number>;
  /** Ensures each host's consumer. */
  ensureHosts(hosts: readonly HostId[]): Promise<void>;
  /** Removes what is queued for a host; nothing queued is success. */
  purgeHost(host: HostId): Promise<void>;
  /** Removes a host's consumer and what is queued for it; already gone is success. */
  removeHost(host: HostId): Promise<void>;
}

/** Requests to the JetStream API in flight, so that a recovery does not crowd out work. */
const API_REQUESTS_MAX = 32;

/** @see nats-server server/errors.json */
const STREAM_NOT_FOUND = 10059;
const CONSUMER_NOT_FOUND = 10014;

const apiErrorOf = (error: unknown): number | undefined =>
  error instanceof NatsError ? error.api_error?.err_code : undefined;

export function createStreamKeeper(manager: JetStreamManager): StreamKeeper {
  const gate = new Semaphore(API_REQUESTS_MAX);
  const each = <T, R>(items: readonly T[], make: (item: T) => Promise<R>) =>
    Promise.all(items.map((item) => gate.run(() => make(item))));
  return {
    ensureStreams: async () => {
      const made = await each(STREAMS, (wish) => ensureStream(manager, wish));
      // The server takes a consumer that exists with the same configuration as made.
      await each(INGEST_CONSUMERS, ({ stream, wish }) => manager.consumers.add(stream, wish));
      return made.filter(Boolean).length;
    },
    ensureHosts: async (hosts) => {
      await each(hosts, (host) =>
        manager.consumers.add(jobStream(shardOf(host)), hostConsumer(host)),
      );
    },
    purgeHost: (host) => purge(manager, host),
    removeHost: async (host) => {
      await tolerate(manager.consumers.delete(jobStream(shardOf(host)), host));
      await purge(manager, host);
    },
  };
}

const purge = (manager: JetStreamManager, host: HostId): Promise<void> =>
  tolerate(manager.streams.purge(jobStream(shardOf(host)), { filter: jobSubjects(host) }));

/** True when the stream was absent; one with another configuration is updated. */
async function ensureStream(
  manager: JetStreamManager,
  wish: (typeof STREAMS)[number],
): Promise<boolean> {
  const found = await findConfig(manager, wish.name);
  if (found === undefined) {
    await manager.streams.add(wish);
    return true;
  }
  if (!fulfils(found, wish)) await manager.streams.update(wish.name, wish);
  return false;
}

async function findConfig(
  manager: JetStreamManager,
  name: string,
): Promise<StreamConfig | undefined> {
  try {
    return (await manager.streams.info(name)).config;
  } catch (error) {
    if (apiErrorOf(error) === STREAM_NOT_FOUND) return undefined;
    throw error;
  }
}

const fulfils = (found: StreamConfig, wish: (typeof STREAMS)[number]): boolean =>
  canonicalJson({ ...found, ...wish }) === canonicalJson(found);

async function tolerate(removal: Promise<unknown>): Promise<void> {
  try {
    await removal;
  } catch (error) {
    const code = apiErrorOf(error);
    if (code !== CONSUMER_NOT_FOUND && code !== STREAM_NOT_FOUND) throw error;
  }
}
