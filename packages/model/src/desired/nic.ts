import type { NetworkId } from "../ids/ids.ts";
import type { Ipv4Address, Ipv4Cidr } from "../values/ipv4.ts";
import type { MacAddress } from "../values/mac-address.ts";
import type { PciAddress } from "../values/pci-address.ts";

/**
 * How a guest gets its NIC: `vdpa` is a virtio NIC whose rings are in hardware, `sriov` the VF itself. A host
 * offers one of the two, by the mode it is in.
 */
export const NIC_KINDS = ["vdpa", "sriov"] as const;
export type NicKind = (typeof NIC_KINDS)[number];

/** NICs of one VM: more fit on no PCI bus that QEMU gives a guest without bridges, and no use is known. */
export const NICS_PER_VM_MAX = 8;

/** One NIC as it was asked for. */
export interface NicSpec {
  readonly network: NetworkId;
  readonly kind: NicKind;
  /**
   * Virtqueue pairs, 1 to min(vCPUs, max_vqp of the slot); 0 leaves the number to placement. Always 0 for
   * `sriov`, whose queues the guest's own driver makes.
   */
  readonly queuePairs: number;
  /** Undefined: the lowest free one of the network's pool. */
  readonly mac?: MacAddress;
  /** In the network's subnet. Undefined: the lowest free one of the network's pool. */
  readonly address?: Ipv4Address;
}

/** What one NIC took when its VM was placed: slot, MAC and address are unique by constraint. */
export interface AllocatedNic {
  /** Place among the VM's NICs, from 0. */
  readonly index: number;
  readonly kind: NicKind;
  readonly pf: PciAddress;
  readonly vfIndex: number;
  /** MAC the slot returns to once the VM is gone. */
  readonly slotMac: MacAddress;
  readonly mac: MacAddress;
  readonly network: NetworkId;
  readonly address: Ipv4Cidr;
  /** Bridge of the network; a host in mode sriov has none. */
  readonly bridge: string;
  /** 0 for `sriov`. */
  readonly queuePairs: number;
}
