import { createClient } from "@switchyard/client";
import type { Inventory } from "@switchyard/model";
import { startPostgres, type TestPostgres } from "@switchyard/testkit";
import { Client } from "pg";
import { startChild } from "../dispatch/child.ts";
import { type BenchController, startBenchController } from "./controller.ts";
import { fillStore } from "./fleet.ts";
import { networkRequest } from "./records.ts";
import type { FleetShape, PlacementFigures } from "./shape.ts";

/** As many as the placement transactions of one test cluster need in memory. */
const POSTGRES_FLAGS = ["-c", "max_connections=200"];

interface Load {
  readonly clients: number;
  readonly warmUp: number;
  readonly placements: number;
  readonly prefix: string;
}

interface LoadResult {
  readonly latenciesMs: readonly number[];
  readonly refused: number;
  readonly totalMs: number;
}

async function runLoad(controllers: readonly BenchController[], load: Load): Promise<LoadResult> {
  const child = startChild("../placement/load-program.ts", {
    BENCH_CONTROLLERS: JSON.stringify(controllers.map(({ api }) => api.address)),
    BENCH_CLIENTS: String(load.clients),
    BENCH_WARM_UP: String(load.warmUp),
    BENCH_PLACEMENTS: String(load.placements),
    BENCH_PREFIX: load.prefix,
  });
  return (await child.next().finally(() => child.stop())) as LoadResult;
}

async function createNetwork({ api }: BenchController): Promise<void> {
  const client = createClient({ address: api.address, security: { kind: "insecure" } });
  await client.networks.createNetwork(networkRequest());
  client.close();
}

export const startBenchPostgres = (): Promise<TestPostgres> =>
  startPostgres({ flags: POSTGRES_FLAGS });

/** Placements committed by one controller, each client one after the other. */
export async function measurePlacements(
  postgres: TestPostgres,
  inventory: Inventory,
  options: {
    readonly shape: FleetShape;
    readonly clients: number;
    readonly warmUp: number;
    readonly placements: number;
  },
): Promise<PlacementFigures> {
  const databaseUrl = await postgres.createDatabase("placement");
  await fillStore({ databaseUrl, inventory, shape: options.shape });
  const controller = await startBenchController(databaseUrl);
  try {
    await createNetwork(controller);
    const { latenciesMs, refused, totalMs } = await runLoad([controller], {
      ...options,
      prefix: "vm",
    });
    if (refused > 0) throw new Error(`${refused} VMs were refused on a fleet with room`);
    return { perSecond: (latenciesMs.length * 1000) / totalMs, latenciesMs };
  } finally {
    await controller.stop();
  }
}

/** What SQL finds wrong once every slot of a fleet was raced for. */
export interface RaceFigures {
  readonly slots: number;
  readonly placed: number;
  readonly refused: number;
  readonly oversold: number;
}

/** Slots, MACs and addresses with two owners, hosts with more vCPUs or memory promised than they have, and orphans. */
const OVERSOLD = `SELECT (
    (SELECT count(*) FROM (SELECT FROM allocation_nics GROUP BY host, pf, vf_index HAVING count(*) > 1) AS twice)
  + (SELECT count(*) FROM (SELECT FROM allocation_nics GROUP BY mac HAVING count(*) > 1) AS twice)
  + (SELECT count(*) FROM (SELECT FROM ip_addresses GROUP BY address HAVING count(*) > 1) AS twice)
  + (SELECT count(*) FROM (SELECT FROM allocations GROUP BY host
      HAVING sum(vcpu_count) > $1 OR sum(memory_bytes) > $2::bigint * 1048576) AS over)
  + (SELECT count(*) FROM mac_addresses m WHERE owner_kind = 'vm'
      AND NOT EXISTS (SELECT FROM allocation_nics n WHERE n.mac = m.mac))
  + (SELECT count(*) FROM ip_addresses i WHERE NOT EXISTS (
      SELECT FROM allocation_nics n WHERE n.network = i.network AND n.address = i.address))
  + (SELECT count(*) FROM vms v WHERE NOT EXISTS (SELECT FROM allocations a WHERE a.vm = v.name))
  )::integer AS oversold,
  (SELECT count(*) FROM allocation_nics)::integer AS placed`;

/** More VMs than there are slots, from many clients at two controllers. */
export async function measureRace(
  postgres: TestPostgres,
  inventory: Inventory,
  options: { readonly shape: FleetShape; readonly clients: number; readonly excess: number },
): Promise<RaceFigures> {
  const { shape, clients, excess } = options;
  const databaseUrl = await postgres.createDatabase("race");
  await fillStore({ databaseUrl, inventory, shape });
  const controllers = [
    await startBenchController(databaseUrl),
    await startBenchController(databaseUrl),
  ];
  const [first] = controllers;
  try {
    if (first === undefined) throw new Error("no controller");
    await createNetwork(first);
    const slots = shape.hosts * shape.slots;
    const { refused } = await runLoad(controllers, {
      clients,
      warmUp: 0,
      placements: slots + excess,
      prefix: "race",
    });
    const client = new Client({ connectionString: databaseUrl });
    await client.connect();
    const { rows } = await client
      .query<{ oversold: number; placed: number }>(OVERSOLD, [shape.vcpus, shape.memoryMib])
      .finally(() => client.end());
    const { oversold = Number.NaN, placed = Number.NaN } = rows[0] ?? {};
    return { slots, placed, refused, oversold };
  } finally {
    for (const each of controllers) await each.stop();
  }
}
