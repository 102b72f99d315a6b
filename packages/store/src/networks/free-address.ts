import { type Ipv4Address, type MacAddress, macFromNumber, macToNumber } from "@switchyard/model";
import type { Session } from "../connection/session.ts";

/** Addresses taken on a bridge: by VMs of every network on it, and by the hosts' own bridges. */
const FREE_ADDRESS = {
  name: "free_address",
  text: `WITH taken AS MATERIALIZED (
    SELECT i.address FROM ip_addresses i JOIN networks n ON n.name = i.network
      WHERE n.bridge = $1 AND i.address BETWEEN $2::inet AND $3::inet
    UNION
    SELECT address FROM bridge_addresses WHERE bridge = $1 AND address BETWEEN $2::inet AND $3::inet)
  SELECT host(candidate) AS address FROM (
    SELECT $2::inet AS candidate
    UNION ALL
    SELECT address + 1 FROM taken WHERE address < $3::inet) AS c
  WHERE candidate NOT IN (SELECT address FROM taken)
  ORDER BY candidate LIMIT 1`,
};

/** The lowest free address of a pool; the caller holds the lock of the bridge. */
export async function findFreeAddress(
  session: Session,
  pool: {
    readonly bridge: string;
    readonly first: Ipv4Address;
    readonly last: Ipv4Address;
  },
): Promise<Ipv4Address | undefined> {
  const { rows } = await session.client.query<{ address: Ipv4Address }>({
    ...FREE_ADDRESS,
    values: [pool.bridge, pool.first, pool.last],
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
