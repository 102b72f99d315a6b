import { inParallel, timed } from "../dispatch/throughput.ts";
import { createOpenstackClient, type OpenstackClient } from "./openstack-client.ts";
import type { FleetShape, PlacementFigures } from "./shape.ts";

/** Resource providers made at once. */
const SETUP_CLIENTS = 8;
/** Tries of one placement; a generation that moved costs one. */
const TRIES_MAX = 20;

function require(answer: { readonly status: number; readonly body: unknown }, what: string): void {
  if (answer.status < 300) return;
  throw new Error(`${what}: ${answer.status} ${JSON.stringify(answer.body)}`);
}

/** Hosts as resource providers with the same capacities as ours. */
export async function fillOpenstack(url: string, shape: FleetShape): Promise<void> {
  const client = createOpenstackClient(url, SETUP_CLIENTS);
  const inventory = (total: number) => ({ total, reserved: 0, min_unit: 1, max_unit: total });
  const inventories = {
    VCPU: { ...inventory(shape.vcpus), allocation_ratio: 1 },
    MEMORY_MB: inventory(shape.memoryMib),
    SRIOV_NET_VF: inventory(shape.slots),
  };
  await inParallel(shape.hosts, SETUP_CLIENTS, async (index) => {
    const uuid = crypto.randomUUID();
    require(await client.call("POST", "/resource_providers", {
      uuid,
      name: `host-${index}`,
    }), "resource provider");
    require(await client.call("PUT", `/resource_providers/${uuid}/inventories`, {
      resource_provider_generation: 0,
      inventories,
    }), "inventories");
  });
  client.close();
}

type Candidates = {
  readonly allocation_requests: readonly { readonly allocations: unknown }[];
};

/** One placement as Nova makes it: ask for candidates, claim one, and again where its generation moved. */
async function placeOne(
  client: OpenstackClient,
  options: { readonly limit: number; readonly query: string },
): Promise<{ readonly conflicts: number }> {
  for (let tried = 0; tried < TRIES_MAX; tried += 1) {
    const found = await client.call(
      "GET",
      `/allocation_candidates?${options.query}&limit=${options.limit}`,
    );
    require(found, "allocation_candidates");
    const { allocation_requests: candidates } = found.body as Candidates;
    const chosen = candidates[Math.floor(Math.random() * candidates.length)];
    if (chosen === undefined) throw new Error("no candidate");
    const claimed = await client.call("PUT", `/allocations/${crypto.randomUUID()}`, {
      ...chosen,
      project_id: "bench",
      user_id: "bench",
      consumer_generation: null,
    });
    if (claimed.status === 204) return { conflicts: tried };
    if (claimed.status !== 409) require(claimed, "allocations");
  }
  throw new Error(`no allocation in ${TRIES_MAX} tries`);
}

/**
 * Placements of its own clients, until each was made.
 *
 * @param options.limit candidates asked for; Nova's own is 1000 (scheduler.max_placement_results)
 */
export async function measureOpenstack(
  url: string,
  shape: FleetShape,
  options: { readonly placements: number; readonly clients: number; readonly limit: number },
): Promise<PlacementFigures> {
  const client = createOpenstackClient(url, options.clients);
  const query = `resources=VCPU:${shape.vmVcpus},MEMORY_MB:${shape.vmMemoryMib},SRIOV_NET_VF:1`;
  const latenciesMs: number[] = [];
  const one = async () => {
    latenciesMs.push(
      await timed(async () => void (await placeOne(client, { limit: options.limit, query }))),
    );
  };
  await inParallel(options.clients, options.clients, one);
  latenciesMs.length = 0;
  const totalMs = await timed(() => inParallel(options.placements, options.clients, one));
  client.close();
  return { perSecond: (options.placements * 1000) / totalMs, latenciesMs };
}
