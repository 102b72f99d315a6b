import { join } from "node:path";
import { vdpaDatapath } from "@switchyard/dev/main-job";
import { SIM_LABELS, type Stack, startStack } from "@switchyard/dev/stack";
import { Profile, Rollout, RolloutState, type RolloutStrategy } from "@switchyard/proto";
import { silentLogger } from "@switchyard/runtime";
import { waitFor } from "@switchyard/testkit";
import { Client } from "pg";
import { type Child, startChild } from "../dispatch/child.ts";
import type { AgentsMemory, AgentsRequest } from "./agents-program.ts";

/** A fleet whose agents are in processes of their own, with everything it is measured by. */
export interface BenchFleet {
  readonly stack: Stack;
  /** From nothing running to every host ready, milliseconds. */
  readonly readyMs: number;
  rollOut(id: string, change: RolloutChange): Promise<RolledOut>;
  /** The next switch of hardware offload fails on the host at this position. */
  spoil(position: number): Promise<void>;
  halted(id: string): Promise<Halted>;
  memory(): Promise<FleetMemory>;
  stop(): Promise<void>;
}

export interface RolloutChange {
  readonly hwOffload?: boolean;
  readonly strategy?: Partial<RolloutStrategy>;
}

/** What a failure did to a rollout, by the database's clock. */
export interface Halted {
  /** From the end of the first failed job to the halt, milliseconds. */
  readonly latencyMs: number;
  /** Hosts begun in between. */
  readonly begunHosts: number;
}

export interface RolledOut {
  readonly rollout: Rollout;
  /** From the call that starts it to its end, milliseconds. */
  readonly tookMs: number;
}

export interface FleetMemory {
  readonly controllerBytes: number;
  /** Of one simulated host with its agent. */
  readonly perAgentBytes: number;
}

/** One process of agents per core. */
const PROCESSES = 2;
const VF_COUNT = 4;
const READY_TIMEOUT_MS = 30 * 60_000;
const ROLLOUT_TIMEOUT_MS = 30 * 60_000;
const POLL_MS = 50;
const PROFILE = "bench";

/** All at once after the canary, and nothing waits. */
const ONE_WAVE: Partial<RolloutStrategy> = {
  waveCount: 1,
  maxUnavailablePercent: 100,
  soak: { seconds: 0n, nanos: 0 },
};
const ENDS: readonly RolloutState[] = [
  RolloutState.SUCCEEDED,
  RolloutState.HALTED,
  RolloutState.FAILED,
  RolloutState.ROLLED_BACK,
];

const profile = (): Profile => {
  const bridgeAddresses = { first: "10.101.0.2", last: "10.101.63.254" };
  const datapath = vdpaDatapath({ vfCount: VF_COUNT, maxVqp: 8, bridgeAddresses });
  const { bridge } = datapath;
  const addressRange = { ...bridgeAddresses, prefixLength: 16 };
  return Profile.fromPartial({
    spec: {
      selector: SIM_LABELS,
      datapath: {
        ...datapath,
        hwOffload: false,
        bridge: { name: bridge?.name ?? "", addressRange },
      },
    },
  });
};

/** Brings up controller, bus, database and `hosts` simulated hosts, and waits until all are ready. */
export async function startBenchFleet(hosts: number): Promise<BenchFleet> {
  const beganMs = performance.now();
  const stack = await startStack({ hosts: 0, log: silentLogger });
  const children: Child[] = [];
  const database = new Client({ connectionString: stack.databaseUrl });
  const stop = async () => {
    await Promise.all(children.map((child) => child.stop()));
    await database.end();
    await stack.stop();
  };
  try {
    await database.connect();
    const share = Math.ceil(hosts / PROCESSES);
    for (let first = 1; first <= hosts; first += share) {
      const count = Math.min(share, hosts - first + 1);
      children.push(startAgents(stack, first, count));
    }
    await Promise.all(children.map((child) => child.next()));
    await untilReady(database, hosts);
    const readyMs = performance.now() - beganMs;
    await stack.client.profiles.createProfile({ profileId: PROFILE, profile: profile() });
    return {
      stack,
      readyMs,
      stop,
      rollOut: (id, change) => rollOut(stack, id, change),
      spoil: async (position) => {
        const host = `r740-${String(position).padStart(2, "0")}`;
        const child = children[Math.floor((position - 1) / share)];
        await child?.ask({ kind: "spoil", host } satisfies AgentsRequest);
      },
      halted: (id) => readHalt(database, id),
      memory: () => readMemory(children, hosts),
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

const startAgents = (stack: Stack, first: number, count: number): Child =>
  startChild("../fleet/agents-program.ts", {
    BENCH_CONTROLLER: stack.address,
    BENCH_FOLDER: join(stack.folder, "agents"),
    BENCH_HOSTS: String(count),
    BENCH_FIRST: String(first),
  });

async function untilReady(database: Client, hosts: number): Promise<void> {
  const countReady = async () => {
    const { rows } = await database.query<{ n: number }>(
      "SELECT count(*)::float8 AS n FROM hosts WHERE state = 'ready'",
    );
    return rows[0]?.n ?? 0;
  };
  await waitFor(async () => (await countReady()) >= hosts, {
    deadlineMs: READY_TIMEOUT_MS,
    pollMs: POLL_MS,
  });
}

async function rollOut(stack: Stack, id: string, change: RolloutChange): Promise<RolledOut> {
  const { rollouts } = stack.client;
  const { hwOffload, strategy = {} } = change;
  const beganMs = performance.now();
  await rollouts.createRollout({
    rolloutId: id,
    rollout: Rollout.fromPartial({
      spec: {
        profile: `profiles/${PROFILE}`,
        change: { ...(hwOffload !== undefined && { hwOffload }) },
        strategy: { ...ONE_WAVE, ...strategy },
      },
    }),
    requestId: id,
    validateOnly: false,
  });
  const rollout = await waitFor(
    async () => {
      const found = await rollouts.getRollout({ name: `rollouts/${id}` });
      return ENDS.includes(found.state) ? found : undefined;
    },
    { deadlineMs: ROLLOUT_TIMEOUT_MS, pollMs: POLL_MS },
  );
  return { rollout, tookMs: performance.now() - beganMs };
}

async function readHalt(database: Client, id: string): Promise<Halted> {
  const { rows } = await database.query<{ ms: number; begun: number }>(
    `WITH bad AS (
      SELECT min(j.ended_at) AS at FROM rollout_hosts h JOIN jobs j ON j.id = h.job
      WHERE h.rollout = $1 AND h.state = 'failed')
    SELECT (extract(epoch FROM r.halted_at - bad.at) * 1000)::float8 AS ms,
      (SELECT count(*)::float8 FROM rollout_hosts WHERE rollout = $1 AND begun_at > bad.at) AS begun
    FROM rollouts r, bad WHERE r.name = $1`,
    [id],
  );
  const [row] = rows;
  if (row === undefined) throw new Error(`rollout ${id} was not halted`);
  return { latencyMs: row.ms, begunHosts: row.begun };
}

async function readMemory(children: readonly Child[], hosts: number): Promise<FleetMemory> {
  let agentBytes = 0;
  for (const child of children) {
    const memory = await child.ask({ kind: "memory" } satisfies AgentsRequest);
    agentBytes += (memory as AgentsMemory).rssBytes;
  }
  return { controllerBytes: process.memoryUsage.rss(), perAgentBytes: agentBytes / hosts };
}
