import {
  type Ipv4Address,
  type MacAddress,
  macFromNumber,
  macToNumber,
  type NetworkSpec,
} from "@switchyard/model";
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

/** Addresses taken in a segment: by VMs, by hosts' bridges, and by reservations that are not for this VM. */
const TAKEN = `SELECT i.address FROM ip_addresses i JOIN networks n ON n.name = i.network
      WHERE n.bridge = $1 AND n.vlan = $2 AND i.address BETWEEN $3::inet AND $4::inet
    UNION
    SELECT address FROM bridge_addresses
      WHERE bridge = $1 AND $2 = 0 AND address BETWEEN $3::inet AND $4::inet
    UNION
    SELECT (r.entry->>'address')::inet
      FROM networks n, jsonb_array_elements(n.spec->'reservations') AS r (entry)
      WHERE n.bridge = $1 AND n.vlan = $2 AND r.entry->>'vm' IS DISTINCT FROM $5
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
