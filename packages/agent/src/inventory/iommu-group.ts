import { type Host, listIommuGroupPeers, type PciFunction } from "@switchyard/host";
import type { PciAddress } from "@switchyard/model";

/** Functions that share a VF's IOMMU group; none without an IOMMU. */
export const readGroupPeers = async (
  host: Host,
  { address, iommuGroup }: PciFunction,
): Promise<readonly PciAddress[]> =>
  iommuGroup === undefined ? [] : listIommuGroupPeers(host, address, iommuGroup);
