import {
  type Bridge,
  type BridgePort,
  findDriverOnDisk,
  type Inventory,
  type Nic,
  type Ovs,
  type Pf,
} from "@switchyard/model";
import { ownBonds } from "../datapath/bonds.ts";
import { viewPfs } from "../datapath/pf-view.ts";
import { representorsOf } from "../datapath/ports.ts";

/**
 * The inventory as it will be after a boot: eswitch mode, VFs, claims, vDPA devices, addresses and VMs are gone,
 * while Open vSwitch remembers its bridges and ports. What a distribution may or may not start at boot
 * (modules, Open vSwitch) is taken as not started: the step that starts it then finds it done.
 */
export function afterReboot(observed: Inventory): Inventory {
  const gone = new Set([
    ...representorNames(observed),
    ...ownBonds(observed).map(({ name }) => name),
  ]);
  const kernelRelease = nextKernel(observed);
  return {
    ...observed,
    os: { ...observed.os, kernelRelease },
    modules: observed.modules.filter((module) => isOfDriver(observed, module)),
    nics: observed.nics.map((nic) => loadedNic(bootedNic(nic), kernelRelease)),
    // Those that others made come back with their network configuration.
    ...(observed.bonds !== undefined && { bonds: observed.bonds.filter(({ isOurs }) => !isOurs) }),
    ovs: observed.ovs && bootedOvs(observed.ovs, gone),
    vms: [],
  };
}

/**
 * The inventory as it will be after a NIC's driver was loaded anew: what the NIC forgets is as after a boot, while
 * everything else runs on.
 */
export function afterDriverRestart(observed: Inventory, module: string): Inventory {
  const isOwn = (nic: Nic) => nic.driver === module;
  const own = { ...observed, nics: observed.nics.filter(isOwn) };
  const representors = representorNames(own);
  const forget = (nic: Nic) =>
    withClaimsOf(nic, loadedNic(bootedNic(nic), observed.os.kernelRelease));
  const netdevs = own.nics.flatMap(({ pfs }) => pfs.map(({ link }) => link.netdev));
  return {
    ...observed,
    // A bond outlives the ports that were joined in it.
    ...(observed.bonds !== undefined && {
      bonds: observed.bonds.map((bond) => ({
        ...bond,
        ports: bond.ports.filter((port) => !netdevs.includes(port)),
      })),
    }),
    nics: observed.nics.map((nic) => (isOwn(nic) ? forget(nic) : nic)),
    ovs: observed.ovs && {
      ...observed.ovs,
      bridges: observed.ovs.bridges.map((bridge) => ({
        ...bridge,
        ports: bridge.ports.map((port) => bootedPort(port, representors)),
      })),
    },
  };
}

/** The inventory as it will be after a card was reset; that it bears nothing of ours is known before. */
export const afterCardReset = (observed: Inventory, card: Nic): Inventory => ({
  ...observed,
  nics: observed.nics.map((nic) =>
    nic.pfs[0]?.pciAddress === card.pfs[0]?.pciAddress ? withClaimsOf(nic, bootedNic(nic)) : nic,
  ),
});

/** Claims are files of the host, which only a boot takes away. */
const withClaimsOf = (before: Nic, after: Nic): Nic => ({
  ...after,
  pfs: after.pfs.map((pf, at) => ({ ...pf, isClaimed: before.pfs[at]?.isClaimed ?? false })),
});

const representorNames = (observed: Inventory): ReadonlySet<string> =>
  new Set(
    viewPfs(observed)
      .flatMap(representorsOf)
      .map(({ name }) => name),
  );

/** Somebody may have installed another kernel since the last boot. */
const nextKernel = ({ os, system }: Inventory): string =>
  system?.bootEntries?.find(({ isDefault }) => isDefault)?.kernelRelease ?? os.kernelRelease;

/** What is on disk for the kernel is what it loads. */
function loadedNic(nic: Nic, kernelRelease: string): Nic {
  const { driverInfo } = nic;
  if (driverInfo === undefined) return nic;
  const onDisk = findDriverOnDisk(driverInfo, kernelRelease);
  return { ...nic, driverInfo: { ...driverInfo, loaded: onDisk && { version: onDisk.version } } };
}

/** Drivers of hardware that is there are loaded by the kernel itself. */
const isOfDriver = (observed: Inventory, module: string): boolean =>
  observed.nics.some(({ driver }) => driver === module);

const bootedNic = (nic: Nic): Nic => ({ ...nic, pfs: nic.pfs.map(bootedPf) });

const bootedPf = (pf: Pf): Pf => ({
  ...pf,
  eswitchMode: "legacy",
  vfCount: 0,
  isClaimed: false,
  vfs: [],
  link: { ...pf.link, isUp: false },
});

const bootedOvs = (ovs: Ovs, gone: ReadonlySet<string>): Ovs => ({
  ...ovs,
  isRunning: false,
  isRestartPending: false,
  bridges: ovs.bridges.map(
    (bridge): Bridge => ({
      ...bridge,
      isUp: false,
      addresses: [],
      ports: bridge.ports.map((port) => bootedPort(port, gone)),
    }),
  ),
});

/** vswitchd can't open the device of a representor whose VF is gone, nor a bond that nobody made yet. */
const bootedPort = (port: BridgePort, gone: ReadonlySet<string>): BridgePort =>
  gone.has(port.name)
    ? { ...port, ofport: -1, error: `could not open network device ${port.name}` }
    : port;
