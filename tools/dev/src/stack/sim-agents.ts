import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import {
  AGENT_VERSION,
  type AgentIntervals,
  createAgent,
  createFileStorage,
  createGrpcEnrollCall,
  createHostReaders,
  createPatientBus,
  enroll,
  type Identity,
  loadOrCreateHostKey,
  type Observability,
  type RestoreOnceOptions,
  restoreOnce,
  startObservability,
} from "@switchyard/agent";
import { createAgentBus, type HostKey } from "@switchyard/bus";
import type { SwitchyardClient } from "@switchyard/client";
import { createLife, mortalClock, mortalHost, type SimHost } from "@switchyard/hostsim";
import { parseHostId } from "@switchyard/model";
import {
  type BackoffPolicy,
  backoffMs,
  type Environment,
  type Logger,
  systemClock,
  systemRandom,
} from "@switchyard/runtime";
import { startManagementLink } from "./management-link.ts";
import { mortalStorage } from "./mortal-storage.ts";

/** A simulated host with its agent, enrolled as a real one would be. */
export interface SimAgent {
  readonly name: string;
  /** `host:port` of its `/metrics`; undefined where it serves none. */
  readonly metricsAddress: string | undefined;
  /** Ends the agent as SIGKILL would, and starts another one on the same host and ledger. */
  restart(): void;
  stop(): Promise<void>;
}

export interface SimAgentOptions {
  readonly client: SwitchyardClient;
  readonly controllerAddress: string;
  /** Keys and ledgers, one folder per host below it. */
  readonly folder: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly intervals?: Partial<AgentIntervals>;
  readonly deadManMs?: number;
  /**
   * Whether its way to the bus goes through its simulated ports; default yes. Without it a cut path goes unseen, and
   * nothing copies what agents and bus say to each other.
   */
  readonly hasManagementLink?: boolean;
  /** Where `OTEL_…` variables are read; nothing is traced without. */
  readonly environment?: Environment;
  /** Whether it serves metrics, on a free port of loopback. */
  readonly hasMetrics?: boolean;
  readonly log: Logger;
}

const enrollCall = createGrpcEnrollCall({ isInsecure: true, nowMs: () => systemClock.nowMs() });

/** Enrols the host with a one-time token, starts its agent, and starts one anew whenever the host boots. */
export async function startSimAgent(
  name: string,
  host: SimHost,
  options: SimAgentOptions,
): Promise<SimAgent> {
  const folder = join(options.folder, name);
  await mkdir(folder, { recursive: true });
  const { token } = await options.client.enrollment.createEnrollmentToken({
    host: `hosts/${name}`,
    labels: { ...options.labels },
  });
  const id = parseHostId(name);
  const call = enrollCall(options.controllerAddress, undefined);
  const identity = await persist(() =>
    enroll({ folder, host: id, token, agentVersion: AGENT_VERSION, call }),
  );
  const key = await loadOrCreateHostKey(folder);
  const log = options.log.child({ host: name });
  const isLinked = options.hasManagementLink ?? true;
  const links = await Promise.all(
    (isLinked ? identity.natsServers : []).map((server) =>
      startManagementLink({ server, reaches: () => host.reachesManagement }),
    ),
  );
  const servers = isLinked ? links.map(({ server }) => server) : identity.natsServers;
  const begin = () => startIncarnation({ host, identity, servers, key, folder, log, options });
  let current = begin();
  await current.started;
  const restart = () => {
    current.end();
    current = begin();
    current.started.catch((error: unknown) => log.error({ err: error }, "no agent started anew"));
  };
  const unsubscribe = host.subscribeReboots(restart);
  return {
    ...{ name, restart },
    get metricsAddress() {
      return current.metricsAddress();
    },
    stop: async () => {
      unsubscribe();
      await current.stop();
      await Promise.all(links.map((link) => link.stop()));
    },
  };
}

interface Incarnation {
  readonly started: Promise<void>;
  metricsAddress(): string | undefined;
  /** The machine went away under it. */
  end(): void;
  stop(): Promise<void>;
}

/** One run of the agent's process, between two boots of its host. */
function startIncarnation(parts: {
  readonly host: SimHost;
  readonly identity: Identity;
  /** Where its way to the bus begins. */
  readonly servers: readonly string[];
  readonly key: HostKey;
  readonly folder: string;
  readonly log: Logger;
  readonly options: SimAgentOptions;
}): Incarnation {
  const { host, identity, servers, key, folder, log, options } = parts;
  const life = createLife();
  const clock = mortalClock(systemClock, life);
  const { hostEpoch, controllers } = identity;
  const seams = { clock: systemClock, random: systemRandom, log: options.log };
  const bus = createPatientBus({
    ...{ host: identity.host, hostEpoch },
    ...seams,
    open: () =>
      createAgentBus({
        ...{ servers, host: identity.host, hostEpoch, key, controllers },
        ...seams,
      }),
  });
  const mortal = mortalHost(host, life);
  const storage = mortalStorage(createFileStorage(join(folder, "ledger")), life);
  let observability: Observability | undefined;
  const begin = async () => {
    // As the packaged agent: first the host, then whoever wants to hear of it.
    await restore({ host: mortal, storage, clock, hostId: identity.host, log });
    observability = await startObservability(
      { host: identity.host, httpListen: options.hasMetrics === true ? "127.0.0.1:0" : undefined },
      { environment: options.environment ?? {}, log },
    );
    const agent = createAgent({
      host: mortal,
      bus,
      key,
      storage,
      clock,
      random: systemRandom,
      log,
      agentVersion: AGENT_VERSION,
      tracer: observability.tracer,
      ...(options.hasMetrics === true && { metrics: observability.metrics }),
      ...(options.intervals === undefined ? {} : { intervals: options.intervals }),
      ...(options.deadManMs === undefined ? {} : { deadManMs: options.deadManMs }),
    });
    if (!life.isOver) await agent.start();
    return agent;
  };
  const starting = begin();
  return {
    started: starting.then(() => bus.connected),
    metricsAddress: () => observability?.address,
    end: () => {
      life.kill();
      void observability?.stop();
      void bus.close().catch(() => undefined);
    },
    stop: async () => {
      const agent = await starting;
      await agent.stop();
      await bus.close();
      await observability?.stop();
    },
  };
}

async function restore(
  parts: Pick<RestoreOnceOptions, "host" | "storage" | "clock" | "hostId" | "log">,
): Promise<void> {
  const { host, clock, log } = parts;
  const agentVersion = AGENT_VERSION;
  const read = await createHostReaders({ host, clock, agentVersion });
  const never = new AbortController().signal;
  await restoreOnce({ ...parts, read, random: systemRandom }, never).catch((error: unknown) =>
    log.error({ err: error }, "the host could not be restored"),
  );
}

/** Tries at enrolling. */
const TRIES_MAX = 8;
const RETRY: BackoffPolicy = { firstMs: 50, maxMs: 2_000, jitter: 0.5 };

/** Runs `work` again while it fails, a bounded number of times, as the packaged agent's supervisor would. */
async function persist<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      if (attempt === TRIES_MAX) throw error;
      await systemClock.sleep(backoffMs(RETRY, attempt, systemRandom));
    }
  }
}
