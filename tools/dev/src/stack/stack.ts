import { rm } from "node:fs/promises";
import { join } from "node:path";
import { AGENT_VERSION, type AgentIntervals } from "@switchyard/agent";
import { createSigningKey } from "@switchyard/bus";
import { createClient, type SwitchyardClient } from "@switchyard/client";
import { type Controller, createController } from "@switchyard/controller";
import {
  createSimFleet,
  type MachineOverrides,
  type SimFleet,
  type SimHost,
  type SimWeb,
} from "@switchyard/hostsim";
import type { Sample } from "@switchyard/proto";
import {
  createTracer,
  type Environment,
  type Logger,
  Semaphore,
  systemClock,
  systemRandom,
} from "@switchyard/runtime";
import { startPostgres, type TestPostgres, waitFor } from "@switchyard/testkit";
import { type Broker, makeStackFolder, startBroker } from "./broker.ts";
import { type SimAgent, startSimAgent } from "./sim-agents.ts";

export interface StackOptions {
  /** Simulated hosts with an agent each; 0 for none. */
  readonly hosts: number;
  /** Simulated hosts besides, as they are, with an agent each. */
  readonly loaded?: readonly SimHost[];
  readonly seed?: number;
  /** What differs on one host, by name. */
  readonly overrides?: Readonly<Record<string, MachineOverrides>>;
  /** Servers all hosts can download from. */
  readonly web?: SimWeb;
  readonly intervals?: Partial<AgentIntervals>;
  /** Of all agents; their own default where it is left out. */
  readonly deadManMs?: number;
  /** Where `OTEL_…` variables are read; without them nothing is traced. */
  readonly environment?: Environment;
  /** Whether each agent serves its metrics on a port of its own. */
  readonly hasAgentMetrics?: boolean;
  /** A database elsewhere, instead of one on a Postgres of the stack's own, which then has nothing to do. */
  readonly databaseUrl?: string;
  readonly log: Logger;
}

/** Everything up in one process: Postgres, NATS, one controller, simulated hosts with the real agent. */
export interface Stack {
  /** `127.0.0.1:PORT` of the first controller. */
  readonly address: string;
  /** Where the first controller serves `/metrics`, `host:port`. */
  readonly gatewayAddress: string;
  readonly client: SwitchyardClient;
  /** The first. */
  readonly controller: Controller;
  readonly postgres: TestPostgres;
  readonly databaseUrl: string;
  readonly broker: Broker;
  readonly fleet: SimFleet | undefined;
  readonly agents: readonly SimAgent[];
  /** `hosts/{host}` of all simulated hosts, in order. */
  readonly hostNames: readonly string[];
  readonly folder: string;
  /** @param name `hosts/{host}` or `{host}` */
  simHost(name: string): SimHost;
  /** Another controller on the same database and bus; stopped with the stack. */
  startController(): Promise<Controller>;
  /** Newest samples of a host, once each of the metrics has arrived. */
  waitForSamples(host: string, metrics: readonly string[]): Promise<readonly Sample[]>;
  stop(): Promise<void>;
}

/** Labels that simulated hosts enrol with; the demo's profile selects by them. */
export const SIM_LABELS = { role: "vm-host" };
/** Quick, because a person waits for it. */
const DEMO_INTERVALS: AgentIntervals = {
  heartbeatMs: 2_000,
  inventoryMs: 2_000,
  telemetryMs: 2_000,
  serialLogMs: 10_000,
  guestFactsMs: 2_000,
  vmWatchMs: 200,
};
const SAMPLES_DEADLINE_MS = 30_000;
const DEFAULT_SEED = 1;
const CLUSTER_KEY_BYTES = 32;
/** Agents that enrol and connect at once: a fleet's processes never all start in the same instant. */
const STARTING_AT_ONCE = 12;

/** Brings the parts up in order and takes them down in reverse. */
export async function startStack(options: StackOptions): Promise<Stack> {
  const undo: (() => Promise<void>)[] = [];
  const stop = async () => {
    for (const step of undo.splice(0).reverse()) await step().catch(() => undefined);
  };
  try {
    return await bringUp(options, undo, stop);
  } catch (error) {
    await stop();
    throw error;
  }
}

async function bringUp(
  options: StackOptions,
  undo: (() => Promise<void>)[],
  stop: () => Promise<void>,
): Promise<Stack> {
  const folder = await makeStackFolder();
  undo.push(() => rm(folder, { recursive: true, force: true }));
  const [postgres, broker] = await Promise.all([startPostgres(), startBroker()]);
  undo.push(
    () => postgres.stop(),
    () => broker.stop(),
  );
  const databaseUrl = options.databaseUrl ?? (await postgres.createDatabase("switchyard"));
  const shared = {
    clusterKey: systemRandom.hex(CLUSTER_KEY_BYTES),
    signingKey: createSigningKey(),
  };
  const { environment = {}, log } = options;
  const startController = async () => {
    const tracer = await createTracer({
      ...{ service: "switchyard-controller", version: AGENT_VERSION, environment, log },
      ...{ clock: systemClock, random: systemRandom },
    });
    undo.push(() => tracer.stop());
    const controller = createController({
      listen: { address: "127.0.0.1:0", tls: undefined, insecureLoopback: true },
      tokens: [],
      clusterKey: shared.clusterKey,
      databaseUrl,
      nats: natsConfig(broker, shared.signingKey),
      gateway: { address: "127.0.0.1:0" },
      ...{ tracer, log },
    });
    await controller.start();
    undo.push(() => controller.stop());
    return controller;
  };
  const controller = await startController();
  const { address, gatewayAddress = "" } = controller;
  const client = createClient({ address, security: { kind: "insecure" } });
  undo.push(async () => client.close());
  const fleet = options.hosts === 0 ? undefined : simFleet(options);
  const hosts = [...(fleet?.hosts ?? []), ...(options.loaded ?? [])];
  const agents = await startAgents(hosts, { client, address, folder }, options);
  undo.push(async () => void (await Promise.all(agents.map((agent) => agent.stop()))));
  return {
    ...{
      address,
      gatewayAddress,
      client,
      controller,
      postgres,
      databaseUrl,
      broker,
      fleet,
      agents,
      folder,
      startController,
      stop,
    },
    hostNames: agents.map(({ name }) => `hosts/${name}`),
    simHost: (name) => {
      const wanted = name.replace(/^hosts\//, "");
      const found = hosts.find((host) => host.name === wanted);
      if (found === undefined) throw new Error(`this stack has no simulated host ${wanted}`);
      return found;
    },
    waitForSamples: (host, metrics) => waitForSamples(client, host, metrics),
  };
}

const natsConfig = (broker: Broker, signingKey: ReturnType<typeof createSigningKey>) => ({
  servers: [broker.nats.url],
  seed: broker.controllerKey.seed,
  signingKey,
  usersFile: { path: broker.usersFile, pidFile: broker.pidFile, otherControllers: [] },
});

const simFleet = ({ hosts, seed, overrides, web }: StackOptions): SimFleet =>
  createSimFleet({
    hosts,
    seed: seed ?? DEFAULT_SEED,
    ...(overrides === undefined ? {} : { overrides }),
    ...(web === undefined ? {} : { web }),
  });

function startAgents(
  hosts: readonly SimHost[],
  where: { readonly client: SwitchyardClient; readonly address: string; readonly folder: string },
  options: StackOptions,
): Promise<readonly SimAgent[]> {
  const gate = new Semaphore(STARTING_AT_ONCE);
  const start = (host: SimHost) =>
    startSimAgent(host.name, host, {
      environment: options.environment ?? {},
      hasMetrics: options.hasAgentMetrics === true,
      client: where.client,
      controllerAddress: where.address,
      folder: join(where.folder, "agents"),
      labels: SIM_LABELS,
      intervals: options.intervals ?? DEMO_INTERVALS,
      ...(options.deadManMs === undefined ? {} : { deadManMs: options.deadManMs }),
      log: options.log,
    });
  return Promise.all(hosts.map((host) => gate.run(() => start(host))));
}

async function waitForSamples(
  client: SwitchyardClient,
  host: string,
  metrics: readonly string[],
): Promise<readonly Sample[]> {
  const latest = async () => (await client.telemetry.listLatestSamples({ host })).samples;
  let samples: readonly Sample[] = [];
  await waitFor(
    async () => {
      samples = await latest();
      return metrics.every((metric) => samples.some((sample) => sample.metric === metric));
    },
    { deadlineMs: SAMPLES_DEADLINE_MS, describe: () => `${samples.length} series of ${host}` },
  );
  return samples;
}
