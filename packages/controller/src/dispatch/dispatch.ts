import type { CommandAnswer, ControllerBus, VerifyingKey } from "@switchyard/bus";
import type { HostId } from "@switchyard/model";
import {
  type Clock,
  type Logger,
  noMetrics,
  type Service,
  stopAll,
  type Tracer,
} from "@switchyard/runtime";
import type { OutgoingJob, Store } from "@switchyard/store";
import { createInstruments, type Instruments } from "../gateway/metrics/instruments.ts";
import { startEventIngest } from "../ingest/event-ingest.ts";
import { startFetchingSnapshots } from "../ingest/fetch-snapshots.ts";
import { createHostKeys } from "../ingest/host-keys.ts";
import { startInventoryIngest } from "../ingest/inventory-ingest.ts";
import { startMissingResults } from "../ingest/missing-results.ts";
import { startPresence } from "../ingest/presence.ts";
import { startTelemetryIngest } from "../telemetry/telemetry-ingest.ts";
import { createHostCommands, type HostCommands, type JobAddress } from "./host-commands.ts";
import { startHousekeeping } from "./housekeeping.ts";
import { createRelay } from "./relay.ts";
import { createStreamRecovery } from "./stream-recovery.ts";
import { createWaker } from "./waker.ts";

/** Everything between the outbox and the hosts. Runs on every controller; any number side by side. */
export interface Dispatch
  extends Service,
    Pick<HostCommands, "openConsole" | "openExec" | "vmLog" | "freeze" | "thaw"> {
  /** Call it after a commit that wrote jobs. */
  wake(): void;
  /** Publishes jobs created with `isClaimed`, right after their commit: one claim less on the way. */
  send(jobs: readonly OutgoingJob[]): void;
  /** Whether so many more jobs may be sent now; where not, they are created unclaimed and `wake` is called. */
  hasRoom(count: number): boolean;
  /** Tells the host's agent to stop a job whose cancellation is recorded; told again until the job ends. */
  cancel(job: JobAddress): void;
  /** Asks the host's agent to report its inventory now; whether it does is seen by its coming in. */
  inspect(host: HostId): void;
  /** Lets the host's agent look at its host. @throws DispatchError HOST_UNREACHABLE */
  diagnose(host: HostId): Promise<CommandAnswer>;
  /** Asks the host for the snapshots of a job. @throws DispatchError HOST_UNREACHABLE */
  snapshots(job: JobAddress): Promise<CommandAnswer>;
  readonly commands: HostCommands;
}

export interface DispatchParts {
  readonly store: Pick<
    Store,
    "dispatch" | "presence" | "telemetry" | "snapshots" | "reads" | "transaction"
  >;
  readonly bus: ControllerBus;
  /** The key the bus signs with; its public half is recorded for enrolments. */
  readonly signingKey: VerifyingKey;
  readonly clock: Clock;
  readonly log: Logger;
  readonly instruments?: Pick<Instruments, "rounds" | "jobsSent" | "messageRefused">;
  readonly tracer?: Tracer;
  /** Called after commits that changed jobs or hosts, so that watchers need not poll. */
  readonly onCommitted?: () => void;
  /** Told of each host whose inventory was taken. */
  readonly onInventory?: (host: HostId) => Promise<void>;
}

/** Resolves once streams and consumers are there and everything runs. @throws StoreError DATABASE_UNAVAILABLE */
export async function createDispatch(parts: DispatchParts): Promise<Dispatch> {
  const { store, bus, signingKey, clock, onCommitted, onInventory } = parts;
  const instruments = parts.instruments ?? createInstruments(noMetrics, clock);
  const { rounds } = instruments;
  const { dispatch, presence: presenceStore, telemetry, reads } = store;
  const log = parts.log.child({ part: "dispatch" });
  const { keyId, publicKey } = signingKey;
  await store.transaction({ actor: "controller" }, (tx) =>
    tx.signingKeys.put({ keyId, publicKey }),
  );
  const waker = createWaker(clock);
  const { wake } = waker;
  const commands = createHostCommands(bus);
  const keys = createHostKeys(reads.hosts, clock);
  const recovery = createStreamRecovery({
    bus,
    hosts: reads.hosts,
    outbox: dispatch,
    onResend: wake,
    clock,
    log,
  });
  await recovery.ready;
  const relay = createRelay({
    outbox: dispatch,
    ...{ bus, recovery, waker, clock, log },
    onSent: instruments.jobsSent,
    ...(parts.tracer && { tracer: parts.tracer }),
  });
  const ring = bus.onRing(wake);
  bus.onRefused((subject) => {
    instruments.messageRefused();
    log.warn({ subject }, "message refused");
  });
  const events = startEventIngest({
    bus,
    store: dispatch,
    keys,
    commands,
    log,
    ...(onCommitted === undefined ? {} : { onCommitted }),
  });
  const inventories = startInventoryIngest({
    bus,
    store: presenceStore,
    keys,
    commands,
    log,
    onApplied: async (host) => {
      await onInventory?.(host).catch((error: unknown) => {
        log.warn({ err: error, host }, "the inventory was not compared with what was applied");
      });
      onCommitted?.();
    },
  });
  const samples = startTelemetryIngest({ bus, store: telemetry, clock, log });
  const presence = startPresence({
    bus,
    store: presenceStore,
    outbox: dispatch,
    commands,
    onResend: wake,
    clock,
    log,
    rounds,
  });
  const missing = startMissingResults({
    jobs: reads.jobs,
    store: dispatch,
    ...{ presence, commands, clock, log },
    ...(onCommitted === undefined ? {} : { onCommitted }),
  });
  const housekeeping = startHousekeeping({ store: dispatch, commands, clock, log, rounds });
  const snapshots = startFetchingSnapshots({ store: store.snapshots, commands, clock, log });
  return {
    wake,
    send: relay.send,
    hasRoom: relay.hasRoom,
    // Housekeeping tells again whom this did not reach.
    cancel: (job) => void commands.cancel(job).catch(() => undefined),
    inspect: (host) => void commands.inspect(host).catch(() => undefined),
    diagnose: commands.diagnose,
    snapshots: commands.snapshots,
    openConsole: commands.openConsole,
    openExec: commands.openExec,
    vmLog: commands.vmLog,
    freeze: commands.freeze,
    thaw: commands.thaw,
    commands,
    stop: () =>
      stopAll([
        recovery,
        events,
        inventories,
        samples,
        presence,
        missing,
        housekeeping,
        snapshots,
        ring,
        relay,
      ]),
  };
}
