import {
  type Bridge,
  type Inventory,
  type Pf,
  pfsInOrder,
  type UplinkSelector,
  type Vf,
} from "@switchyard/model";
import { withAdoptedBridge } from "@switchyard/planner";
import type { HostRecord, SlotReservation } from "@switchyard/store";

/** A port that was made into an uplink: its PF, and the bridge of ours that has it. */
export interface Uplink {
  readonly pf: Pf;
  readonly bridge: Bridge;
}

/** The first port that is plugged into a bridge of ours; undefined for a host without datapath. */
export function findUplink(inventory: Inventory): Uplink | undefined {
  const bridges = inventory.ovs?.bridges.filter(({ isOurs }) => isOurs) ?? [];
  for (const { pf } of pfsInOrder(inventory)) {
    const bridge = bridges.find(({ ports }) => ports.some(({ name }) => name === pf.link.netdev));
    if (bridge !== undefined) return { pf, bridge };
  }
  return undefined;
}

/** What the host's agent saw, with the bridge that its applied profile adopts counted as ours. */
export const observedInventory = ({
  inventory,
  appliedDesired,
}: Pick<HostRecord, "inventory" | "appliedDesired">): Inventory | undefined =>
  inventory && withAdoptedBridge(inventory, appliedDesired?.datapath);

/** VFs that can carry a VM: their vDPA device is there and bound to vhost_vdpa. */
export const usableVfs = (pf: Pf): readonly Vf[] =>
  pf.vfs.filter(({ vdpa }) => vdpa?.vhostPath !== undefined);

/** The port a profile's selector means, as the planner counts them. */
export function findPort(inventory: Inventory, selector: UplinkSelector): Pf | undefined {
  const ports = pfsInOrder(inventory).map(({ pf }) => pf);
  return selector.kind === "port"
    ? ports[selector.port]
    : ports.find(({ pciAddress }) => pciAddress === selector.pciAddress);
}

/**
 * What to reserve for VFs 0 to `count` - 1: the MAC that hardware fixes, else the one the VF's vDPA device
 * has already, if it is free in the fleet, so that a host set up by hand keeps its addresses.
 */
export function slotsToReserve(pf: Pf, count: number): SlotReservation["slots"] {
  return Array.from({ length: count }, (_, vfIndex) => {
    const vf = pf.vfs.find(({ index }) => index === vfIndex);
    const coming = pf.fixedVfMacs?.find(({ index }) => index === vfIndex)?.mac;
    const present = vf?.vdpa?.mac;
    return { vfIndex, fixedMac: vf?.fixedMac ?? coming, preferredMac: present };
  });
}
