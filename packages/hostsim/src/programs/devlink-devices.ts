import type { Machine, Pf, Vf } from "../machine/machine.ts";
import { allVfs, pfVhcaId } from "../machine/machine.ts";
import { Refusal } from "../machine/refusal.ts";

/** An object of devlink's answers. */
export type Keyed = Readonly<Record<string, unknown>>;

/** Refused by the tool itself, before the kernel is asked. */
export class SyntaxFailure extends Error {}

export const handleOf = (device: { readonly pciAddress: string }): string =>
  `pci/${device.pciAddress}`;

/** Functions bound to mlx5_core, in address order: each one is a devlink device. */
export const devices = (machine: Machine): readonly (Pf | Vf)[] => [
  ...machine.boot.pfs,
  ...allVfs(machine).filter((vf) => vf.driver === "mlx5_core"),
];

/** @throws Refusal ENODEV */
export function findDevice(machine: Machine, handle: string): Pf | Vf {
  const device = devices(machine).find((candidate) => handleOf(candidate) === handle);
  if (device === undefined) throw new Refusal("ENODEV");
  return device;
}

/** @throws SyntaxFailure */
export function requireHandle(handle: string | undefined): string {
  if (handle !== undefined && /^[^/]+\/[^/]+$/.test(handle)) return handle;
  throw new SyntaxFailure(
    `Devlink identification ("bus_name/dev_name") "${handle ?? ""}" is invalid`,
  );
}

/*
 * A port's index has the function's vhca id in its upper half and its vport in the lower. Source: torvalds/linux
 * drivers/net/ethernet/mellanox/mlx5/core/esw/devlink_port.c
 */
const VHCA = 0x1_0000;
const UPLINK_VPORT = 0xffff;

export const uplinkHandle = (pf: Pf): string =>
  `${handleOf(pf)}/${pfVhcaId(pf) * VHCA + UPLINK_VPORT}`;
/** Of a VF's port on the e-switch, which its representor stands for. */
export const vfPortHandle = (pf: Pf, vf: Vf): string =>
  `${handleOf(pf)}/${pfVhcaId(pf) * VHCA + vf.index + 1}`;
/** Of the VF's own netdev. */
export const virtualPortHandle = (vf: Vf): string => `${handleOf(vf)}/${vf.vhcaId * VHCA}`;
