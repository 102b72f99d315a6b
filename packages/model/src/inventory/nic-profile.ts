import type { MacAddress } from "../values/mac-address.ts";
import type { PciAddress } from "../values/pci-address.ts";

/** One VF of a mapped NIC: which function, driver, mgmtdev and representor belong together. */
export interface MappedVf {
  readonly index: number;
  readonly pciAddress: PciAddress;
  readonly driver: string;
  readonly mgmtdev: string;
  readonly representor: string;
  /** MAC that the hardware has and nobody can set; undefined where the management device or the PF takes one. */
  readonly fixedMac: MacAddress | undefined;
}

export interface MappedPf {
  readonly pciAddress: PciAddress;
  readonly netdev: string;
  readonly devlinkHandle: string;
  readonly numVfsPath: string;
  readonly totalVfs: number;
  readonly vfs: readonly MappedVf[];
}

/**
 * A NIC described by a file instead of found in sysfs: odd hardware, and the lab's card made of
 * netdevsim (eswitch, VF count) and vp_vdpa (data path). Read from
 * `/etc/switchyard/nic-profiles/*.yaml`, keys in snake_case.
 */
export interface MappedNicProfile {
  readonly kind: "mapped";
  readonly name: string;
  readonly model: string;
  readonly serial: string;
  readonly driver: string;
  readonly modules: readonly string[];
  readonly pfs: readonly MappedPf[];
}
