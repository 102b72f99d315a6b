import type { Inventory, Nic, PciAddress, Pf, Vf, VfRef } from "@switchyard/model";

/* Changes of one part of an inventory. */

export function refuseIf(condition: boolean, why: string): void {
  if (condition) throw new Error(`the modelled kernel refuses: ${why}`);
}

export function mapNics(inventory: Inventory, map: (pf: Pf, nic: Nic) => Pf): Inventory {
  const nics = inventory.nics.map((nic) => ({ ...nic, pfs: nic.pfs.map((pf) => map(pf, nic)) }));
  return { ...inventory, nics };
}

export const mapPf = (
  inventory: Inventory,
  address: PciAddress,
  map: (pf: Pf, nic: Nic) => Pf,
): Inventory => mapNics(inventory, (pf, nic) => (pf.pciAddress === address ? map(pf, nic) : pf));

export function mapVf(inventory: Inventory, ref: VfRef, map: (vf: Vf, nic: Nic) => Vf): Inventory {
  return mapPf(inventory, ref.pf, (pf, nic) => {
    refuseIf(!pf.vfs.some(({ index }) => index === ref.index), `there is no VF ${ref.index}`);
    return { ...pf, vfs: pf.vfs.map((vf) => (vf.index === ref.index ? map(vf, nic) : vf)) };
  });
}
