import { type ControllerBus, createControllerBus } from "@switchyard/bus";
import { DispatchError, InvariantError } from "@switchyard/model";
import {
  addProcessMetrics,
  createMetrics,
  createPassiveTracer,
  formatTraceparent,
  type HttpListener,
  type Metrics,
  noMetrics,
  Semaphore,
  type Service,
  stopAll,
  systemClock,
  systemRandom,
  type Tracer,
} from "@switchyard/runtime";
import { createStore, type Store } from "@switchyard/store";
import { type Api, startApi } from "./api/create-api.ts";
import { serverCredentials } from "./api/listen.ts";
import { createAccess } from "./bus-users.ts";
import type { ControllerConfig, WholeConfig } from "./controller-config.ts";
import { createDispatch } from "./dispatch/dispatch.ts";
import { settleEndedJobs } from "./dispatch/job-end.ts";
import { startGateway } from "./gateway/gateway.ts";
import { addControllerMetrics } from "./gateway/metrics/controller-metrics.ts";
import { createInstruments } from "./gateway/metrics/instruments.ts";
import { startMaintenance } from "./maintenance.ts";
import { startMendingDrift } from "./reconcilers/drift/mend-drift.ts";
import { noteDrift, noteDriftOfEnded } from "./reconcilers/drift/note-drift.ts";
import { startExperiments } from "./reconcilers/experiments/run-experiments.ts";
import { createBrake } from "./reconcilers/freeze/brake.ts";
import { startMoves } from "./reconcilers/moves/run-moves.ts";
import { startRollouts } from "./reconcilers/rollouts/run-rollouts.ts";
import { noteVms, noteVmsOfEnded } from "./reconcilers/vms/note-vms.ts";
import { startRollUps } from "./telemetry/roll-ups.ts";

/** One controller: the API, and everything between Postgres and the hosts. Any number run side by side. */
export interface Controller {
  /** Resolves when the API listens and jobs are dispatched. @throws StoreError, DispatchError, SwitchyardError */
  start(): Promise<void>;
  /** Lets running calls end, then closes everything. May run twice. */
  stop(): Promise<void>;
  /** `host:port` of the API. @throws InvariantError before `start` */
  readonly address: string;
  /** `host:port` of the gateway; undefined without one. @throws InvariantError before `start` */
  readonly gatewayAddress: string | undefined;
  /** Resolves with why the controller can't go on: its connection to NATS was closed for good. */
  readonly ended: Promise<string>;
}

interface Running {
  readonly api: Api;
  readonly gateway: HttpListener | undefined;
  readonly services: readonly Service[];
}

/** A service from something that closes. */
const closing = (closable: { close(): Promise<void> }): Service => ({
  stop: () => closable.close(),
});

/** Starts the parts in order; what was started is stopped again when one fails. */
async function startAll(config: WholeConfig, onEnd: (reason: string) => void): Promise<Running> {
  const { nats, clock, random, log } = config;
  const services: Service[] = [];
  const metrics = config.gateway === undefined ? noMetrics : createMetrics({ log });
  const instruments = createInstruments(metrics, clock);
  const { rounds } = instruments;
  const tracer = config.tracer ?? createPassiveTracer(random);
  let api: Api | undefined;
  // Settings that can't work are refused before anything is touched.
  await serverCredentials(config.listen);
  try {
    const store = await createStore({
      url: config.databaseUrl,
      log,
      clock,
      random,
      ...(config.retention !== undefined && { retention: config.retention }),
      onJobsEnded: async (tx, ended) => {
        await settleEndedJobs(tx, ended);
        await noteDriftOfEnded(tx, ended);
        await noteVmsOfEnded({ clock, random }, tx, ended);
        for (const { kind, state } of ended) instruments.jobEnded(kind, state);
      },
      onPoolWait: instruments.poolWaited,
      newTrace: (actor) => traceOf(tracer, actor),
    });
    services.push(closing(store), startMaintenance(store, config, instruments));
    services.push(startRollUps({ store: store.telemetry, clock, log }));
    const bus = await createControllerBus({
      servers: nats.servers,
      key: { seed: nats.seed },
      signingKey: nats.signingKey,
      ...(nats.tls === undefined ? {} : { tls: nats.tls }),
      clock,
      random,
      log,
    });
    services.push(closing(bus));
    bus.ended.then((end) => onEnd(`the connection to NATS ended: ${JSON.stringify(end)}`));
    const isRestored = (await store.reads.freeze.find())?.cause === "restored";
    if (isRestored) await purgeQueues(store, bus);
    let wakeDispatch: () => void = () => undefined;
    const dispatch = await createDispatch({
      store,
      bus,
      signingKey: nats.signingKey,
      clock,
      log,
      ...{ instruments, tracer },
      onCommitted: () => api?.wakeWatches(),
      onInventory: async (host) => {
        await noteDrift(store, host);
        if (await noteVms({ store, clock, random }, host)) wakeDispatch();
      },
    });
    wakeDispatch = dispatch.wake;
    const brake = createBrake({ bus, clock, isRestored });
    services.push(
      dispatch,
      startMendingDrift({ store, dispatch, brake, clock, random, log, rounds }),
    );
    const { signingKey } = nats;
    services.push(
      startMoves({ store, bus, dispatch, brake, signingKey, clock, random, log, rounds }),
    );
    services.push(startRollouts({ store, dispatch, brake, clock, random, log, rounds }));
    api = await startApi({
      store,
      dispatch,
      brake,
      busAccess: createAccess(config, store, bus),
      listen: config.listen,
      tokens: config.tokens,
      clusterKey: config.clusterKey,
      healthChecks: [
        { name: "postgres", check: () => store.ping() },
        { name: "nats", check: async () => requireConnected(bus) },
      ],
      clock,
      random,
      log,
      ...{ onCall: instruments.call, tracer },
    });
    services.push(api);
    const { placer } = api;
    services.push(startExperiments({ store, dispatch, placer, brake, clock, random, log, rounds }));
    const gateway = await openGateway(config, { metrics, store, bus, api, services });
    return { api, gateway, services };
  } catch (error) {
    await stopAll(services);
    throw error;
  }
}

/** Hosts whose queues are emptied side by side. */
const PURGES_AT_ONCE = 16;

/**
 * After a restore: what the broker still holds for hosts may be of jobs that the database does not know. What it does
 * know, and no host has accepted, is in its outbox and sent again.
 */
async function purgeQueues(store: Store, bus: Pick<ControllerBus, "purgeHost">): Promise<void> {
  const gate = new Semaphore(PURGES_AT_ONCE);
  const hosts = await store.reads.hosts.listCredentials();
  await Promise.all(hosts.map(({ id }) => gate.run(() => bus.purgeHost(id))));
}

/** A trace of its own for what the controller does unasked. */
function traceOf(tracer: Tracer, actor: string): string {
  const span = tracer.start(`decided by ${actor}`);
  span.end();
  return formatTraceparent(span.context);
}

async function openGateway(
  { gateway, clock, log }: WholeConfig,
  parts: {
    readonly metrics: Metrics;
    readonly store: Store;
    readonly bus: ControllerBus;
    readonly api: Api;
    readonly services: Service[];
  },
): Promise<HttpListener | undefined> {
  if (gateway === undefined) return undefined;
  const { metrics, store, bus, api, services } = parts;
  const { address, hasSamples = true } = gateway;
  addControllerMetrics(metrics, { store, bus, clock, hasSamples });
  services.push(addProcessMetrics(metrics));
  const listener = await startGateway({ address, metrics, parts: api.readiness, log });
  services.push(listener);
  log.info({ address: listener.address }, "metrics and probes are served");
  return listener;
}

function requireConnected(bus: Pick<ControllerBus, "isConnected">): void {
  if (!bus.isConnected()) throw new DispatchError("BUS_UNAVAILABLE", "NATS does not answer");
}

export function createController(config: ControllerConfig): Controller {
  const whole = {
    ...config,
    clock: config.clock ?? systemClock,
    random: config.random ?? systemRandom,
  };
  let running: Running | undefined;
  let onEnd: (reason: string) => void = () => undefined;
  const ended = new Promise<string>((resolve) => {
    onEnd = resolve;
  });
  const started = (): Running => {
    if (running === undefined) throw new InvariantError("the controller was not started");
    return running;
  };
  return {
    ended,
    get address() {
      return started().api.address;
    },
    get gatewayAddress() {
      return started().gateway?.address;
    },
    start: async () => {
      running = await startAll(whole, (reason) => onEnd(reason));
    },
    stop: async () => {
      await stopAll(running?.services ?? []);
    },
  };
}
