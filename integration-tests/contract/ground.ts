import type { Host } from "@switchyard/host";
import type { PciAddress } from "@switchyard/model";

/** A machine the contract runs on, with what its parts are called there. */
export interface Ground {
  readonly name: string;
  readonly host: Host;
  readonly parts: GroundParts;
}

/** Parts that differ in name from machine to machine and are alike in what the kernel does with them. */
export interface GroundParts {
  /** devlink handle of an eswitch in legacy mode, and the file that makes its VFs. */
  readonly eswitch: { readonly handle: string; readonly numVfsPath: string };
  /** A PF whose VFs the PCI core makes; undefined where the machine has none. */
  readonly sriov: SriovParts | undefined;
  /** A management device that takes a MAC and refuses `max_vqp`, once `makeMgmtdev` has run. */
  readonly mgmtdev: string;
  readonly makeMgmtdev: (host: Host) => Promise<void>;
  readonly removeMgmtdev: (host: Host) => Promise<void>;
  /** Two netdevs of no importance, down, in no bridge. */
  readonly netdevs: readonly [string, string];
  /** Modules the kernel has: one loaded, one that loads on demand and is in nobody's use. */
  readonly modules: { readonly loaded: string; readonly loadable: string };
}

export interface SriovParts {
  readonly pf: PciAddress;
  readonly totalVfs: number;
  /** Driver that takes the VFs by itself. */
  readonly vfDriver: string;
}
