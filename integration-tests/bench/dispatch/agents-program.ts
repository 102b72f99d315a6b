import { createClient } from "@switchyard/client";
import { SIM_LABELS, type SimAgent, startSimAgent } from "@switchyard/dev/stack";
import { createSimFleet, type SimHost } from "@switchyard/hostsim";
import { Semaphore, silentLogger } from "@switchyard/runtime";

/*
 * A fleet's agents in a process of their own, as on a fleet they share none with the controller. Each is the
 * real agent with a ledger on disk. Tells its parent the hosts' names once all are connected, and ends with it.
 */

/** Agents that only take jobs: nothing else shall be measured. */
const QUIET = { heartbeatMs: 5_000, inventoryMs: 600_000, telemetryMs: 600_000 };
const SEED = 1;
const STARTING_AT_ONCE = 12;

const { BENCH_CONTROLLER = "", BENCH_FOLDER = "", BENCH_HOSTS = "" } = process.env;

process.on("disconnect", () => process.exit(0));
const client = createClient({ address: BENCH_CONTROLLER, security: { kind: "insecure" } });
const gate = new Semaphore(STARTING_AT_ONCE);
const start = (host: SimHost): Promise<SimAgent> =>
  startSimAgent(host.name, host, {
    client,
    controllerAddress: BENCH_CONTROLLER,
    folder: BENCH_FOLDER,
    labels: SIM_LABELS,
    intervals: QUIET,
    log: silentLogger,
  });
const { hosts } = createSimFleet({ hosts: Number(BENCH_HOSTS), seed: SEED });
const agents = await Promise.all(hosts.map((host) => gate.run(() => start(host))));
client.close();
process.send?.(agents.map(({ name }) => `hosts/${name}`));
