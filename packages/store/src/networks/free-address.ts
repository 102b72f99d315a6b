import {
  type Ipv4Address,
  ipv4FromNumber,
  ipv4ToNumber,
  type MacAddress,
  macFromNumber,
  macToNumber,
  type NetworkSpec,
} from "@switchyard/model";
import type { Statement } from "../connection/exchange.ts";
import type { Session } from "../connection/session.ts";

/** Where an address is unique: one VLAN of one bridge, 0 for the untagged one, in which hosts' bridges are. */
export interface Segment {
  readonly bridge: string;
  readonly vlan: number;
}

export const segmentOf = ({ bridge, vlan = 0 }: Pick<NetworkSpec, "bridge" | "vlan">): Segment => ({
  bridge,
  vlan,
});

/**
 * Addresses taken in a segment: by VMs, by hosts' bridges, and by reservations that are not for this VM; by all of them
 * where it is for none.
 */
const TAKEN = `SELECT i.address FROM ip_addresses i JOIN networks n ON n.name = i.network
      WHERE n.bridge = $1 AND n.vlan = $2 AND i.address BETWEEN $3::inet AND $4::inet
    UNION
    SELECT address FROM bridge_addresses
      WHERE bridge = $1 AND $2 = 0 AND address BETWEEN $3::inet AND $4::inet
    UNION
    SELECT (r.entry->>'address')::inet
      FROM networks n, jsonb_array_elements(n.spec->'reservations') AS r (entry)
      WHERE n.bridge = $1 AND n.vlan = $2 AND ($5::text IS NULL OR r.entry->>'vm' IS DISTINCT FROM $5)
        AND (r.entry->>'address')::inet BETWEEN $3::inet AND $4::inet`;

const FREE_ADDRESS = {
  name: "free_address",
  text: `WITH taken AS MATERIALIZED (${TAKEN})
  SELECT host(candidate) AS address FROM (
    SELECT $3::inet AS candidate
    UNION ALL
    SELECT address + 1 FROM taken WHERE address < $4::inet) AS c
  WHERE candidate NOT IN (SELECT address FROM taken)
  ORDER BY candidate LIMIT 1`,
};

/**
 * The lowest free address of a pool; the caller holds the lock of the bridge.
 *
 * @param pool.vm whose reservation counts as free
 */
export async function findFreeAddress(
  session: Session,
  pool: Segment & {
    readonly first: Ipv4Address;
    readonly last: Ipv4Address;
    readonly vm?: string;
  },
): Promise<Ipv4Address | undefined> {
  const { rows } = await session.client.query<{ address: Ipv4Address }>({
    ...FREE_ADDRESS,
    values: [pool.bridge, pool.vlan, pool.first, pool.last, pool.vm ?? null],
  });
  return rows[0]?.address;
}

const FREE_MAC = {
  name: "free_mac",
  text: `SELECT number FROM (
    SELECT $1::bigint AS number
    UNION ALL
    SELECT number + 1 FROM mac_addresses WHERE number >= $1::bigint AND number < $2::bigint) AS c
  WHERE NOT EXISTS (SELECT FROM mac_addresses m WHERE m.number = c.number)
  ORDER BY number LIMIT 1`,
};

/** The lowest MAC of a pool that nobody in the fleet has; another transaction may take it first. */
export async function findFreeMac(
  session: Session,
  pool: { readonly first: MacAddress; readonly last: MacAddress },
): Promise<MacAddress | undefined> {
  const { rows } = await session.client.query<{ number: number }>({
    ...FREE_MAC,
    values: [macToNumber(pool.first), macToNumber(pool.last)],
  });
  const number = rows[0]?.number;
  return number === undefined ? undefined : macFromNumber(number);
}

/** Numbers that one statement looks at beyond those asked for. */
const WINDOW_SPARE = 256;

/** Places in a pool where the search begins again, each behind a gap that was too small. */
const WINDOWS_MAX = 64;

const FREE_ADDRESSES = {
  name: "free_addresses",
  text: `WITH taken AS MATERIALIZED (${TAKEN})
  SELECT host(candidate) AS free FROM (
    SELECT $3::inet + n AS candidate FROM generate_series(0, $4::inet - $3::inet) AS n) AS c
  WHERE candidate NOT IN (SELECT address FROM taken)
  ORDER BY candidate LIMIT $6`,
};

const FREE_MACS = {
  name: "free_macs",
  text: `SELECT n AS free FROM generate_series($1::bigint, $2::bigint) AS n
  WHERE NOT EXISTS (SELECT FROM mac_addresses m WHERE m.number = n)
  ORDER BY n LIMIT $3`,
};

/** Looks for free addresses of a range, ascending; the caller holds the lock of the bridge. */
export const freeAddressesIn = (
  { bridge, vlan }: Segment,
  range: { readonly from: Ipv4Address; readonly to: Ipv4Address },
  limit: number,
): Statement => ({
  ...FREE_ADDRESSES,
  values: [bridge, vlan, range.from, range.to, null, limit],
});

/** Looks for free MACs of a range, ascending; another transaction may take them first. */
export const freeMacsIn = (
  range: { readonly from: MacAddress; readonly to: MacAddress },
  limit: number,
): Statement => ({
  ...FREE_MACS,
  values: [macToNumber(range.from), macToNumber(range.to), limit],
});

/** How a pool of numbers is searched. */
interface Pool {
  readonly first: number;
  readonly last: number;
  /** The lowest free one from a number on, whatever lies before it. */
  findLowest(from: number): Promise<number | undefined>;
  /** Free ones of a range, ascending. */
  findIn(
    range: { readonly from: number; readonly to: number },
    limit: number,
  ): Promise<readonly number[]>;
}

/**
 * Free numbers of a pool, ascending; fewer than asked for only where there are no more.
 *
 * @param hint where the search may begin: a number below which few or none are free. All is searched where
 *   that gives too few.
 */
async function findFree(
  pool: Pool,
  count: number,
  hint: number | undefined,
): Promise<readonly number[]> {
  const found: number[] = [];
  const search = async (start: number | undefined) => {
    let from = start;
    for (let window = 0; window < WINDOWS_MAX && from !== undefined; window += 1) {
      const to = Math.min(pool.last, from + count + WINDOW_SPARE);
      found.push(...(await pool.findIn({ from, to }, count - found.length)));
      if (found.length >= count || to >= pool.last) return;
      from = await pool.findLowest(to + 1);
    }
  };
  if (hint !== undefined && hint >= pool.first && hint <= pool.last) await search(hint);
  if (found.length >= count) return found;
  found.length = 0;
  await search(await pool.findLowest(pool.first));
  return found;
}

/** Several free addresses of a pool, ascending; the caller holds the lock of the bridge. */
export async function findFreeAddresses(
  session: Session,
  pool: Segment & { readonly first: Ipv4Address; readonly last: Ipv4Address },
  wanted: { readonly count: number; readonly hint: Ipv4Address | undefined },
): Promise<readonly Ipv4Address[]> {
  const { bridge, vlan, last } = pool;
  const numbers = await findFree(
    {
      first: ipv4ToNumber(pool.first),
      last: ipv4ToNumber(last),
      findLowest: async (from) => {
        const first = ipv4FromNumber(from);
        const address = await findFreeAddress(session, { bridge, vlan, first, last });
        return address === undefined ? undefined : ipv4ToNumber(address);
      },
      findIn: async ({ from, to }, limit) => {
        const range = { from: ipv4FromNumber(from), to: ipv4FromNumber(to) };
        const { rows } = await session.client.query<{ free: Ipv4Address }>(
          freeAddressesIn(pool, range, limit),
        );
        return rows.map(({ free }) => ipv4ToNumber(free));
      },
    },
    wanted.count,
    wanted.hint === undefined ? undefined : ipv4ToNumber(wanted.hint),
  );
  return numbers.map(ipv4FromNumber);
}

/** Several free MACs of a pool, ascending; another transaction may take them first. */
export async function findFreeMacs(
  session: Session,
  pool: { readonly first: MacAddress; readonly last: MacAddress },
  wanted: { readonly count: number; readonly hint: MacAddress | undefined },
): Promise<readonly MacAddress[]> {
  const { last } = pool;
  const numbers = await findFree(
    {
      first: macToNumber(pool.first),
      last: macToNumber(last),
      findLowest: async (from) => {
        const mac = await findFreeMac(session, { first: macFromNumber(from), last });
        return mac === undefined ? undefined : macToNumber(mac);
      },
      findIn: async ({ from, to }, limit) => {
        const range = { from: macFromNumber(from), to: macFromNumber(to) };
        const { rows } = await session.client.query<{ free: number }>(freeMacsIn(range, limit));
        return rows.map(({ free }) => free);
      },
    },
    wanted.count,
    wanted.hint === undefined ? undefined : macToNumber(wanted.hint),
  );
  return numbers.map(macFromNumber);
}
