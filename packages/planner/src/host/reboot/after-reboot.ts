import type { Bridge, BridgePort, Inventory, Nic, Ovs, Pf } from "@switchyard/model";
import { viewPfs } from "../pf-view.ts";
import { representorsOf } from "../ports.ts";

/**
 * The inventory as it will be after a boot: eswitch mode, VFs, claims, vDPA devices, addresses and VMs are gone,
 * while Open vSwitch remembers its bridges and ports. What a distribution may or may not start at boot
 * (modules, Open vSwitch) is taken as not started: the step that starts it then finds it done.
 */
export function afterReboot(observed: Inventory): Inventory {
  const representors = new Set(
    viewPfs(observed)
      .flatMap(representorsOf)
      .map(({ name }) => name),
  );
  return {
    ...observed,
    modules: observed.modules.filter((module) => isOfDriver(observed, module)),
    nics: observed.nics.map(bootedNic),
    ovs: observed.ovs && bootedOvs(observed.ovs, representors),
    vms: [],
  };
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

const bootedOvs = (ovs: Ovs, representors: ReadonlySet<string>): Ovs => ({
  ...ovs,
  isRunning: false,
  isRestartPending: false,
  bridges: ovs.bridges.map(
    (bridge): Bridge => ({
      ...bridge,
      isUp: false,
      addresses: [],
      ports: bridge.ports.map((port) => bootedPort(port, representors)),
    }),
  ),
});

/** vswitchd can't open the device of a representor whose VF is gone. */
const bootedPort = (port: BridgePort, representors: ReadonlySet<string>): BridgePort =>
  representors.has(port.name)
    ? { ...port, ofport: -1, error: `could not open network device ${port.name}` }
    : port;
