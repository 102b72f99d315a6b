import type {
  AgentBus,
  AskedDiskPiece,
  BusEnd,
  CommandAnswer,
  CommandVerb,
  DiskPiece,
  DiskPieceFetch,
  HeartbeatReport,
  InventoryReport,
  OpenedSession,
  ReceivedCommand,
  ReceivedJob,
  SignedVerb,
} from "@switchyard/bus";
import { decodeTelemetry, type HostTelemetry } from "@switchyard/bus";
import { createLife, type Life } from "@switchyard/hostsim";
import { DispatchError, type HostId, type Job, type JobEvent, type JobId } from "@switchyard/model";
import { createMemorySessions } from "./memory-sessions.ts";

/** The controller's side of a bus in memory: a queue that delivers again, and all that was published. */
export interface MemoryBus {
  /** An agent's side, for one incarnation. */
  connect(life?: Life): AgentBus;
  /** Queues a job; delivered until accepted. */
  dispatch(job: Job, options?: { readonly expireAtMs?: number }): void;
  /** Delivers everything in the queue again, as after a time-out of the broker. */
  redeliver(): Promise<void>;
  command(verb: CommandVerb, job?: JobId, epoch?: number): Promise<CommandAnswer>;
  /** Asks the agent for a piece of a disk, as another host's agent would. */
  askDisk(asked: AskedDiskPiece): Promise<Uint8Array>;
  /** Stands for the other hosts' agents; undefined: nobody answers. */
  diskSource: ((request: DiskPieceFetch) => Promise<DiskPiece>) | undefined;
  /** What a controller asks about a VM, with its end of the session that may come of it. */
  request(verb: SignedVerb, params: object): Promise<OpenedSession>;
  /** The same of what is only answered. */
  ask(verb: SignedVerb, params: object): Promise<CommandAnswer>;
  queued(): readonly JobId[];
  withdraw(job: JobId): void;
  /** Events of a job by number, each once, in order. */
  events(job: JobId, epoch?: number): readonly JobEvent[];
  readonly inventories: InventoryReport[];
  readonly heartbeats: HeartbeatReport[];
  readonly telemetry: HostTelemetry[];
  /** Events published of the job as they were, repetitions included. */
  published(job: JobId): readonly JobEvent[];
  publishedCount(job: JobId): number;
  /** Round trips without an answer. */
  readonly unansweredCount: number;
  /** Publishes refused while down. */
  readonly refusedCount: number;
  isDown: boolean;
}

export const HOST_EPOCH = 1;
const FAR_FUTURE_MS = Date.UTC(2100, 0);

type JobHandler = (received: ReceivedJob) => Promise<void>;
type CommandHandler = (command: ReceivedCommand) => Promise<CommandAnswer>;

/** @param reaches whether the host's management path carries what the agent sends */
export function createMemoryBus(host: HostId, reaches: () => boolean = () => true): MemoryBus {
  const queue = new Map<string, { readonly job: Job; readonly expireAtMs: number }>();
  const published: JobEvent[] = [];
  let onJob: JobHandler | undefined;
  let onCommand: CommandHandler | undefined;
  let onDisk: ((asked: AskedDiskPiece) => Promise<Uint8Array>) | undefined;
  const inventories: InventoryReport[] = [];
  const heartbeats: HeartbeatReport[] = [];
  const telemetry: HostTelemetry[] = [];

  const deliver = async (key: string): Promise<void> => {
    const waiting = queue.get(key);
    if (waiting === undefined || onJob === undefined) return;
    await onJob({
      ...waiting,
      hostEpoch: HOST_EPOCH,
      accept: async () => {
        refuseWhileDown();
        queue.delete(key);
      },
      defer: () => undefined,
    }).catch(() => undefined);
  };

  const sessions = createMemorySessions();
  const isOut = () => bus.isDown || !reaches();
  let requestCount = 0;
  let refusedCount = 0;
  let unansweredCount = 0;
  const nextId = () => String(++requestCount).padStart(32, "0");
  const askWithId = async (verb: SignedVerb, request: ReceivedCommand["request"] & object) => {
    if (onCommand === undefined) throw new DispatchError("HOST_UNREACHABLE", "no agent");
    return await onCommand({ verb, job: undefined, epoch: undefined, request });
  };
  const refuseWhileDown = () => {
    if (!isOut()) return;
    refusedCount += 1;
    throw new DispatchError("BUS_UNAVAILABLE", "the bus is down");
  };

  const bus: MemoryBus = {
    isDown: false,
    diskSource: undefined,
    inventories,
    heartbeats,
    telemetry,
    connect: (life = createLife()) => {
      const ended = Promise.withResolvers<BusEnd>();
      return {
        host,
        hostEpoch: HOST_EPOCH,
        consumeJobs: (handler) => {
          onJob = (received) =>
            handler({
              ...received,
              accept: () => life.through(received.accept),
            });
          for (const key of queue.keys()) void deliver(key);
          return unsubscribe(() => {
            onJob = undefined;
          });
        },
        publishEvents: (events) =>
          life.through(async () => {
            refuseWhileDown();
            published.push(...events);
          }),
        publishInventory: (report) =>
          life.through(async () => {
            refuseWhileDown();
            inventories.push(report);
          }),
        publishHeartbeat: (report) => {
          if (!life.isOver && !isOut()) heartbeats.push(report);
        },
        publishTelemetry: (bytes) =>
          life.through(async () => {
            refuseWhileDown();
            const batch = decodeTelemetry(bytes, host);
            if (batch === undefined) throw new DispatchError("BUS_UNAVAILABLE", "no batch");
            telemetry.push(batch);
          }),
        onCommand: (handler) => {
          onCommand = handler;
          return unsubscribe(() => {
            onCommand = undefined;
          });
        },
        fetchDiskPiece: (request) =>
          life.through(async () => {
            refuseWhileDown();
            const unreachable = () => new DispatchError("HOST_UNREACHABLE", "nobody answers");
            if (bus.diskSource === undefined) throw unreachable();
            return bus.diskSource(request);
          }),
        onDiskRequest: (handler) => {
          onDisk = handler;
          return unsubscribe(() => {
            onDisk = undefined;
          });
        },
        openSession: (id) => sessions.openAgentEnd(id),
        onTelemetryFlow: () => unsubscribe(() => undefined),
        isConnected: () => !isOut(),
        roundTrip: () =>
          life.through(async () => {
            if (isOut()) unansweredCount += 1;
            return !isOut();
          }),
        ended: ended.promise,
        close: async () => ended.resolve({ kind: "closed" }),
      };
    },
    dispatch: (job, options) => {
      const key = `${job.id}:${job.epoch}`;
      queue.set(key, { job, expireAtMs: options?.expireAtMs ?? FAR_FUTURE_MS });
      void deliver(key);
    },
    redeliver: async () => {
      await Promise.all([...queue.keys()].map(deliver));
    },
    request: async (verb, params) => {
      const id = nextId();
      const channel = sessions.openControllerEnd(id);
      return { answer: await askWithId(verb, { id, params }), channel };
    },
    ask: (verb, params) => askWithId(verb, { id: nextId(), params }),
    command: async (verb, job, epoch) => {
      if (onCommand === undefined) throw new DispatchError("HOST_UNREACHABLE", "no agent");
      return await onCommand({ verb, job, epoch });
    },
    askDisk: async (asked) => {
      if (onDisk === undefined) throw new DispatchError("HOST_UNREACHABLE", "no agent");
      return onDisk(asked);
    },
    get unansweredCount() {
      return unansweredCount;
    },
    get refusedCount() {
      return refusedCount;
    },
    published: (job) => published.filter((event) => event.job === job),
    publishedCount: (job) => published.filter((event) => event.job === job).length,
    withdraw: (job) => {
      for (const [key, waiting] of queue) if (waiting.job.id === job) queue.delete(key);
    },
    queued: () => [...queue.values()].map(({ job }) => job.id),
    events: (job, epoch = 1) => {
      const own = published.filter((event) => event.job === job && event.epoch === epoch);
      const bySeq = new Map(own.map((event) => [event.seq, event]));
      return [...bySeq.values()].sort((left, right) => left.seq - right.seq);
    },
  };
  return bus;
}

const unsubscribe = (undo: () => void) => ({
  stop: async () => undo(),
});
