import { createHostKey } from "@switchyard/bus";
import { type HostId, type Inventory, parseHostId } from "@switchyard/model";
import { newUuid, silentLogger, systemClock, systemRandom } from "@switchyard/runtime";
import { createStore, type Store } from "@switchyard/store";
import { Client } from "pg";
import { inParallel } from "../dispatch/throughput.ts";
import type { FleetShape } from "./shape.ts";

const AT_ONCE = 6;
const TOKEN_TTL_MS = 600_000;
/** The first of the MACs of slots, locally administered. */
const FIRST_SLOT_MAC = 0x02_00_00_00_00_00;

const hostName = (index: number): HostId => parseHostId(`host-${String(index).padStart(4, "0")}`);

async function enrol(store: Store, index: number, inventory: Inventory): Promise<void> {
  const host = hostName(index);
  const write = { actor: "bench", requestId: newUuid(systemClock, systemRandom) };
  const hash = newUuid(systemClock, systemRandom);
  const { nkeyPublic } = createHostKey();
  await store.transaction(write, async (tx) => {
    const labels = { rack: `r${index % 40}` };
    await tx.hosts.createEnrollmentToken({
      ...{ host, hash, labels },
      ttlMs: TOKEN_TTL_MS,
      allowReenroll: false,
    });
    await tx.hosts.enroll({ host, tokenHash: hash, nkeyPublic, agentVersion: "0.1.0", shard: 0 });
  });
  await store.presence.recordInventory({
    host,
    hostEpoch: 1,
    session: newUuid(systemClock, systemRandom),
    sessionStartAtMs: systemClock.nowMs(),
    version: 1,
    inventory: { ...inventory, machine: { ...inventory.machine, serial: `BENCH${index}` } },
  });
}

/** As `reserveSlots` leaves them, in two statements: 64,000 slots one by one take minutes. */
async function reserveSlots(databaseUrl: string, pf: string, shape: FleetShape): Promise<void> {
  const client = new Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    await client.query(
      `CREATE TEMPORARY TABLE wanted AS
       SELECT h.name AS host, vf_index, number,
         substr(regexp_replace(lpad(to_hex(number), 12, '0'), '(..)', ':\\1', 'g'), 2) AS mac
       FROM (SELECT name, row_number() OVER (ORDER BY name) - 1 AS at FROM hosts) AS h,
         generate_series(0, $1::integer - 1) AS vf_index,
         LATERAL (SELECT $2::bigint + h.at * $1 + vf_index AS number) AS n`,
      [shape.slots, FIRST_SLOT_MAC],
    );
    await client.query(
      `INSERT INTO mac_addresses (mac, number, owner_kind, owner)
       SELECT mac, number, 'slot', 'hosts/' || host FROM wanted`,
    );
    await client.query(
      "INSERT INTO slots (host, pf, vf_index, mac) SELECT host, $1, vf_index, mac FROM wanted",
      [pf],
    );
    await client.query("ANALYZE");
  } finally {
    await client.end();
  }
}

/** Hosts as the store has them once they were enrolled, reported and had a profile applied. */
export async function fillStore(options: {
  readonly databaseUrl: string;
  readonly inventory: Inventory;
  readonly shape: FleetShape;
}): Promise<void> {
  const { databaseUrl, inventory, shape } = options;
  const pf = inventory.nics[0]?.pfs[0]?.pciAddress;
  if (pf === undefined) throw new Error("the simulated host has no port");
  const store = await createStore({
    url: databaseUrl,
    log: silentLogger,
    clock: systemClock,
    random: systemRandom,
    onJobsEnded: async () => undefined,
  });
  await inParallel(shape.hosts, AT_ONCE, (index) => enrol(store, index, inventory));
  await store.close();
  await reserveSlots(databaseUrl, pf, shape);
}
