import {
  type AllocatedNic,
  type CHECKS_OF_HOST,
  findVf,
  type Inventory,
  type ObservedVm,
  type VdpaDevice,
} from "@switchyard/model";
import { pairsOf } from "../../host/datapath/build-up.ts";
import { asVdpa } from "../../host/datapath/datapath-findings.ts";
import { findVfOf, mgmtdevOf } from "../../host/datapath/pf-view.ts";
import type { HostFacts, PlacedVm } from "../facts.ts";
import { vfName, vfsOf, withPorts, withSwitchdev } from "../ports.ts";
import {
  failOn,
  type HostCheck,
  pass,
  skip,
  warn,
  warnOn,
  withInventory,
  withLook,
  withParts,
} from "../verdict.ts";
import { kernelLog } from "./host.ts";

/** Module behind `/dev/vhost-vdpa-N`. */
const VHOST_VDPA = "vhost_vdpa";
const underscored = (module: string): string => module.replaceAll("-", "_");

const allVfs = (inventory: Inventory) =>
  inventory.nics.flatMap(({ pfs }) => pfs.flatMap((pf) => pf.vfs.map((vf) => ({ pf, vf }))));

const vdpaDevices = (inventory: Inventory): readonly VdpaDevice[] =>
  allVfs(inventory).flatMap(({ vf }) => vf.vdpa ?? []);

/** A check of every vDPA device; skipped where there is none. */
const withDevices = (
  check: (
    devices: readonly VdpaDevice[],
    inventory: Inventory,
    facts: HostFacts,
  ) => ReturnType<HostCheck>,
): HostCheck =>
  withParts(["nics", "vdpa"], (inventory, facts) => {
    const devices = vdpaDevices(inventory);
    return devices.length === 0
      ? skip("there are no vDPA devices")
      : check(devices, inventory, facts);
  });

const names = (devices: readonly VdpaDevice[]): string =>
  devices.map(({ name }) => name).join(", ");

const mgmtdevs = withSwitchdev(["vdpa"], (ports) => {
  const vfs = vfsOf(ports);
  if (vfs.length === 0) return skip("there are no VFs");
  return failOn(
    vfs
      .filter(({ vf }) => vf.mgmtdev === undefined)
      .map(({ port, vf }) => `${vfName(port, vf)} offers none`),
    `${vfs.length} VFs offer one`,
  );
});

const modules = withSwitchdev(["modules"], (ports, { modules: loaded }) => {
  const present = new Set(loaded.map(underscored));
  const wanted = [...new Set([VHOST_VDPA, ...ports.flatMap(({ nic }) => nic.vdpaModules)])];
  return failOn(
    wanted.filter((name) => !present.has(underscored(name))).map((name) => `${name} is not loaded`),
    wanted.join(", "),
  );
});

const pairsAsked = withPorts(["vdpa"], (ports, _inventory, { desired }) => {
  const wanted = asVdpa(desired?.datapath)?.maxVqp;
  if (wanted === undefined) return skip("no profile asks for vDPA devices");
  const offered = ports.flatMap(({ pf }) => mgmtdevOf(pf, 0) ?? []);
  if (offered.length === 0) return skip("no VF says yet how many queue pairs it offers");
  return warnOn(
    offered
      .filter(({ canSetMaxVqp, maxVqp }) => canSetMaxVqp && maxVqp < wanted)
      .map(({ handle, maxVqp }) => `${wanted} pairs asked, ${maxVqp} offered by ${handle}`),
    `${wanted} pairs asked`,
  );
});

const queueCounts = withDevices((devices) => {
  const told = devices.filter(({ maxVqp }) => maxVqp !== undefined);
  if (told.length === 0) return skip("no vDPA device tells its queue pairs");
  return warnOn(
    told
      .filter(({ maxVqp, maxVqs }) => maxVqs !== 2 * (maxVqp ?? 0) + 1)
      .map(({ name, maxVqp, maxVqs }) => `${name}: max_vqs ${maxVqs} with ${maxVqp} pairs`),
    names(told),
  );
});

const charDevices = withDevices((devices) =>
  failOn(
    devices
      .filter(({ vhostPath }) => vhostPath === undefined)
      .map(({ name }) => `${name} has none`),
    devices.map(({ name, vhostPath }) => `${name}: ${vhostPath}`).join(", "),
  ),
);

export interface RunningVm {
  readonly placed: PlacedVm;
  readonly observed: ObservedVm;
}

/** VMs placed here whose process is there. */
export const runningVms = ({ vms }: Inventory, facts: HostFacts): readonly RunningVm[] =>
  facts.vms.flatMap((placed) => {
    const observed = vms.find(({ vm }) => vm === placed.vm);
    return observed === undefined || observed.state === "stopped" ? [] : [{ placed, observed }];
  });

/** A NIC that a VM was given, with the vDPA device of its slot where there is one. */
export interface NicDevice {
  readonly nic: AllocatedNic;
  readonly device: VdpaDevice | undefined;
}

/** The vDPA NICs of a VM; those by vfio have no device of ours. */
export const devicesOf = ({ nics }: Inventory, { allocation }: PlacedVm): readonly NicDevice[] =>
  allocation.nics
    .filter(({ kind }) => kind === "vdpa")
    .map((nic) => {
      const pf = nics.flatMap(({ pfs }) => pfs).find((each) => each.pciAddress === nic.pf);
      return { nic, device: pf && findVfOf(pf, nic.vfIndex)?.vdpa };
    });

/** A check of every VM that runs; skipped where none does. */
export const withVms = (
  check: (
    vms: readonly RunningVm[],
    inventory: Inventory,
    facts: HostFacts,
  ) => ReturnType<HostCheck>,
): HostCheck =>
  withParts(["nics", "vdpa", "vms"], (inventory, facts) => {
    const vms = runningVms(inventory, facts);
    return vms.length === 0 ? skip("no VM runs here") : check(vms, inventory, facts);
  });

export const vmNames = (vms: readonly RunningVm[]): string =>
  vms.map(({ placed }) => placed.vm).join(", ");

const rightDevice = withVms((vms, inventory) =>
  failOn(
    vms.flatMap(({ placed, observed }) => {
      const held = observed.nics.map(({ vhostPath, pciAddress }) => pciAddress ?? vhostPath);
      const lost = placed.allocation.nics
        .filter(({ kind }) => kind === "sriov")
        .map(({ pf, vfIndex }) => findVf(inventory, pf, vfIndex)?.pciAddress)
        .filter((address) => address !== undefined && !held.includes(address));
      if (lost.length > 0) {
        return [`${placed.vm} holds ${held.join(", ") || "none"}, its slot is ${lost.join(", ")}`];
      }
      return devicesOf(inventory, placed).flatMap(({ device }) =>
        device?.vhostPath === undefined || held.includes(device.vhostPath)
          ? []
          : [`${placed.vm} holds ${held.join(", ") || "none"}, its slot has ${device.vhostPath}`],
      );
    }),
    vmNames(vms),
  ),
);

const holders = withLook("vhostHolders", (all, { inventory }) => {
  if (inventory === undefined) return skip("the host has not reported its inventory");
  const ours = new Set(inventory.vms.flatMap(({ pid }) => pid ?? []));
  const strangers = all.filter(({ pid }) => !ours.has(pid));
  const pathOf = new Map<string, number>();
  for (const { path } of all) pathOf.set(path, (pathOf.get(path) ?? 0) + 1);
  return failOn(
    [
      ...strangers.map(({ path, pid, command }) => `${path} is held by ${command} (${pid})`),
      ...[...pathOf]
        .filter(([, count]) => count > 1)
        .map(([path, count]) => `${path}: ${count} holders`),
    ],
    all.length === 0
      ? "no vDPA device is held"
      : all.map(({ path, pid }) => `${path}: ${pid}`).join(", "),
  );
});

/** A VM and the vDPA device of its own slot are one holder. */
const duplicateMacs: HostCheck = ({ host, macs }) => {
  const own = new Set(macs.filter((each) => each.host === host).map(({ mac }) => mac));
  if (own.size === 0) return skip("nothing on this host has a MAC in the fleet yet");
  const twice = [...own].flatMap((mac) => {
    const sharing = new Set(macs.filter((each) => each.mac === mac).map(({ holder }) => holder));
    return sharing.size > 1 ? [`${mac}: ${[...sharing].join(" and ")}`] : [];
  });
  return failOn(twice, `${own.size} MACs, each once among ${macs.length}`);
};

const adminMacs = withParts(["nics"], (inventory, { desired }) => {
  const vfs = allVfs(inventory);
  if (vfs.length === 0) return skip("there are no VFs");
  const isSwitchdev = (mode: string) => mode === "switchdev" || desired?.datapath?.mode === "vdpa";
  return failOn(
    vfs
      .filter(({ pf, vf }) => vf.adminMac !== undefined && isSwitchdev(pf.eswitchMode))
      .map(({ pf, vf }) => `VF ${vf.index} of ${pf.pciAddress} has admin MAC ${vf.adminMac}`),
    `${vfs.length} VFs without an admin MAC`,
  );
});

const negotiated = withVms((vms, inventory) => {
  const running = vms.filter(({ placed }) => placed.state === "running");
  if (running.length === 0) return skip("every VM here is still starting or going");
  return warnOn(
    running
      .filter(({ placed }) =>
        devicesOf(inventory, placed).some(({ device }) => device?.negotiatedFeatures === undefined),
      )
      .map(({ placed }) => `the guest of ${placed.vm} has negotiated nothing yet`),
    vmNames(running),
  );
});

/** A slot that a VM holds has the VM's MAC, which the desired state says too. */
const slots = withPorts(["vdpa"], (ports, _inventory, { desired, isApplied }) => {
  const datapath = asVdpa(desired?.datapath);
  if (datapath === undefined) return skip("no profile asks for vDPA devices");
  const wrong = ports.flatMap((port) =>
    datapath.slots.flatMap(({ pf, vfIndex, mac }) => {
      // Slots of a bond's other port are looked at with that port.
      if (pf !== undefined && pf !== port.pf.pciAddress) return [];
      const device = findVfOf(port.pf, vfIndex)?.vdpa;
      const name = vfName(port, { index: vfIndex });
      if (device === undefined) return [`${name} has no vDPA device`];
      const pairs = pairsOf(device);
      const wanted = mgmtdevOf(port.pf, vfIndex);
      const capped = Math.min(datapath.maxVqp, wanted?.maxVqp ?? datapath.maxVqp);
      const hasPairs = wanted?.canSetMaxVqp === false || pairs === capped;
      return [
        ...(device.mac === mac
          ? []
          : [`${name} has MAC ${device.mac ?? "none"}, reserved is ${mac}`]),
        ...(hasPairs ? [] : [`${name} has ${pairs} queue pairs, wanted are ${capped}`]),
      ];
    }),
  );
  if (wrong.length === 0) return pass(`${datapath.slots.length} slots`);
  return isApplied ? { status: "fail", evidence: wrong } : warn(wrong);
});

const guestMacs = withVms((vms, inventory) =>
  failOn(
    vms.flatMap(({ placed, observed }) =>
      devicesOf(inventory, placed).flatMap(({ device }) => {
        const guest = observed.nics.find(({ vhostPath }) => vhostPath === device?.vhostPath);
        if (device?.mac === undefined || guest === undefined || guest.mac === device.mac) return [];
        return [`${placed.vm} has ${guest.mac || "no MAC"}, its vDPA device ${device.mac}`];
      }),
    ),
    vmNames(vms),
  ),
);

const devicesHeld = withParts(["nics", "vdpa", "vms"], (inventory) => {
  const held = inventory.vms.flatMap(({ vm, state, nics }) =>
    state === "stopped"
      ? []
      : nics
          .filter(({ vhostPath }) => vhostPath !== "")
          .map(({ vhostPath }) => ({ vm, vhostPath })),
  );
  if (held.length === 0) return skip("no VM holds a vDPA device");
  const there = new Set(vdpaDevices(inventory).map(({ vhostPath }) => vhostPath));
  return failOn(
    held
      .filter(({ vhostPath }) => !there.has(vhostPath))
      .map(({ vm, vhostPath }) => `${vm}: ${vhostPath} is gone`),
    held.map(({ vm, vhostPath }) => `${vm}: ${vhostPath}`).join(", "),
  );
});

/** @see CHECKS_OF_HOST for what each is about */
export const VDPA_CHECK_RUNS = {
  D01: mgmtdevs,
  D02: modules,
  D06: pairsAsked,
  D08: queueCounts,
  D09: charDevices,
  D10: rightDevice,
  D11: holders,
  D12: withInventory((_inventory, facts) => duplicateMacs(facts)),
  D13: guestMacs,
  D14: adminMacs,
  D15: negotiated,
  D16: kernelLog("D16"),
  F01: devicesHeld,
  "VDPA-SLOTS": slots,
} as const satisfies Partial<Record<keyof typeof CHECKS_OF_HOST, HostCheck>>;
