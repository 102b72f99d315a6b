import type { PciAddress } from "@switchyard/model";
import type { IpStack } from "../l2/ip-stack.ts";

/** A network interface inside a virtual machine. */
export interface GuestNic {
  /** As the guest's kernel named it. */
  readonly name: string;
  /** From QEMU's `mac=`, or a function's own. */
  readonly mac: string;
  /** N of the `/dev/vhost-vdpa-N` behind it; undefined for a function. */
  readonly minor: number | undefined;
  /** The function behind it, given by vfio. */
  readonly vf?: PciAddress;
  readonly pairs: number;
  isUp: boolean;
  mtu: number;
  addresses: readonly string[];
  readonly stack: IpStack;
}

/** What runs inside a virtual machine, as far as its network and its guest agent go. */
export interface Guest {
  hostname: string;
  /** When it was, or will be, up. */
  bootedAtMs: number;
  readonly nics: readonly GuestNic[];
  /** Whether its kernel, network driver and agent are up. */
  isBooted(): boolean;
  /** Results of guest-exec by guest pid. */
  readonly results: Map<number, GuestExecResult>;
  nextPid: number;
  /** Its file systems, by its agent. */
  isFrozen?: boolean;
}

export interface GuestExecResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}
