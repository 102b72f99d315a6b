import { type NetworkId, type NetworkSpec, StoreError } from "@switchyard/model";
import type { Session } from "../connection/session.ts";
import { segmentOf } from "./free-address.ts";

/** Who has addresses of a segment: VMs, hosts' bridges, and reservations of the networks in it. */
const HOLDERS = {
  name: "address_holders",
  text: `SELECT host(i.address) AS address, 'vms/' || i.vm AS holder, i.vm AS vm
      FROM ip_addresses i JOIN networks n ON n.name = i.network
      WHERE n.bridge = $1 AND n.vlan = $2 AND i.address = ANY ($3::inet[])
    UNION ALL
    SELECT host(address), 'hosts/' || host || ', bridge ' || bridge, NULL FROM bridge_addresses
      WHERE bridge = $1 AND $2 = 0 AND address = ANY ($3::inet[])
    UNION ALL
    SELECT r.entry->>'address',
      'networks/' || n.name || ', reserved for ' || coalesce('vms/' || (r.entry->>'vm'), 'no VM'),
      r.entry->>'vm'
      FROM networks n, jsonb_array_elements(n.spec->'reservations') AS r (entry)
      WHERE n.bridge = $1 AND n.vlan = $2 AND n.name IS DISTINCT FROM $4
        AND (r.entry->>'address')::inet = ANY ($3::inet[])
    ORDER BY address`,
};

export interface AddressHolder {
  readonly address: string;
  /** `vms/web`, `hosts/r740-01, bridge cxbr0`, `networks/blue, reserved for vms/web`. */
  readonly holder: string;
  readonly vm: string | null;
}

/** @param query.except a network whose own reservations do not count */
export async function findHolders(
  session: Session,
  query: {
    readonly network: Pick<NetworkSpec, "bridge" | "vlan">;
    readonly addresses: readonly string[];
    readonly except?: NetworkId;
  },
): Promise<readonly AddressHolder[]> {
  const { bridge, vlan } = segmentOf(query.network);
  const { rows } = await session.client.query<AddressHolder>({
    ...HOLDERS,
    values: [bridge, vlan, query.addresses, query.except ?? null],
  });
  return rows;
}

/**
 * A reservation must not name an address that somebody else in the segment has; a VM may be bound to the
 * one that it has already. A bridge's address may be kept from VMs, which it is anyway.
 *
 * @throws StoreError IP_TAKEN
 */
export async function refuseHeldReservations(
  session: Session,
  id: NetworkId,
  network: NetworkSpec,
): Promise<void> {
  const { reservations } = network;
  if (reservations.length === 0) return;
  const addresses = reservations.map(({ address }) => address);
  const holders = await findHolders(session, { network, addresses, except: id });
  const wrong = holders.find(({ address, holder, vm }) => {
    const wanted = reservations.find((each) => each.address === address)?.vm;
    return vm === null ? wanted !== undefined && holder.startsWith("hosts/") : vm !== wanted;
  });
  if (wrong === undefined) return;
  throw new StoreError("IP_TAKEN", `network ${id} can't reserve ${wrong.address}`, {
    found: wrong.holder,
    needs: "an address that nobody else in the segment has",
  });
}
