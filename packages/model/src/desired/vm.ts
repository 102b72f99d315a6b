import type { HostId, ImageId, VmId } from "../ids/ids.ts";
import type { AffinityRule, PlacementPolicy } from "./affinity.ts";
import type { GuestSetup } from "./guest-setup.ts";
import type { LabelSelector } from "./host-profile.ts";
import type { ImageDesired } from "./image.ts";
import type { PortSettings } from "./network.ts";
import type { AllocatedNic, NicSpec } from "./nic.ts";
import type { NumaPolicy } from "./tuning.ts";
import type { VmRuntimeKind } from "./vm-runtime.ts";

/**
 * What the guest boots: a disk of its own made from an image, a disk image on the host, or a kernel given to
 * QEMU directly.
 */
export type BootSource =
  | { readonly kind: "disk"; readonly path: string; readonly format: "qcow2" | "raw" }
  | {
      readonly kind: "kernel";
      readonly kernelPath: string;
      readonly initrdPath: string;
      readonly commandLine: string;
    }
  | {
      readonly kind: "image";
      readonly image: ImageId;
      /** Undefined: as large as the image's disk; with an ISO there is then none. */
      readonly diskBytes?: number;
      /** Undefined: the guest is given no cloud-init seed. */
      readonly guestSetup?: GuestSetup;
    };

export interface VmSpec {
  /** 1 to 255. */
  readonly vcpuCount: number;
  /** At least 16 MiB, a multiple of 1 MiB. */
  readonly memoryBytes: number;
  readonly boot: BootSource;
  /** 1 to 8, all of one kind. */
  readonly nics: readonly NicSpec[];
  /** Undefined: placement prefers the NIC's node, and the kernel chooses. */
  readonly numa?: NumaPolicy;
  /** Guest memory in huge pages of this size; a multiple of it. Undefined: ordinary pages. */
  readonly hugepageBytes?: number;
  /** Each vCPU has a CPU of the host that no other pinned vCPU has. */
  readonly cpuPinning?: boolean;
  /** Hosts it may run on; empty: any. */
  readonly hostSelector: LabelSelector;
  /** The guest runs qemu-guest-agent, through which its address is set and pings are sent. */
  readonly hasGuestAgent: boolean;
  /** Undefined: `qemu`. It can be changed while the VM is stopped. */
  readonly runtime?: VmRuntimeKind;
  /** Undefined: `spread`. */
  readonly placementPolicy?: PlacementPolicy;
  /** What rules of other VMs know it by. */
  readonly labels?: LabelSelector;
  /** At most {@link AFFINITY_RULES_MAX}. */
  readonly affinity?: readonly AffinityRule[];
  /** It can't be deleted until an update takes this away. */
  readonly preventDestroy?: boolean;
  /** It is started again after its host booted, if it ran then. */
  readonly autostart?: boolean;
}

/** What a VM took when it was placed: promised in one transaction, unique by constraint. */
export interface Allocation {
  readonly vm: VmId;
  readonly host: HostId;
  readonly vcpuCount: number;
  readonly memoryBytes: number;
  /** In the order of the spec's. */
  readonly nics: readonly AllocatedNic[];
}

/** A VM made concrete for its host. */
export interface VmDesired {
  readonly vm: VmId;
  readonly generation: number;
  readonly spec: VmSpec;
  readonly allocation: Allocation;
  /** The image it boots from; undefined where it boots from none. */
  readonly image?: ImageDesired;
  /** What the NICs' networks ask of their ports, by network; one that asks nothing may be left out. */
  readonly portSettings?: Readonly<Record<string, PortSettings>>;
}
