/**
 * One lab host's hardware, as data. Everything that must agree (QEMU's arguments, the names of
 * netdevs, the NIC profile) is derived from it.
 *
 * A VF and its representor are two virtio-net devices joined back to back: what a VM sends on the VF
 * comes out of the representor, as on the slow path of a switchdev NIC.
 */
export interface Topology {
  readonly name: string;
  readonly vfs: readonly LabVf[];
  readonly uplink: LabNetdev;
  readonly management: LabNetdev;
  /** A card with real SR-IOV, beside the others; undefined where this machine's QEMU has none. */
  readonly sriovPf: LabNetdev | undefined;
}

/** A network device that stays a netdev of the lab host. */
export interface LabNetdev {
  readonly netdev: string;
  readonly mac: string;
  /** `DDDD:BB:DD.F`, fixed by the order of QEMU's root ports. */
  readonly pciAddress: string;
}

/** A VF as the lab has it: there from power-on, its MAC fixed by the device. */
export interface LabVf {
  readonly index: number;
  readonly mac: string;
  readonly pciAddress: string;
  /** Name of the VF's own netdev as long as no other driver is bound to it. */
  readonly netdev: string;
  readonly representor: LabNetdev;
}

/** What one lab host differs in from the next. */
export interface TopologyOptions {
  /** 0 ≤ index ≤ 99. Makes names and MACs of lab hosts differ. */
  readonly index: number;
  /** 1 ≤ count ≤ 8. */
  readonly vfCount: number;
  /** Whether it has the card with real SR-IOV; default: not. */
  readonly hasSriovNic?: boolean;
}

/** VFs of QEMU's igb. @see QEMU 10 hw/net/igb_common.h, IGB_MAX_VF_FUNCTIONS */
export const SRIOV_TOTAL_VFS = 7;

/** netdevsim's devlink handle and its SR-IOV switch stand in for the PF's. */
export const NETDEVSIM_HANDLE = "netdevsim/netdevsim1";
export const NETDEVSIM_NUMVFS = "/sys/bus/netdevsim/devices/netdevsim1/sriov_numvfs";

/** igb has no devlink: a second netdevsim, which stays in legacy mode, stands in for it. */
export const SRIOV_DEVLINK_HANDLE = "netdevsim/netdevsim2";

const INDEX_MAX = 99;
const VF_COUNT_MAX = 8;

/** Lays out a lab host. Root port `n`, counted from 1, is PCI bus `n`. */
export function createTopology(options: TopologyOptions): Topology {
  const { index, vfCount, hasSriovNic = false } = options;
  if (index < 0 || index > INDEX_MAX) throw new RangeError(`Lab host index ${index}: 0 to 99.`);
  if (vfCount < 1 || vfCount > VF_COUNT_MAX) throw new RangeError(`VF count ${vfCount}: 1 to 8.`);
  const onBus = (bus: number) => `0000:${hexByte(bus)}:00.0`;
  const vfs = Array.from({ length: vfCount }, (_, vf) => ({
    index: vf,
    // The seed's own MACs on lab host 0: 52:54:00:cb:45:11 and :22.
    mac: `52:54:00:cb:${hexByte(0x45 + index)}:${hexByte(0x11 * (vf + 1))}`,
    pciAddress: onBus(vf + 1),
    netdev: `vf${vf}`,
    representor: {
      netdev: `rep${vf}`,
      mac: `02:00:00:01:${hexByte(index)}:${hexByte(vf)}`,
      pciAddress: onBus(vfCount + vf + 1),
    },
  }));
  return {
    name: `lab${index}`,
    vfs,
    uplink: {
      netdev: "uplink0",
      mac: `02:00:00:02:${hexByte(index)}:00`,
      pciAddress: onBus(2 * vfCount + 1),
    },
    management: {
      netdev: "mgmt0",
      mac: `02:00:00:03:${hexByte(index)}:00`,
      pciAddress: onBus(2 * vfCount + 2),
    },
    sriovPf: hasSriovNic
      ? {
          netdev: "igb0",
          mac: `02:00:00:04:${hexByte(index)}:00`,
          pciAddress: onBus(2 * vfCount + 3),
        }
      : undefined,
  };
}

/** Every netdev the lab host has at power-on, with the MAC it is recognised by. */
export function listNetdevs(topology: Topology): readonly LabNetdev[] {
  const { vfs, uplink, management, sriovPf } = topology;
  const representors = vfs.map(({ representor }) => representor);
  return [...vfs, ...representors, uplink, management, ...(sriovPf === undefined ? [] : [sriovPf])];
}

/**
 * Address of one of igb's VFs, which the card fixes.
 *
 * @see QEMU 10 hw/net/igb_common.h, IGB_VF_OFFSET 0x80 and IGB_VF_STRIDE 2
 */
export function sriovVfAddress(pf: LabNetdev, index: number): string {
  const position = 0x80 + 2 * index;
  const [domain, bus] = pf.pciAddress.split(":");
  return `${domain}:${bus}:${hexByte(position >> 3)}.${position & 7}`;
}

function hexByte(value: number): string {
  return value.toString(16).padStart(2, "0");
}
