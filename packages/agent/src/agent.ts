import type { AgentBus, CommandAnswer, HostKey, ReceivedCommand } from "@switchyard/bus";
import { type BmcSettings, type Host, readBootId } from "@switchyard/host";
import { assertNever, type HostId, type Inventory, type OffloadProof } from "@switchyard/model";
import {
  type Clock,
  createPassiveTracer,
  type Logger,
  type Metrics,
  noMetrics,
  type Random,
  startLoop,
  stopAll,
  type Tracer,
} from "@switchyard/runtime";
import { createSerialLogs } from "./console/serial-logs.ts";
import { createVmSessions, type VmSessions } from "./console/vm-sessions.ts";
import { createExaminer, type Examiner } from "./diagnosis/examiner.ts";
import { createFreezes } from "./guest/freezes.ts";
import { createGuestFactsReader } from "./guest/guest-facts.ts";
import { createHostReaders } from "./inventory/host-readers.ts";
import { type CrashPoint, noCrash } from "./jobs/crash-point.ts";
import { createJobObserver } from "./jobs/job-observer.ts";
import { createJobs, type Jobs } from "./jobs/jobs.ts";
import { type Ledger, openLedger } from "./ledger/ledger.ts";
import type { LedgerStorage } from "./ledger/storage.ts";
import { createLoadMeter, type LoadMeter } from "./load/host-load.ts";
import { createManagementPath, DEAD_MAN_MS } from "./management/management-path.ts";
import { giveDiskPiece } from "./moves/give-disk.ts";
import { addAgentMetrics } from "./observability/agent-metrics.ts";
import { beat } from "./presence/heartbeat.ts";
import { createInventoryReports, type InventoryReports } from "./presence/inventory-reports.ts";
import { createTelemetryReports } from "./presence/telemetry-reports.ts";
import { createVmWatch } from "./presence/vm-watch.ts";
import { restoreOfBoot } from "./restore/restorer.ts";
import { answerSnapshots } from "./snapshots/answer-snapshots.ts";
import { createCollector } from "./telemetry/collect/collector.ts";
import type { SelfReadings } from "./telemetry/collect/sources/agent.ts";
import { createOffloadWatch } from "./telemetry/offload/offload-watch.ts";
import { openRing, type RingState } from "./telemetry/ring/ring.ts";

/** How often an agent does what nobody asked it to, milliseconds. */
export interface AgentIntervals {
  readonly heartbeatMs: number;
  /** Between two looks whether the host changed; each runs a dozen programs. */
  readonly inventoryMs: number;
  /** Between two batches of telemetry. */
  readonly telemetryMs: number;
  /** Between two looks at the sources of telemetry, which have rates of their own; as telemetryMs unless told. */
  readonly sampleMs?: number;
  /** Between two looks whether a VM's serial log grew too long. */
  readonly serialLogMs: number;
  /** Between two looks at what guests say of themselves. */
  readonly guestFactsMs: number;
  /** Between two looks whether the VMs' processes live. */
  readonly vmWatchMs: number;
}

export const AGENT_INTERVALS: AgentIntervals = {
  heartbeatMs: 5_000,
  inventoryMs: 10_000,
  telemetryMs: 10_000,
  serialLogMs: 10_000,
  guestFactsMs: 30_000,
  vmWatchMs: 1_000,
};

export interface AgentOptions {
  readonly host: Host;
  /** Says as which host the agent speaks. The caller closes it after `stop`. */
  readonly bus: AgentBus;
  /** The host's, by which it is known to the bus. */
  readonly key: Pick<HostKey, "unseal">;
  readonly storage: LedgerStorage;
  /** Where telemetry waits for the broker, in a folder of its own; left out: in memory. */
  readonly telemetryStorage?: LedgerStorage;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly agentVersion: string;
  readonly intervals?: Partial<AgentIntervals>;
  /** IP addresses of controllers and bus, so that the ports towards them are known as the management path. */
  readonly peerAddresses?: readonly string[];
  /** The BMC as the agent's configuration names it; left out: the host may say. */
  readonly bmc?: BmcSettings;
  /** What this process says of itself; left out where many agents share one. */
  readonly readSelf?: () => SelfReadings;
  /** How long a guarded step may leave the bus without an answer, milliseconds; default 30 s. */
  readonly deadManMs?: number;
  /** What the agent counts, and its newest samples, are added to it; left out, nothing is counted. */
  readonly metrics?: Metrics;
  /** Left out, jobs keep the trace they came with and nothing is sent. */
  readonly tracer?: Tracer;
  /** Chaos tests end the agent here. */
  readonly crash?: CrashPoint;
}

/** One host's agent. Many may live in one process. */
export interface Agent {
  /**
   * Opens the ledger, goes on with unfinished jobs, then takes new ones. Once only.
   *
   * @throws HostError FILE_ACCESS_FAILED; InvalidInputError FIELD_INVALID (a NIC profile)
   */
  start(): Promise<void>;
  /** Rejects when the agent can't go on and must be started anew; resolves after `stop`. */
  readonly ended: Promise<void>;
  /** Stops at the next step's boundary; unfinished jobs go on at the next start. May run twice. */
  stop(): Promise<void>;
}

export function createAgent(options: AgentOptions): Agent {
  const ended = Promise.withResolvers<void>();
  ended.promise.catch(() => undefined);
  let stopping: Promise<void> | undefined;
  let running: Promise<{ readonly stop: () => Promise<void> }> | undefined;
  return {
    ended: ended.promise,
    start: async () => {
      running = startParts(options, ended.reject);
      await running;
    },
    stop: () => {
      stopping ??= (async () => {
        const parts = await running?.catch(() => undefined);
        await parts?.stop();
        ended.resolve();
      })();
      return stopping;
    },
  };
}

async function startParts(options: AgentOptions, onFatal: (error: unknown) => void) {
  const { host, bus, key, clock, random, log, metrics = noMetrics } = options;
  const ledger = await openLedger({ storage: options.storage, log, onBroken: onFatal });
  const bootId = await readBootId(host);
  if (ledger.trouble === undefined && ledger.state.bootId !== bootId) {
    await ledger.append([{ kind: "boot", bootId }]);
  }
  const intervals = { ...AGENT_INTERVALS, ...options.intervals };
  const { heartbeatMs, inventoryMs, telemetryMs, serialLogMs, guestFactsMs, vmWatchMs } = intervals;
  const freezes = createFreezes({
    ...{ host, clock, log },
    isAtWorkOn: (vm) => jobs.isAtWorkOn(vm),
    onChanged: () => reports.wake(),
  });
  const guestFacts = createGuestFactsReader({
    ...{ host, clock, log },
    intervalMs: guestFactsMs,
    isFrozen: (vm) => freezes.find(vm) !== undefined,
  });
  const read = await createHostReaders({
    ...options,
    findGuestFacts: guestFacts.find,
    findGuestFreeze: freezes.find,
  });
  const offload = createOffloadWatch();
  const reports = createInventoryReports({
    ...{ bus, clock, random, log },
    readInventory: async () => withProof(await read.inventory(), offload.proof()),
    trouble: () => ledger.trouble,
    restore: () => restoreOfBoot(ledger.state, bootId),
    intervalMs: inventoryMs,
  });
  const jobs = createJobs({
    ...{ host, bus, clock, random, log, ledger, bootId, onFatal },
    crash: options.crash ?? noCrash,
    managementPath: createManagementPath({
      ...{ bus, clock },
      deadManMs: options.deadManMs ?? DEAD_MAN_MS,
      peerAddresses: options.peerAddresses ?? [],
    }),
    read,
    fetchDiskPiece: (request) => bus.fetchDiskPiece(request),
    unseal: key.unseal,
    thaw: freezes.thawForJob,
    ...(options.bmc !== undefined && { bmc: options.bmc }),
    onChanged: reports.wake,
    observe: createJobObserver({
      metrics,
      clock,
      tracer: options.tracer ?? createPassiveTracer(random),
    }),
  });
  const { readSelf } = options;
  const ring = await openRing({ storage: options.telemetryStorage, log });
  const collector = createCollector({
    ...{ host, clock, log, offload },
    ...(options.bmc !== undefined && { bmc: options.bmc }),
    ...(readSelf !== undefined && {
      readSelf: () => ({
        ...readSelf(),
        "agent.ledger_bytes": ledger.sizeBytes,
        ...readingsOf(ring.state()),
      }),
    }),
  });
  addAgentMetrics(metrics, {
    ...{ bus, clock, latest: collector.latest },
    agentVersion: options.agentVersion,
    liveJobCount: () => jobs.live().length,
  });
  const telemetry = createTelemetryReports({
    ...{ bus, ring, clock, random, log },
    collect: async () => {
      const inventory = reports.latest();
      return inventory === undefined ? [] : await collector.collect(inventory);
    },
    sampleMs: intervals.sampleMs ?? telemetryMs,
    batchMs: telemetryMs,
  });
  const serialLogs = createSerialLogs({ host, clock, log, intervalMs: serialLogMs });
  const vmWatch = createVmWatch({
    ...{ host, clock, log },
    latest: reports.latest,
    onEnd: reports.wake,
    intervalMs: vmWatchMs,
  });
  const examiner = createExaminer({ host, clock, reports, ledger, offload });
  await freezes.adopt();
  jobs.resume();
  const report = () => ({ bootId, agentVersion: options.agentVersion, running: jobs.live() });
  const loops = [
    (signal: AbortSignal) => beat({ bus, clock, random, intervalMs: heartbeatMs, report }, signal),
    reports.run,
    telemetry.run,
    serialLogs.run,
    guestFacts.run,
    vmWatch.run,
  ].map((loop) => startLoop(loop, onFatal));
  const sessions = createVmSessions({ host, bus, clock, log, serialLogs, freezes });
  const meter = createLoadMeter({ host, clock, bmc: options.bmc });
  const answering = { jobs, reports, examiner, meter, sessions, host, of: bus.host };
  const subscriptions = [
    bus.onCommand((command) => answer(command, answering)),
    bus.onTelemetryFlow(telemetry.stretch),
    bus.onDiskRequest((asked) => giveDiskPiece(host, asked)),
    bus.consumeJobs(jobs.receive),
  ];
  return {
    stop: () => stopParts({ subscriptions, loops: [...loops, sessions, freezes], jobs, ledger }),
  };
}

interface Running {
  readonly subscriptions: readonly { stop(): Promise<void> }[];
  readonly loops: readonly { stop(): Promise<void> }[];
  readonly jobs: Jobs;
  readonly ledger: Ledger;
}

async function stopParts({ subscriptions, loops, jobs, ledger }: Running): Promise<void> {
  await stopAll(subscriptions);
  await stopAll(loops);
  await jobs.stop();
  await ledger.close();
}

const readingsOf = ({ bytes, sampleCount, droppedCount }: RingState): SelfReadings => ({
  "agent.ring_bytes": bytes,
  "agent.ring_samples": sampleCount,
  "agent.samples_dropped": droppedCount,
});

const withProof = (inventory: Inventory, offloadProof: OffloadProof | undefined): Inventory =>
  offloadProof === undefined ? inventory : { ...inventory, offloadProof };

interface Answering {
  readonly jobs: Jobs;
  readonly reports: InventoryReports;
  readonly examiner: Examiner;
  readonly meter: LoadMeter;
  readonly sessions: VmSessions;
  readonly host: Host;
  /** Name of the host. */
  readonly of: HostId;
}

async function answer(
  command: ReceivedCommand,
  { jobs, reports, examiner, meter, sessions, host, of }: Answering,
): Promise<CommandAnswer> {
  const { verb } = command;
  switch (verb) {
    case "cancel":
      return await jobs.cancel(command);
    case "job-again":
      return await jobs.repeat(command);
    case "inspect":
      await reports.reportWhole();
      return { isDone: true, reason: undefined, message: "the inventory is published" };
    case "diagnose": {
      const examination = await examiner.examine();
      return { isDone: true, reason: undefined, message: "looked at the host", examination };
    }
    case "load": {
      const load = await meter.read();
      return { isDone: true, reason: undefined, message: "read the load", load };
    }
    case "snapshots":
      return await answerSnapshots(host, { host: of, job: command.job });
    case "console":
    case "exec":
    case "vm-log":
    case "freeze":
    case "thaw":
      return await sessions.answer({ ...command, verb });
    case "ping":
      return { isDone: true, reason: undefined, message: "alive" };
    default:
      return assertNever(verb);
  }
}
