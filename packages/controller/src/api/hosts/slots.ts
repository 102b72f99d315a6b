import {
  type Bridge,
  type DatapathMode,
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
export const findUplink = (inventory: Inventory): Uplink | undefined => listUplinks(inventory)[0];

/**
 * The port that is plugged into a bridge of ours, or all ports of the bond that is: each carries VMs. Empty
 * for a host without datapath.
 */
export function listUplinks(inventory: Inventory): readonly Uplink[] {
  const bridges = inventory.ovs?.bridges.filter(({ isOurs }) => isOurs) ?? [];
  const uplinks = pfsInOrder(inventory).flatMap(({ pf }) => {
    const bond = inventory.bonds?.find(({ ports }) => ports.includes(pf.link.netdev));
    const name = bond?.name ?? pf.link.netdev;
    const bridge = bridges.find(({ ports }) => ports.some((port) => port.name === name));
    return bridge === undefined ? [] : [{ pf, bridge, bond }];
  });
  const [first] = uplinks;
  if (first === undefined) return [];
  return uplinks.filter((each) => each === first || (first.bond && each.bond === first.bond));
}

/** What the host's agent saw, with the bridge that its applied profile adopts counted as ours. */
export const observedInventory = ({
  inventory,
  appliedDesired,
}: Pick<HostRecord, "inventory" | "appliedDesired">): Inventory | undefined =>
  inventory && withAdoptedBridge(inventory, appliedDesired?.datapath);

/** VFs that can carry a VM in vDPA mode: their vDPA device is there and bound to vhost_vdpa. */
export const usableVfs = (pf: Pf): readonly Vf[] =>
  pf.vfs.filter(({ vdpa }) => vdpa?.vhostPath !== undefined);

/** VFs that vfio holds for VMs. */
export const vfioVfs = (pf: Pf): readonly Vf[] =>
  pf.eswitchMode === "legacy" ? pf.vfs.filter(({ driver }) => driver?.includes("vfio")) : [];

/** The first port of ours whose VFs are there for vfio; undefined for a host that is not in SR-IOV mode. */
export const findSriovPort = (inventory: Inventory): Pf | undefined =>
  pfsInOrder(inventory)
    .map(({ pf }) => pf)
    .find((pf) => pf.isClaimed === true && vfioVfs(pf).length > 0);

/** The mode that the host is in, whatever it shall be; undefined for a host without datapath. */
export function observedMode(inventory: Inventory): DatapathMode | undefined {
  if (findUplink(inventory) !== undefined) return "vdpa";
  return findSriovPort(inventory) === undefined ? undefined : "sriov";
}

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
