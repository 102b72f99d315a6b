import { join } from "node:path";
import { type Stack, startStack } from "@switchyard/dev/stack";
import { silentLogger } from "@switchyard/runtime";
import { type Child, startChild } from "./child.ts";
import type { DispatchLoad, DispatchResult } from "./throughput.ts";

/** Hosts the jobs go to, each with the real agent and a ledger on disk. */
export const HOSTS = 200;

/** What else shall be measured on the same Postgres while it is up. */
export type Peers = (services: {
  readonly createDatabase: (name: string) => Promise<string>;
}) => Promise<void>;

/**
 * No-op jobs from the API call to the result committed in Postgres. The controller is in this process; the
 * client and the agents, which elsewhere are on other machines, have a process each.
 */
export async function measureSwitchyard(load: DispatchLoad, peers: Peers): Promise<DispatchResult> {
  const stack = await startStack({ hosts: 0, log: silentLogger });
  try {
    const agents = startChild("./agents-program.ts", {
      BENCH_CONTROLLER: stack.address,
      BENCH_FOLDER: join(stack.folder, "agents"),
      BENCH_HOSTS: String(HOSTS),
    });
    const result = await measureWith(stack, load, agents).finally(() => agents.stop());
    await peers({ createDatabase: (name) => stack.postgres.createDatabase(name) });
    return result;
  } finally {
    await stack.stop();
  }
}

async function measureWith(
  stack: Stack,
  load: DispatchLoad,
  agents: Child,
): Promise<DispatchResult> {
  const hostNames = await agents.next();
  const client = startChild("./load-program.ts", {
    BENCH_CONTROLLER: stack.address,
    BENCH_DATABASE: stack.databaseUrl,
    BENCH_HOST_NAMES: JSON.stringify(hostNames),
    BENCH_JOBS: String(load.jobs),
    BENCH_IDLE_JOBS: String(load.idleJobs),
  });
  return (await client.next().finally(() => client.stop())) as DispatchResult;
}
