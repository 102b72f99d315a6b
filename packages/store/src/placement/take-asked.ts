import { StoreError } from "@switchyard/model";
import type { Session } from "../connection/session.ts";
import { findHolders } from "../networks/address-holders.ts";
import { findFreeAddress, segmentOf } from "../networks/free-address.ts";
import type { WantedNic } from "./wanted-nic.ts";

async function refuseMac(session: Session, { asked, slotMac }: WantedNic): Promise<void> {
  // Where hardware fixes the MAC, the VM has its slot's; it stays the slot's and is unique already.
  if (asked.mac === undefined || asked.mac === slotMac) return;
  const { rows } = await session.client.query<{ owner: string }>({
    name: "placement_mac_owner",
    text: "SELECT owner FROM mac_addresses WHERE mac = $1",
    values: [asked.mac],
  });
  const [holder] = rows;
  if (holder === undefined) return;
  throw new StoreError("MAC_TAKEN", `${asked.mac} is in use in the fleet`, { found: holder.owner });
}

async function refuseAddress(session: Session, wanted: WantedNic): Promise<void> {
  const { asked, network, spec, vm } = wanted;
  const { address } = asked;
  if (address === undefined) return;
  const pool = { ...segmentOf(network.spec), first: address, last: address, vm: vm.id };
  if ((await findFreeAddress(session, pool)) !== undefined) return;
  const [holder] = await findHolders(session, { network: network.spec, addresses: [address] });
  throw new StoreError("IP_TAKEN", `${address} of network ${spec.network} is taken`, {
    found: holder?.holder ?? address,
    needs: "an address that nobody in the segment has",
  });
}

/** Why each group can't have the MACs and addresses it asks for; undefined where it can. */
export async function takeAsked(
  session: Session,
  groups: readonly (readonly WantedNic[])[],
): Promise<readonly unknown[]> {
  const failures: unknown[] = [];
  const given = new Set<string>();
  for (const nics of groups) {
    const own = new Set<string>();
    let failure: unknown;
    try {
      for (const nic of nics) {
        await refuseMac(session, nic);
        await refuseAddress(session, nic);
        refuseTwins(nic, [given, own]);
      }
    } catch (error) {
      failure = error;
    }
    failures.push(failure);
    if (failure === undefined) for (const each of own) given.add(each);
  }
  return failures;
}

/** Of two in one transaction that ask for the same, the second is refused as it would be a moment later. */
function refuseTwins(
  { asked, slotMac, network, spec }: WantedNic,
  [given, own]: readonly [ReadonlySet<string>, Set<string>],
): void {
  const { bridge, vlan } = segmentOf(network.spec);
  const address = asked.address && `${bridge} ${vlan} ${asked.address}`;
  const mac = asked.mac === slotMac ? undefined : asked.mac;
  if (mac !== undefined && (given.has(mac) || own.has(mac))) {
    throw new StoreError("MAC_TAKEN", `${mac} is in use in the fleet`, { found: mac });
  }
  if (address !== undefined && (given.has(address) || own.has(address))) {
    throw new StoreError("IP_TAKEN", `${asked.address} of network ${spec.network} is taken`, {
      found: "another VM that is placed at the same time",
      needs: "an address that nobody in the segment has",
    });
  }
  for (const each of [mac, address]) if (each !== undefined) own.add(each);
}
