import type { PciAddress, SnapshotFacts, SnapshotItems } from "@switchyard/model";
import type { Host } from "../port/host.ts";
import {
  listNetworkFunctions,
  listVfAddresses,
  readPciDriverOverride,
  readPciFunction,
  readVfCount,
} from "../tools/pci/pci.ts";
import { withoutUnset } from "./without-unset.ts";

/** Network functions as sysfs shows them; a VF that went meanwhile is left out by the next look. */
export async function readFunctions(host: Host): Promise<SnapshotFacts> {
  const addresses = (await listNetworkFunctions(host)).map(({ pciAddress }) => pciAddress);
  const indexes = await vfIndexes(host, addresses);
  const functions: Record<string, SnapshotItems["functions"]> = {};
  for (const address of addresses) {
    const pci = await readPciFunction(host, address);
    const { vendorId, deviceId, driver, numaNode, iommuGroup, netdevs, totalVfs } = pci;
    const vfCount =
      totalVfs === undefined
        ? undefined
        : await readVfCount(host, `/sys/bus/pci/devices/${address}/sriov_numvfs`);
    functions[address] = {
      ...{ vendorId, deviceId, numaNode, netdevs: netdevs.toSorted() },
      ...withoutUnset({ driver, iommuGroup, totalVfs, vfCount }),
      ...withoutUnset({
        driverOverride: await readPciDriverOverride(host, address),
        pf: pci.physicalFunction,
        vfIndex: indexes.get(address),
      }),
    };
  }
  return { functions };
}

async function vfIndexes(
  host: Host,
  addresses: readonly PciAddress[],
): Promise<ReadonlyMap<PciAddress, number>> {
  const indexes = new Map<PciAddress, number>();
  for (const pf of addresses) {
    for (const [index, vf] of (await listVfAddresses(host, pf)).entries()) indexes.set(vf, index);
  }
  return indexes;
}
