import { readInventory } from "@switchyard/agent";
import { createSimFleet, type SimHost } from "@switchyard/hostsim";
import type { HostDesired, Inventory } from "@switchyard/model";
import { planHost } from "@switchyard/planner";
import { systemClock } from "@switchyard/runtime";
import { buildDatapath, buildHostDesired } from "@switchyard/testkit/builders";

const VFS = 8;

export interface PlanningResult {
  readonly hosts: number;
  /** All hosts planned one after the other in one process, milliseconds. */
  readonly planMs: number;
  /** One look at a host that was looked at before: inventory with preflight facts, milliseconds. */
  readonly preflightMs: number;
}

const look = (host: SimHost): Promise<Inventory> =>
  readInventory({ host, clock: systemClock, agentVersion: "bench", nicProfiles: [] });

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
  if (first === undefined) throw new RangeError("no host to look at");
  const lookStart = performance.now();
  await look(first);
  return { hosts, planMs, preflightMs: performance.now() - lookStart };
}
