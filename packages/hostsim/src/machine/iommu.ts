import type { PciAddress } from "@switchyard/model";
import { ONBOARD_PORTS } from "./boot.ts";
import { hasBootWord } from "./kernels.ts";
import type { Machine } from "./machine.ts";
import { findPf, findVf } from "./machine.ts";

/** Groups of the base system's devices come first; the card's functions follow. */
const FIRST_IOMMU_GROUP = 40;

/** As `iommu=` chose at boot. @see torvalds/linux Documentation/admin-guide/kernel-parameters.txt */
export const iommuGroupType = (machine: Machine): string =>
  hasBootWord(machine, "iommu=pt") ? "identity" : "DMA-FQ";

/** Every function has a group to itself, as behind bridges with ACS. */
export function iommuGroup(machine: Machine, address: PciAddress): number {
  const known = machine.iommuGroups.get(address);
  if (known !== undefined) return known;
  const onboard = ONBOARD_PORTS.findIndex(({ pciAddress }) => pciAddress === address);
  if (onboard !== -1) return FIRST_IOMMU_GROUP + onboard;
  const pf = findPf(machine, address);
  const first = FIRST_IOMMU_GROUP + ONBOARD_PORTS.length;
  if (pf !== undefined) return first + pf.port;
  return first + (findVf(machine, address)?.vhcaId ?? 0);
}
