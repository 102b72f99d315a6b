import { createClient } from "@switchyard/client";
import { SIM_LABELS, type SimAgent, startSimAgent } from "@switchyard/dev/stack";
import { createSimFleet, type SimHost } from "@switchyard/hostsim";
import { Semaphore, silentLogger } from "@switchyard/runtime";

/*
 * A part of the fleet's agents in a process of their own. Each is the real agent with a ledger on disk. Tells its
 * parent when all are connected, then answers what it is asked, and ends with it.
 */

/**
 * Heartbeats as agents send them. The host itself is looked at once a minute, and telemetry is another benchmark: on
 * a fleet both run on the hosts' own processors, of which there are none here.
 */
const INTERVALS = { heartbeatMs: 5_000, inventoryMs: 60_000, telemetryMs: 3_600_000 };
const SEED = 1;
const STARTING_AT_ONCE = 16;

/** What the parent may ask. */
export type AgentsRequest =
  | { readonly kind: "memory" }
  /** The next switch of hardware offload fails on this host. */
  | { readonly kind: "spoil"; readonly host: string };

export interface AgentsMemory {
  readonly rssBytes: number;
  readonly heapBytes: number;
  /** Processor time so far, microseconds. */
  readonly cpuMicros: number;
}

const {
  BENCH_CONTROLLER = "",
  BENCH_FOLDER = "",
  BENCH_HOSTS = "",
  BENCH_FIRST = "1",
} = process.env;

process.on("disconnect", () => process.exit(0));
const client = createClient({ address: BENCH_CONTROLLER, security: { kind: "insecure" } });
const gate = new Semaphore(STARTING_AT_ONCE);
const start = (host: SimHost): Promise<SimAgent> =>
  startSimAgent(host.name, host, {
    client,
    controllerAddress: BENCH_CONTROLLER,
    folder: BENCH_FOLDER,
    labels: SIM_LABELS,
    intervals: INTERVALS,
    hasManagementLink: false,
    log: silentLogger,
  });
const fleet = createSimFleet({
  hosts: Number(BENCH_HOSTS),
  firstPosition: Number(BENCH_FIRST),
  seed: SEED,
});

process.on("message", (request: AgentsRequest) => {
  if (request.kind === "memory" || request.kind === "spoil") process.send?.(answer(request));
});

function answer(request: AgentsRequest): AgentsMemory | true {
  if (request.kind === "memory") {
    globalThis.gc?.();
    const { rss, heapUsed } = process.memoryUsage();
    const { user, system } = process.cpuUsage();
    return { rssBytes: rss, heapBytes: heapUsed, cpuMicros: user + system };
  }
  fleet.host(request.host).faults.add({
    match: { kind: "run", program: "ovs-vsctl", words: ["set"] },
    action: { kind: "fail", exitCode: 1, stderr: "ovs-vsctl: database connection failed" },
    times: 100,
  });
  return true;
}

await Promise.all(fleet.hosts.map((host) => gate.run(() => start(host))));
client.close();
process.send?.(true);
