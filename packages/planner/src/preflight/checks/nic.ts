import {
  allowsNicSriov,
  formatNicModes,
  type NumaNode,
  type PciLink,
  type PreflightCheckId,
} from "@switchyard/model";
import { datapathPorts, portName, withPorts } from "../../diagnosis/ports.ts";
import {
  fail,
  failOn,
  type PreflightCheck,
  pass,
  skip,
  type Verdict,
  warn,
  warnOn,
  withParts,
} from "../../diagnosis/verdict.ts";
import { type PfView, viewPfs } from "../../host/datapath/pf-view.ts";
import { findNicFunction } from "../../host/sections/nic-functions.ts";

const nicFound: PreflightCheck = withParts(["nics"], ({ nics }) =>
  nics.length === 0
    ? fail(["no NIC that a NIC profile drives"])
    : pass(...nics.map(({ model, serial }) => `${model}, serial ${serial}`)),
);

const vfsOffered: PreflightCheck = withParts(["nics"], (inventory) => {
  const views = viewPfs(inventory);
  if (views.length === 0) return skip("no SmartNIC was found");
  const without = views.filter(({ pf }) => pf.totalVfs === 0);
  const global = inventory.bmc?.facts?.biosAttributes["SriovGlobalEnable"];
  const isOffInBios = without.length > 0 && global === "Disabled";
  const functions = inventory.bmc?.facts?.nicFunctions ?? [];
  const offInSetup = without
    .flatMap(({ pf }) => findNicFunction(functions, pf) ?? [])
    .filter(({ mode }) => !allowsNicSriov(mode));
  return failOn(
    [
      ...without.map((view) => `sriov_totalvfs 0 on ${portName(view)}`),
      ...(isOffInBios ? ["SriovGlobalEnable=Disabled in BIOS"] : []),
      ...(offInSetup.length > 0 ? [formatNicModes(offInSetup)] : []),
    ],
    views.map(({ pf }) => `${pf.pciAddress}: ${pf.totalVfs}`).join(", "),
    vfsFix(isOffInBios, offInSetup.length > 0),
  );
});

function vfsFix(isOffInBios: boolean, isOffInSetup: boolean): string | undefined {
  if (isOffInBios) return "Set SriovGlobalEnable to Enabled in BIOS and reboot.";
  return isOffInSetup ? "Set nic_virtualization to SRIOV in the profile's bios." : undefined;
}

const vfsAsked: PreflightCheck = withPorts([], (ports, _inventory, { desired }) => {
  const wanted = desired?.datapath?.vfCount;
  if (wanted === undefined) return skip("no profile asks for VFs");
  const short = ports.filter(({ pf }) => pf.totalVfs < wanted);
  return failOn(
    short.map((port) => `${wanted} VFs asked, ${port.pf.totalVfs} offered on ${portName(port)}`),
    `${wanted} VFs asked`,
  );
});

/** Says what a plan and the doctor say of a port that must not carry VMs. */
export const managementText = (port: PfView): string =>
  `${portName(port)} carries the management path`;

/** Ports of the datapath; every port of the SmartNICs where no profile has chosen yet. */
const withCandidates = (
  check: (ports: readonly PfView[], isChosen: boolean) => Verdict,
): PreflightCheck =>
  withParts(["nics"], (inventory, facts) => {
    const chosen = datapathPorts(facts, inventory);
    const ports = chosen.length > 0 ? chosen : viewPfs(inventory);
    return ports.length === 0 ? skip("no SmartNIC was found") : check(ports, chosen.length > 0);
  });

const managementPath: PreflightCheck = withCandidates((ports, isChosen) => {
  const carriers = ports.filter(({ pf }) => pf.carriesManagement);
  const free = ports.filter(({ pf }) => !pf.carriesManagement);
  if (isChosen) return failOn(carriers.map(managementText), free.map(portName).join(", "));
  if (free.length === 0) return warn([...carriers.map(managementText), "no other port is there"]);
  return pass(...carriers.map(managementText), `free for VMs: ${free.map(portName).join(", ")}`);
});

/** What a 100 GbE port needs, Gbit/s on the PCIe link before its own overhead. */
const PORT_GBPS = 100;

/** Payload share of a lane: 128b/130b from generation 3 on, 8b/10b before. @see PCI Express Base 3.0 */
const gbps = ({ speedGtps, width }: Pick<PciLink, "speedGtps" | "width">): number =>
  speedGtps * width * (speedGtps >= 8 ? 128 / 130 : 0.8);

const pcieLink: PreflightCheck = withCandidates((ports) => {
  const told = ports.flatMap((port) => (port.pf.pciLink ? [{ port, link: port.pf.pciLink }] : []));
  if (told.length === 0) return skip("no port tells its PCIe link");
  const text = ({ port, link }: (typeof told)[number]) =>
    `${portName(port)}: x${link.width} at ${link.speedGtps} GT/s, ${gbps(link).toFixed(0)} Gbit/s ` +
    `(capable of x${link.maxWidth} at ${link.maxSpeedGtps} GT/s)`;
  return warnOn(
    told.filter(({ link }) => link.width < link.maxWidth || gbps(link) < PORT_GBPS).map(text),
    told.map(text).join(", "),
  );
});

/** What is wrong with the node that a port hangs on; undefined for nothing. */
function nodeFault(port: PfView, nodes: readonly NumaNode[]): string | undefined {
  const { numaNode } = port.pf;
  if (numaNode < 0) return `${portName(port)} has no NUMA node`;
  const own = nodes.find(({ node }) => node === numaNode);
  if (own?.memoryBytes === 0) return `${portName(port)} is on node ${numaNode}, without memory`;
  if (own?.threadCount === 0) return `${portName(port)} is on node ${numaNode}, without CPUs`;
  return undefined;
}

const numaNode: PreflightCheck = withParts(["nics"], (inventory) => {
  const views = viewPfs(inventory);
  if (views.length === 0) return skip("no SmartNIC was found");
  if (inventory.cpu.socketCount === 1) return pass("one socket");
  const nodes = inventory.system?.numaNodes ?? [];
  return warnOn(
    views.flatMap((port) => nodeFault(port, nodes) ?? []),
    views.map(({ pf }) => `${pf.pciAddress}: node ${pf.numaNode}`).join(", "),
  );
});

/** @see CHECKS_OF_HOST for what each is about */
export const NIC_RUNS = {
  A04: vfsOffered,
  A06: vfsAsked,
  "HOST-NIC": nicFound,
  "MGMT-PATH": managementPath,
  G01: pcieLink,
  G02: numaNode,
} as const satisfies Partial<Record<PreflightCheckId, PreflightCheck>>;
