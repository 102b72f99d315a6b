import { compareFirmware, type EswitchMode } from "@switchyard/model";
import { hasOffloadRules } from "../ovs/datapath.ts";
import { type Act, note } from "./act.ts";
import type { Machine, Pf } from "./machine.ts";
import { logKernel } from "./machine.ts";
import { createNetdev, findRepresentor, freeEthName, netdevsOf } from "./netdev.ts";
import { Refusal } from "./refusal.ts";
import { SWITCHDEV_FIRMWARE_MIN } from "./spec.ts";

function refuseSwitchdev(machine: Machine, pf: Pf): void {
  const failed = new Refusal("EINVAL", "mlx5_core: Failed setting eswitch to offloads");
  if (compareFirmware(machine.firmware.running, SWITCHDEV_FIRMWARE_MIN) < 0) throw failed;
  if (machine.spec.refusesSwitchdevWithVfs && pf.vfs.length > 0) {
    const words =
      "CREATE_FLOW_TABLE(0x930) op_mod(0x0) failed, status bad resource state(0x9), " +
      "syndrome (0x98afbb), err(-22)";
    logKernel(machine, `mlx5_core ${pf.pciAddress}: ${words}`);
    throw failed;
  }
}

/** Names in the order the kernel happens to make them. */
function orderOfCreation(machine: Machine, pf: Pf): readonly number[] {
  const indexes = pf.vfs.map((vf) => vf.index);
  switch (machine.spec.representorOrder) {
    case "ascending":
      return indexes;
    case "descending":
      return indexes.reverse();
    case "shuffled":
      return indexes
        .map((index) => ({ index, rank: machine.random.float() }))
        .sort((left, right) => left.rank - right.rank)
        .map(({ index }) => index);
  }
}

/** Makes the representors that VFs lack; each starts down. */
export function createRepresentors(machine: Machine, pf: Pf): void {
  for (const index of orderOfCreation(machine, pf)) {
    if (findRepresentor(machine, { pf: pf.pciAddress, index }) !== undefined) continue;
    createNetdev(machine, {
      name: freeEthName(machine),
      kind: "representor",
      pciAddress: pf.pciAddress,
      vfIndex: index,
    });
  }
}

export function removeRepresentors(machine: Machine, pf: Pf): void {
  for (const netdev of netdevsOf(machine, "representor")) {
    if (netdev.pciAddress === pf.pciAddress) machine.boot.netdevs.delete(netdev.name);
  }
}

/**
 * `devlink dev eswitch set … mode`. The same mode again is a successful no-op.
 *
 * @throws Refusal EBUSY (offloaded rules), EINVAL (firmware, or VFs present where the card minds)
 */
export function setEswitchMode(act: Act, pf: Pf, mode: EswitchMode): void {
  const { machine } = act;
  if (pf.mode === mode) return;
  if (hasOffloadRules(machine, pf)) {
    throw new Refusal("EBUSY", "mlx5_core: Can't change mode, E-Switch is busy");
  }
  if (mode === "switchdev") refuseSwitchdev(machine, pf);
  const { mode: before } = pf;
  pf.mode = mode;
  if (mode === "switchdev") createRepresentors(machine, pf);
  else removeRepresentors(machine, pf);
  logEswitch(machine, pf);
  note(act, `eswitch ${pf.pciAddress}`, { before, after: mode });
}

export function logEswitch(machine: Machine, pf: Pf): void {
  const mode = pf.mode === "switchdev" ? "OFFLOADS" : "LEGACY";
  const counts = `nvfs(${pf.vfs.length}), necvfs(0), active vports(${pf.vfs.length + 1})`;
  logKernel(machine, `mlx5_core ${pf.pciAddress}: E-Switch: Enable: mode(${mode}), ${counts}`);
}
