import { SETTABLE_VDPA } from "./build/settable-vdpa.ts";
import {
  type LabNetdev,
  NETDEVSIM_HANDLE,
  NETDEVSIM_NUMVFS,
  SRIOV_DEVLINK_HANDLE,
  SRIOV_TOTAL_VFS,
  sriovVfAddress,
  type Topology,
} from "./topology.ts";

/**
 * Who says which MAC a VF's vDPA device has: `fixed` by the virtio NIC below (vp_vdpa), or `settable`, as a
 * ConnectX has it (lab_vdpa, see `build/settable-vdpa.ts`). For vfio the NIC's own counts in either.
 */
export type VdpaMacs = "fixed" | "settable";

const VDPA_DRIVERS: Readonly<
  Record<VdpaMacs, { readonly driver: string; readonly module: string }>
> = {
  fixed: { driver: "vp-vdpa", module: "vp_vdpa" },
  settable: { driver: "lab-vdpa", module: SETTABLE_VDPA },
};

/** The lab's NIC as the agent's `mapped` NIC profile describes hardware, field for field. */
export function describeNic({ name, vfs, uplink }: Topology, macs: VdpaMacs) {
  const { driver, module } = VDPA_DRIVERS[macs];
  return {
    kind: "mapped",
    name: "lab",
    model: `netdevsim + ${module}`,
    serial: `LAB-${name}`,
    driver: "lab",
    pfs: [
      {
        pci_address: uplink.pciAddress,
        netdev: uplink.netdev,
        devlink_handle: NETDEVSIM_HANDLE,
        num_vfs_path: NETDEVSIM_NUMVFS,
        total_vfs: vfs.length,
        vfs: vfs.map((vf) => ({
          index: vf.index,
          pci_address: vf.pciAddress,
          driver,
          mgmtdev: `pci/${vf.pciAddress}`,
          representor: vf.representor.netdev,
          ...(macs === "fixed" && { fixed_mac: vf.mac }),
        })),
      },
    ],
    modules: ["netdevsim", module, "vhost_vdpa"],
  };
}

/** The card with real SR-IOV, for the agent. Its VFs have no vDPA and no representors; the keys want a value. */
export function describeSriovNic(name: string, pf: LabNetdev) {
  return {
    kind: "mapped",
    name: "igb",
    model: "igb",
    serial: `IGB-${name}`,
    driver: "igb",
    pfs: [
      {
        pci_address: pf.pciAddress,
        netdev: pf.netdev,
        devlink_handle: SRIOV_DEVLINK_HANDLE,
        num_vfs_path: `/sys/bus/pci/devices/${pf.pciAddress}/sriov_numvfs`,
        total_vfs: SRIOV_TOTAL_VFS,
        vfs: Array.from({ length: SRIOV_TOTAL_VFS }, (_, index) => ({
          index,
          pci_address: sriovVfAddress(pf, index),
          driver: "igbvf",
          mgmtdev: `pci/${sriovVfAddress(pf, index)}`,
          representor: `none${index}`,
        })),
      },
    ],
    modules: ["igbvf"],
  };
}

/** Writes plain data as YAML in block style, strings quoted so that no MAC is read as a number. */
export function formatYaml(value: unknown, indent = ""): string {
  if (Array.isArray(value)) {
    return value
      .map((item: unknown) => {
        const text = formatYaml(item, `${indent}  `);
        return `${indent}- ${text.trimStart()}`;
      })
      .join("");
  }
  if (typeof value === "object" && value !== null) {
    return Object.entries(value)
      .map(([key, item]: [string, unknown]) =>
        typeof item === "object"
          ? `${indent}${key}:\n${formatYaml(item, `${indent}  `)}`
          : `${indent}${key}: ${formatYaml(item)}`,
      )
      .join("");
  }
  return `${JSON.stringify(value)}\n`;
}
