import type { HostId, ProfileId } from "../ids/ids.ts";
import type { VmPolicy } from "../jobs/job.ts";
import type { Ipv4Cidr } from "../values/ipv4.ts";
import type { MacAddress } from "../values/mac-address.ts";
import type { PciAddress } from "../values/pci-address.ts";
import type { BiosSpec } from "./bios.ts";
import type { DriverSpec } from "./driver.ts";
import type { FirmwareSpec } from "./firmware.ts";
import type { DriftPolicy, SriovDatapathSpec, VdpaDatapathSpec } from "./host-profile.ts";
import type { SystemSpec } from "./system.ts";
import type { VirtualizationSpec } from "./virtualization.ts";

/**
 * One VF with the MAC the controller reserved for it in the whole fleet: its vDPA device's in vDPA mode,
 * its admin MAC in SR-IOV mode.
 */
export interface DesiredSlot {
  /** Undefined: the uplink's; always said where a bond has more ports than one. */
  readonly pf?: PciAddress;
  readonly vfIndex: number;
  readonly mac: MacAddress;
}

export type DesiredVdpaDatapath = Omit<VdpaDatapathSpec, "bridge"> & {
  readonly bridge: {
    readonly name: string;
    readonly address: Ipv4Cidr | undefined;
    readonly isAdopted?: boolean;
  };
  readonly slots: readonly DesiredSlot[];
};

export type DesiredSriovDatapath = SriovDatapathSpec & { readonly slots: readonly DesiredSlot[] };

/** A profile's datapath made concrete for one host. */
export type DesiredDatapath = DesiredVdpaDatapath | DesiredSriovDatapath;

/**
 * What one host shall be: its profile made concrete. The host refuses a generation older than the last
 * one it accepted.
 */
export interface HostDesired {
  readonly host: HostId;
  readonly generation: number;
  readonly profile: ProfileId;
  readonly profileGeneration: number;
  /** Undefined: nothing is asked of firmware. */
  readonly firmware?: FirmwareSpec;
  /** Undefined: nothing is asked of BIOS. */
  readonly bios?: BiosSpec;
  /** Undefined: nothing is asked of kernel and operating system. */
  readonly system?: SystemSpec;
  /** Undefined: nothing is asked of the driver. */
  readonly driver?: DriverSpec;
  /** Undefined: nothing is asked of QEMU and libvirt. */
  readonly virtualization?: VirtualizationSpec;
  /** Undefined: `report`. */
  readonly driftPolicy?: DriftPolicy;
  /** What becomes of VMs that the way there would break; undefined: the plan is refused. */
  readonly vmPolicy?: VmPolicy;
  /** The host shall boot on the way, whether or not anything else asks for it. */
  readonly reboot?: {
    /** In the words of whoever asked; kept in the ledger and shown with the job. */
    readonly reason: string;
  };
  /** Undefined: the host shall carry no datapath of ours (torn down). */
  readonly datapath: DesiredDatapath | undefined;
}
