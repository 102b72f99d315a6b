import { type PciAddress, vfPciAddress } from "@switchyard/model";
import { dropRules } from "../ovs/datapath.ts";
import { type Act, note } from "./act.ts";
import { hasGlobalSriov, hasLargeMmio } from "./bios.ts";
import { createRepresentors, logEswitch, removeRepresentors } from "./eswitch.ts";
import { totalVfsOf } from "./firmware-config.ts";
import type { Machine, Pf, Vf } from "./machine.ts";
import { findPf, logKernel } from "./machine.ts";
import { createNetdev, netdevsOf, zeroCounters } from "./netdev.ts";
import { Refusal } from "./refusal.ts";
import { removeVdpaOfVfs, ZERO_MAC } from "./vdpa.ts";

/** Addresses that each port keeps for its VFs: as many as port 0 may have. */
function roomOfPort(machine: Machine): number {
  const [first] = machine.spec.card.ports;
  return first === undefined ? 0 : totalVfsOf(machine, first.pciAddress);
}

/** The VFs of port 0 follow the last PF; those of port 1 follow the room kept for port 0's. */
export function sriovRouting(machine: Machine, pf: Pf): { offset: number; stride: number } {
  const { ports } = machine.spec.card;
  const firstVf = ports.length + pf.port * roomOfPort(machine);
  return { offset: firstVf - pf.port, stride: 1 };
}

const uplinkVfName = (pf: Pf, index: number): string =>
  `${pf.netdev.replace(/np\d+$/, "")}v${index}`;

export function createVfNetdev(machine: Machine, vf: Vf): void {
  const pf = findPf(machine, vf.pf);
  if (pf === undefined) return;
  createNetdev(machine, {
    name: uplinkVfName(pf, vf.index),
    kind: "vf",
    pciAddress: vf.pciAddress,
    vfIndex: vf.index,
  });
}

export function removeVfNetdev(machine: Machine, address: PciAddress): void {
  for (const netdev of netdevsOf(machine, "vf")) {
    if (netdev.pciAddress === address) machine.boot.netdevs.delete(netdev.name);
  }
}

function createVf(machine: Machine, pf: Pf, index: number): Vf {
  const { ports } = machine.spec.card;
  const routing = sriovRouting(machine, pf);
  return {
    pf: pf.pciAddress,
    index,
    pciAddress: vfPciAddress(pf.pciAddress, { ...routing, index }),
    vhcaId: ports.length + pf.port * roomOfPort(machine) + index,
    driver: "mlx5_core",
    driverOverride: undefined,
    adminMac: ZERO_MAC,
    vlan: 0,
    isSpoofChecked: false,
    maxTxMbps: 0,
    counters: zeroCounters(),
  };
}

function enableVfs(machine: Machine, pf: Pf, count: number): void {
  pf.vfs = Array.from({ length: count }, (_, index) => createVf(machine, pf, index));
  for (const vf of pf.vfs) createVfNetdev(machine, vf);
  if (pf.mode === "switchdev") createRepresentors(machine, pf);
  logEswitch(machine, pf);
}

async function disableVfs(act: Act, pf: Pf): Promise<void> {
  const { machine } = act;
  const held = [...machine.boot.processes.values()].flatMap(({ qemu }) => qemu?.vfioDevices ?? []);
  if (pf.vfs.some((vf) => held.includes(vf.pciAddress))) {
    logKernel(machine, `mlx5_core ${pf.pciAddress}: Cannot modify SR-IOV while VFs are assigned`);
    throw new Refusal("EPERM");
  }
  await removeVdpaOfVfs(
    act,
    pf.vfs.map((vf) => vf.pciAddress),
  );
  for (const vf of pf.vfs) removeVfNetdev(machine, vf.pciAddress);
  for (const netdev of netdevsOf(machine, "representor")) {
    if (netdev.pciAddress === pf.pciAddress) dropRules(machine, netdev.name);
  }
  removeRepresentors(machine, pf);
  pf.vfs = [];
}

/** Largest number that fits the kernel's 16 bits. */
const COUNT_MAX = 0xffff;
const OCTAL = 8;

/**
 * Reads a count as kstrtou16 does with base 0: decimal, `0x` hexadecimal or `0` octal, and at most one
 * newline after it.
 *
 * @throws Refusal EINVAL for all else; iov.c answers so to a number that is too large as well
 * @see torvalds/linux lib/kstrtox.c
 */
function parseCount(text: string): number {
  const digits = /^\+?(0x[0-9a-f]+|0[0-7]*|[1-9][0-9]*)\n?$/i.exec(text)?.[1];
  if (digits === undefined) throw new Refusal("EINVAL");
  const isOctal = /^0[0-7]/.test(digits);
  const count = isOctal ? Number.parseInt(digits, OCTAL) : Number(digits);
  if (count > COUNT_MAX) throw new Refusal("EINVAL");
  return count;
}

/**
 * A write to `sriov_numvfs` (or MLNX_OFED's `mlx5_num_vfs`). The same count again is a success that
 * changes nothing; going to 0 waits without limit while a VM holds a vDPA device of the PF.
 *
 * @throws Refusal EINVAL, ERANGE, EBUSY (one non-zero count to another), EPERM, ENOMEM
 *   (BIOS leaves no room for BARs above 4 GB)
 * @see torvalds/linux drivers/pci/iov.c, sriov_numvfs_store
 */
export async function setVfCount(act: Act, pf: Pf, text: string): Promise<void> {
  const { machine } = act;
  const count = parseCount(text);
  const before = pf.vfs.length;
  if (count > 0 && !hasGlobalSriov(machine)) throw new Refusal("ERANGE");
  if (count > totalVfsOf(machine, pf.pciAddress)) throw new Refusal("ERANGE");
  if (count === before) return;
  if (count > 0 && before > 0) {
    const words = `${before} VFs already enabled. Disable before enabling ${count} VFs`;
    logKernel(machine, `mlx5_core ${pf.pciAddress}: ${words}`);
    throw new Refusal("EBUSY");
  }
  if (count > 0 && !hasLargeMmio(machine)) {
    logKernel(machine, `mlx5_core ${pf.pciAddress}: not enough MMIO resources for SR-IOV`);
    throw new Refusal("ENOMEM");
  }
  if (count > 0) enableVfs(machine, pf, count);
  else await disableVfs(act, pf);
  note(act, `vf-count ${pf.pciAddress}`, { before: String(before), after: String(count) });
}
