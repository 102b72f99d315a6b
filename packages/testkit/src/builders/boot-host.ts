import type { Bmc, Inventory, Nic, Pf } from "@switchyard/model";
import { activateCard } from "./apply-firmware-step.ts";

/** VFs that firmware allows where nobody asked it. */
const VFS = 8;

/** The host after a boot: unlike the planner, this one knows that nothing of the datapath is there. */
export function bootHost(inventory: Inventory): Inventory {
  const { ovs } = inventory;
  const entry = inventory.system?.bootEntries?.find(({ isDefault }) => isDefault);
  const kernelRelease = entry?.kernelRelease ?? inventory.os.kernelRelease;
  const booted: Inventory = {
    ...inventory,
    os: { ...inventory.os, kernelRelease },
    nics: inventory.nics.map((nic) => loadDriver(activateCard(forgetNic(nic)), kernelRelease)),
    modules: [],
    vms: [],
    bonds: (inventory.bonds ?? []).filter(({ isOurs }) => !isOurs),
    ovs: ovs && {
      ...withDeadPorts(inventory, inventory.nics, ovs),
      isRunning: false,
    },
    ...(inventory.system !== undefined && {
      system: {
        ...inventory.system,
        kernelArguments: entry?.arguments ?? inventory.system.kernelArguments,
        rebootRequiredBy: [],
      },
    }),
  };
  return bootBios(booted);
}

/** The host after its NICs' driver was loaded anew: they forget what a boot makes them forget, but for claims. */
export function reloadDriver(inventory: Inventory, module: string): Inventory {
  const { kernelRelease } = inventory.os;
  const own = inventory.nics.filter(({ driver }) => driver === module);
  const netdevs = own.flatMap(({ pfs }) => pfs.map(({ link }) => link.netdev));
  return {
    ...inventory,
    bonds: (inventory.bonds ?? []).map((bond) => ({
      ...bond,
      ports: bond.ports.filter((port) => !netdevs.includes(port)),
    })),
    nics: inventory.nics.map((nic) =>
      own.includes(nic) ? claimedAs(nic, loadDriver(forgetNic(nic), kernelRelease)) : nic,
    ),
    ovs: inventory.ovs && withDeadPorts(inventory, own, inventory.ovs, true),
  };
}

const forgetNic = (nic: Nic): Nic => ({ ...nic, pfs: nic.pfs.map(forgetPf) });

const forgetPf = (pf: Pf): Pf => ({
  ...pf,
  eswitchMode: "legacy",
  vfCount: 0,
  vfs: [],
  isClaimed: false,
  link: { ...pf.link, isUp: false },
});

const claimedAs = (before: Nic, after: Nic): Nic => ({
  ...after,
  pfs: after.pfs.map((pf, at) => ({ ...pf, isClaimed: before.pfs[at]?.isClaimed ?? false })),
});

function loadDriver(nic: Nic, kernelRelease: string): Nic {
  const { driverInfo } = nic;
  if (driverInfo === undefined) return nic;
  const onDisk = driverInfo.onDisk.find((each) => each.kernelRelease === kernelRelease);
  return { ...nic, driverInfo: { ...driverInfo, loaded: onDisk && { version: onDisk.version } } };
}

/** Open vSwitch keeps its database; what it can't open any more carries an error. */
function withDeadPorts(
  inventory: Inventory,
  forgetful: readonly Nic[],
  ovs: NonNullable<Inventory["ovs"]>,
  keepsAddresses = false,
): NonNullable<Inventory["ovs"]> {
  const gone = new Set(
    forgetful.flatMap(({ pfs }) =>
      pfs.flatMap(({ vfs }) => vfs.flatMap(({ representor }) => representor?.netdev ?? [])),
    ),
  );
  const bonds = new Set(
    (inventory.bonds ?? []).filter(({ isOurs }) => isOurs).map(({ name }) => name),
  );
  const bridges = ovs.bridges.map((bridge) => ({
    ...bridge,
    ...(!keepsAddresses && { isUp: false, addresses: [] }),
    ports: bridge.ports.map((port) =>
      gone.has(port.name) || (!keepsAddresses && bonds.has(port.name))
        ? { ...port, ofport: -1, error: "No such device" }
        : port,
    ),
  }));
  return { ...ovs, bridges };
}

/** Settings that wait come into force, and Linux shows what they turn on. */
function bootBios(inventory: Inventory): Inventory {
  const { bmc } = inventory;
  if (bmc?.facts === undefined) return inventory;
  const { facts } = bmc;
  const biosAttributes = { ...facts.biosAttributes, ...facts.pendingAttributes };
  const nicFunctions = facts.nicFunctions?.map((each) => ({
    ...each,
    mode: each.pendingMode ?? each.mode,
    pendingMode: undefined,
  }));
  const booted: Bmc = {
    ...bmc,
    facts: {
      ...{ ...facts, biosAttributes, pendingAttributes: {}, jobs: [] },
      ...(nicFunctions !== undefined && { nicFunctions }),
    },
  };
  const hasVirtualization = biosAttributes["ProcVirtualization"] !== "Disabled";
  const hasSriov = biosAttributes["SriovGlobalEnable"] !== "Disabled";
  const isOff = (pf: Pf) =>
    nicFunctions?.some((each) => each.pciAddress === pf.pciAddress && each.mode === "NONE");
  const withSriov = (pf: Pf): Pf => ({
    ...pf,
    totalVfs: hasSriov && !isOff(pf) ? pf.totalVfs || VFS : 0,
  });
  return {
    ...inventory,
    nics: inventory.nics.map((nic) => ({ ...nic, pfs: nic.pfs.map(withSriov) })),
    bmc: booted,
    cpu: { ...inventory.cpu, hasVirtualization },
    iommuGroupCount: hasVirtualization ? Math.max(1, inventory.iommuGroupCount) : 0,
  };
}
