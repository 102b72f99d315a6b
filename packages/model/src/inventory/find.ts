import type { PciAddress } from "../values/pci-address.ts";
import type { Bridge, Inventory, Nic, Pf, Vf } from "./inventory.ts";

export interface PfInNic {
  readonly nic: Nic;
  readonly pf: Pf;
}

/** All PFs of all NICs, in PCI address order: the order in which profiles count ports. */
export function pfsInOrder(inventory: Pick<Inventory, "nics">): readonly PfInNic[] {
  return inventory.nics
    .flatMap((nic) => nic.pfs.map((pf) => ({ nic, pf })))
    .sort((left, right) => (left.pf.pciAddress < right.pf.pciAddress ? -1 : 1));
}

export const findPf = (
  inventory: Pick<Inventory, "nics">,
  address: PciAddress,
): PfInNic | undefined => pfsInOrder(inventory).find(({ pf }) => pf.pciAddress === address);

export const findVf = (
  inventory: Pick<Inventory, "nics">,
  pf: PciAddress,
  index: number,
): Vf | undefined => findPf(inventory, pf)?.pf.vfs.find((vf) => vf.index === index);

export const findBridge = (inventory: Inventory, name: string): Bridge | undefined =>
  inventory.ovs?.bridges.find((bridge) => bridge.name === name);
