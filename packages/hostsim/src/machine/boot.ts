import { type PciAddress, parseModulesAtBoot } from "@switchyard/model";
import { bootIdrac } from "../bmc/idrac.ts";
import { emptyDatapath } from "../ovs/datapath.ts";
import { startOvs } from "../ovs/vswitchd.ts";
import { startAct } from "./act.ts";
import { logBios } from "./bios.ts";
import { driverAtBoot } from "./driver.ts";
import { activateFirmware } from "./firmware.ts";
import { type BootedKernel, initramfsOf, kernelToBoot } from "./kernels.ts";
import type { Boot, Machine } from "./machine.ts";
import { logKernel, newMachineUuid } from "./machine.ts";
import { loadModule, MODULES_AT_BOOT } from "./modules.ts";
import { createNetdev } from "./netdev.ts";
import { virtualMachines } from "./process.ts";

/** Names and addresses of the four onboard ports. Source: `lshw -businfo` of the seed procedure. */
export const ONBOARD_PORTS = [0, 1, 2, 3].map((port) => ({
  netdev: `eno${port + 1}`,
  pciAddress: `0000:01:00.${port}` as PciAddress,
}));

/** First pid given out after the base system has come up. */
const FIRST_PID = 2001;

/** What a lane of 8 GT/s carries. @see torvalds/linux drivers/pci/pci.h, PCIE_SPEED2MBS_ENC */
const GEN3_LANE_GBPS = 7.876;

/** The state of a machine that has just been switched on, before any netdev is there. */
export function emptyBoot(
  machine: Pick<Machine, "clock" | "random" | "spec" | "packages">,
  kernel: BootedKernel,
): Boot {
  return {
    id: newMachineUuid(machine),
    startedAtMs: machine.clock.nowMs(),
    kernel,
    packages: machine.packages.installed,
    modules: new Set(MODULES_AT_BOOT),
    pfs: machine.spec.card.ports.map(({ pciAddress, netdev }, port) => ({
      pciAddress,
      netdev,
      port,
      mode: "legacy" as const,
      vfs: [],
    })),
    netdevs: new Map(),
    vdpaDevices: new Map(),
    processes: new Map(),
    datapath: emptyDatapath(),
    kernelLog: [],
    waiters: new Set(),
    load: { endedSeconds: 0, softwareFrames: 0 },
    nbd: new Map(),
    mounts: new Map(),
    stuck: new Set(),
    driverVersion: undefined,
    shutoffReasons: new Map(),
    isLibvirtDown: false,
    ovsdbPid: undefined,
    vswitchd: undefined,
    nextIfindex: 1,
    nextPid: FIRST_PID,
  };
}

function createNetdevs(machine: Machine): void {
  const loopback = createNetdev(machine, {
    name: "lo",
    kind: "loopback",
    pciAddress: undefined,
    vfIndex: undefined,
    mac: "00:00:00:00:00:00",
  });
  loopback.isUp = true;
  loopback.mtu = 65_536;
  loopback.addresses = ["127.0.0.1/8"];
  for (const { netdev: name, pciAddress } of ONBOARD_PORTS) {
    createNetdev(machine, { name, kind: "port", pciAddress, vfIndex: undefined });
  }
  for (const { netdev: name, pciAddress } of machine.spec.card.ports) {
    createNetdev(machine, { name, kind: "uplink", pciAddress, vfIndex: undefined });
  }
  const management = machine.boot.netdevs.get(machine.spec.management.netdev);
  if (management === undefined) return;
  management.isUp = true;
  management.addresses = [machine.spec.management.cidr];
}

/** What systemd-modules-load.service does; a module that this kernel does not have is passed over. */
function loadConfiguredModules(machine: Machine): void {
  const { files } = machine;
  for (const folder of ["/etc/modules-load.d", "/usr/lib/modules-load.d"]) {
    for (const name of files.isFolder(folder) ? files.list(folder) : []) {
      const modules = parseModulesAtBoot(files.read(`${folder}/${name}`));
      for (const module of modules) loadModule(startAct(machine), module);
    }
  }
}

/** Brings the machine up: kernel, drivers, management network, and what systemd starts. */
export function bringUp(machine: Machine): void {
  machine.bootCount += 1;
  machine.boot.driverVersion = driverAtBoot(
    machine,
    initramfsOf(machine, machine.boot.kernel.release),
  );
  createNetdevs(machine);
  machine.files.makeFolder("/run/systemd/system");
  loadConfiguredModules(machine);
  logKernel(machine, `Linux version ${machine.boot.kernel.release}`);
  logBios(machine);
  for (const pf of machine.boot.pfs) {
    const prefix = `mlx5_core ${pf.pciAddress}:`;
    logKernel(machine, `${prefix} firmware version: ${machine.firmware.running}`);
    const { lanes } = machine.spec.card;
    const rate = (lanes * GEN3_LANE_GBPS).toFixed(3);
    const limit = `limited by 8.0 GT/s PCIe x${lanes} link at 0000:80:03.0`;
    const capable = "capable of 252.048 Gb/s with 16.0 GT/s PCIe x16 link";
    logKernel(machine, `${prefix} ${rate} Gb/s available PCIe bandwidth, ${limit} (${capable})`);
  }
  if (machine.spec.startsOvsAtBoot) startOvs(startAct(machine));
}

/**
 * Switches the machine off and on: processes, VFs, vDPA devices, modes, `/run` and what the datapath
 * learned are gone; files and the OVS database stay; burned firmware runs, on some cards only after a cold
 * start.
 */
export function powerCycle(machine: Machine, kind: "warm" | "cold" = "warm"): void {
  const old = machine.boot;
  for (const qemu of virtualMachines(machine)) for (const close of [...qemu.closers]) close();
  machine.files.forgetRuntime();
  activateFirmware(machine, kind);
  bootIdrac(machine.bmc);
  machine.boot = emptyBoot(machine, kernelToBoot(machine));
  bringUp(machine);
  for (const wake of [...old.waiters]) wake();
}
