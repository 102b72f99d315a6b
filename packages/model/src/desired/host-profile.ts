import type { Ipv4Address } from "../values/ipv4.ts";
import type { PciAddress } from "../values/pci-address.ts";
import type { BiosSpec } from "./bios.ts";
import type { DriverSpec } from "./driver.ts";
import type { FirmwareSpec } from "./firmware.ts";
import type { SystemSpec } from "./system.ts";
import type { VirtualizationSpec } from "./virtualization.ts";

/** Addresses from `first` to `last`, both included, all in one subnet of `prefixLength`. */
export interface Ipv4Range {
  readonly first: Ipv4Address;
  readonly last: Ipv4Address;
  readonly prefixLength: number;
}

/** Which port carries the uplink: by address, or the n-th port of the host in PCI address order. */
export type UplinkSelector =
  | { readonly kind: "address"; readonly pciAddress: PciAddress }
  | { readonly kind: "port"; readonly port: number };

/** How VMs reach the NIC: vDPA devices behind Open vSwitch, or VFs of their own. */
export type DatapathMode = "vdpa" | "sriov";

/**
 * Driver that holds VFs for VMs. `auto` is `mlx5_vfio_pci` where the host's kernel has it, because it alone
 * can save a VF's state, and `vfio-pci` everywhere else.
 */
export type VfDriverChoice = "auto" | "vfio-pci" | "mlx5_vfio_pci";

/** Modes of the kernel's bonding driver that an mlx5 NIC carries as VF-LAG. @see bonding(4) */
export type BondMode = "active-backup" | "802.3ad" | "balance-xor";

/** A kernel bond of the uplink with another port of its NIC. */
export interface BondSpec {
  /** 1 to 15 characters, a netdev name. */
  readonly name: string;
  readonly mode: BondMode;
  /** The ports joined with the uplink; exactly one. */
  readonly ports: readonly UplinkSelector[];
}

/** Switchdev mode, one vDPA device per VF, representors in an OVS bridge. */
export interface VdpaDatapathSpec {
  readonly mode: "vdpa";
  readonly uplink: UplinkSelector;
  /** 1 to 127. */
  readonly vfCount: number;
  /** Virtqueue pairs per vDPA device, 1 to 32; capped by what the management device offers. */
  readonly maxVqp: number;
  readonly bridge: {
    /** 1 to 15 characters, a netdev name. */
    readonly name: string;
    /** Each host takes one address of it for its bridge; undefined leaves the bridge without. */
    readonly addressRange: Ipv4Range | undefined;
    /** A bridge of this name that others made is taken as it is; it is never deleted. */
    readonly isAdopted?: boolean;
  };
  readonly hwOffload: boolean;
  /** The bridge's way out instead of the uplink alone; `vfCount` then holds for each port. */
  readonly bond?: BondSpec;
}

/** Legacy mode, VFs bound to vfio; the NIC itself switches by MAC address, so that no bridge is needed. */
export interface SriovDatapathSpec {
  readonly mode: "sriov";
  readonly uplink: UplinkSelector;
  /** 1 to 127. */
  readonly vfCount: number;
  readonly vfDriver: VfDriverChoice;
}

export type DatapathSpec = VdpaDatapathSpec | SriovDatapathSpec;

/** Labels a host must carry, all of them; an empty selector matches no host. */
export type LabelSelector = Readonly<Record<string, string>>;

/** What happens when a host leaves its profile by itself: it is shown, or mended as well. */
export type DriftPolicy = "report" | "enforce";

/** Desired state of hosts, by label. */
export interface HostProfileSpec {
  readonly selector: LabelSelector;
  /** Undefined: `report`. */
  readonly driftPolicy?: DriftPolicy;
  readonly datapath: DatapathSpec;
  /** Undefined leaves firmware and its configuration as they are. */
  readonly firmware?: FirmwareSpec;
  /** Undefined leaves BIOS settings as they are. */
  readonly bios?: BiosSpec;
  /** Undefined leaves kernel and operating system as they are. */
  readonly system?: SystemSpec;
  /** Undefined leaves the driver as it is. */
  readonly driver?: DriverSpec;
  /** Undefined leaves QEMU and libvirt as they are. */
  readonly virtualization?: VirtualizationSpec;
}

export const LIMITS_OF_PROFILE = {
  vfCountMax: 127,
  maxVqpMax: 32,
  bridgeNameLengthMax: 15,
} as const;

export function matchesSelector(selector: LabelSelector, labels: LabelSelector): boolean {
  const wanted = Object.entries(selector);
  return wanted.length > 0 && wanted.every(([key, value]) => labels[key] === value);
}
