import type { PciAddress } from "@switchyard/model";
import { allVfs, type Machine } from "./machine.ts";

export interface RdmaDevice {
  /** `mlx5_0` … in the order in which the functions came up. */
  readonly name: string;
  readonly pciAddress: PciAddress;
  readonly isVf: boolean;
}

/** One RDMA device for each function that mlx5_core drives. */
export function rdmaDevices(machine: Machine): readonly RdmaDevice[] {
  const functions = [
    ...machine.boot.pfs.map(({ pciAddress }) => ({ pciAddress, isVf: false })),
    ...allVfs(machine)
      .filter(({ driver }) => driver === "mlx5_core")
      .map(({ pciAddress }) => ({ pciAddress, isVf: true })),
  ];
  return functions.map((each, at) => ({ name: `mlx5_${at}`, ...each }));
}
