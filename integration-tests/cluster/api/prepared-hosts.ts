import { PlanGoal } from "@switchyard/client";
import type { Inventory } from "@switchyard/model";
import { buildBareR740 } from "@switchyard/testkit/builders";
import { type NetworkChange, networkOf, profileOf } from "./records.ts";
import type { World } from "./world.ts";

/** Plans and applies the host's profile, and does the job. */
export async function prepareHost(world: World, host: string): Promise<void> {
  const { client } = world;
  const plan = await client.plans.createPlan({
    host: `hosts/${host}`,
    goal: PlanGoal.APPLY_PROFILE,
  });
  const job = await client.plans.applyPlan({ name: plan.name, etag: plan.etag });
  await world.doJob(job.name);
}

/** Hosts with two slots each on cxbr0, and the network `lan` on it. */
export async function prepareFleet(
  world: World,
  hosts: readonly string[],
  options: { readonly inventory?: () => Inventory; readonly network?: NetworkChange } = {},
): Promise<void> {
  const { client } = world;
  await client.profiles.createProfile({ profileId: "cx6dx", profile: profileOf() });
  for (const host of hosts) {
    await world.enrol(host, (options.inventory ?? buildBareR740)(), { pool: "vdpa" });
    await prepareHost(world, host);
  }
  await client.networks.createNetwork({ networkId: "lan", network: networkOf(options.network) });
}
