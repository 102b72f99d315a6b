import { createReadCache, type ReadCache, readInventory } from "@switchyard/agent";
import { createSimFleet, type SimHost } from "@switchyard/hostsim";
import type { HostDesired, Inventory } from "@switchyard/model";
import { planHost, preflightHost } from "@switchyard/planner";
import { systemClock } from "@switchyard/runtime";
import { buildDatapath, buildHostDesired } from "@switchyard/testkit/builders";

const VFS = 8;

export interface PlanningResult {
  readonly hosts: number;
  /** All hosts planned one after the other in one process, milliseconds. */
  readonly planMs: number;
  /** Preflight of a host that its agent looked at before: the slowest of several looks with their verdicts, milliseconds. */
  readonly preflightMs: number;
}

const look = (host: SimHost, cache?: ReadCache): Promise<Inventory> =>
  readInventory({
    host,
    clock: systemClock,
    agentVersion: "bench",
    nicProfiles: [],
    ...(cache !== undefined && { cache }),
  });

/** Looks of which the slowest counts. */
const LOOKS = 10;

/** As the agent looks again and again, with what it keeps of costly readings. */
async function measurePreflight(host: SimHost, desired: HostDesired): Promise<number> {
  const cache = createReadCache();
  await look(host, cache);
  let slowestMs = 0;
  for (let at = 0; at < LOOKS; at += 1) {
    const start = performance.now();
    const verdicts = preflightHost({ inventory: await look(host, cache), desired });
    slowestMs = Math.max(slowestMs, performance.now() - start);
    const wrong = verdicts.find(({ status }) => status !== "pass");
    if (wrong !== undefined) throw new Error(`${wrong.id}: ${wrong.evidence.join("; ")}`);
  }
  return slowestMs;
}

/** Plans bare simulated R740s, each from what the real inventory reader saw of it. */
export async function measurePlanning(hosts: number): Promise<PlanningResult> {
  const fleet = createSimFleet({ hosts, seed: 1 });
  const observed: (readonly [HostDesired, Inventory])[] = [];
  for (const host of fleet.hosts) {
    const datapath = buildDatapath({ vfCount: VFS });
    observed.push([buildHostDesired(datapath, host.name), await look(host)]);
  }
  const planStart = performance.now();
  for (const [desired, inventory] of observed) {
    if (planHost(desired, inventory).steps.length === 0) throw new Error("a bare host needs steps");
  }
  const planMs = performance.now() - planStart;
  const [first] = fleet.hosts;
  const [desired] = observed[0] ?? [];
  if (first === undefined || desired === undefined) throw new RangeError("no host to look at");
  return { hosts, planMs, preflightMs: await measurePreflight(first, desired) };
}
