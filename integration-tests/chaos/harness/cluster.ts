import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { SwitchyardClient } from "@switchyard/client";
import { type Broker, startBroker } from "@switchyard/dev/stack";
import { createSimFleet, type MachineOverrides, type SimWeb } from "@switchyard/hostsim";
import { systemRandom } from "@switchyard/runtime";
import { startPostgres, type TestPostgres } from "@switchyard/testkit";
import { type AgentProcess, startAgentProcess } from "./agents.ts";
import { type ControllerProcess, startControllerProcess } from "./controllers.ts";
import { makePrograms } from "./programs.ts";

/** Everything in processes of its own, but the simulated machines, which outlive what is killed on them. */
export interface Cluster {
  readonly postgres: TestPostgres;
  readonly databaseUrl: string;
  readonly broker: Broker;
  readonly controllers: readonly ControllerProcess[];
  readonly agents: readonly AgentProcess[];
  /** Of the first controller. */
  readonly client: SwitchyardClient;
  /** Stops all and removes the folder; `CHAOS_KEEP=1` keeps it, with every log. */
  stop(): Promise<void>;
}

export interface ClusterOptions {
  readonly hosts: number;
  readonly controllers: number;
  readonly seed: number;
  /** Servers all hosts can download from. */
  readonly web?: SimWeb;
  /** What differs on one host, by name. */
  readonly overrides?: Readonly<Record<string, MachineOverrides>>;
}

const CLUSTER_KEY_BYTES = 32;

type Undo = () => Promise<void>;

export async function startCluster(options: ClusterOptions): Promise<Cluster> {
  const undo: Undo[] = [];
  const stop = async () => {
    for (const step of undo.splice(0).reverse()) await step();
  };
  try {
    return { ...(await bringUp(options, undo)), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function bringUp(options: ClusterOptions, undo: Undo[]): Promise<Omit<Cluster, "stop">> {
  const folder = await mkdtemp(join(tmpdir(), "sy-chaos-"));
  undo.push(() => removeFolder(folder));
  const [programs, postgres, broker] = await Promise.all([
    makePrograms(folder),
    startPostgres(),
    startBroker(),
  ]);
  undo.push(
    () => postgres.stop(),
    () => broker.stop(),
  );
  const databaseUrl = await postgres.createDatabase("switchyard");
  const shared = {
    ...{ programs, folder, databaseUrl, broker },
    clusterKey: systemRandom.hex(CLUSTER_KEY_BYTES),
  };
  const controllers: ControllerProcess[] = [];
  for (let number = 1; number <= options.controllers; number += 1) {
    const controller = await startControllerProcess({ ...shared, number });
    undo.push(() => controller.close());
    controllers.push(controller);
  }
  // Each has a signing key of its own, and a host learns at its enrolment whose jobs to take.
  await Promise.all(controllers.map((controller) => controller.ready()));
  const [controller] = controllers;
  if (controller === undefined) throw new RangeError("a cluster has one controller or more");
  const agents: AgentProcess[] = [];
  undo.push(async () => void (await Promise.all(agents.map((agent) => agent.close()))));
  const fleet = createSimFleet({
    ...{ hosts: options.hosts, seed: options.seed },
    ...(options.web !== undefined && { web: options.web }),
    ...(options.overrides !== undefined && { overrides: options.overrides }),
  });
  for (const sim of fleet.hosts) {
    agents.push(await startAgentProcess({ sim, controller, programs, folder }));
  }
  return { postgres, databaseUrl, broker, controllers, agents, client: controller.client };
}

async function removeFolder(folder: string): Promise<void> {
  if (process.env["CHAOS_KEEP"] === undefined) {
    await rm(folder, { recursive: true, force: true });
    return;
  }
  process.stderr.write(`# logs are kept in ${folder}\n`);
}
