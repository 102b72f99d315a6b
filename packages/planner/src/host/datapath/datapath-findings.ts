import {
  canonicalJson,
  compareFirmware,
  type Finding,
  formatFirmware,
  type Inventory,
  parseFirmwareVersion,
} from "@switchyard/model";
import { errorFinding, warningFinding } from "../../findings/finding.ts";
import { managementText } from "../../preflight/checks/nic.ts";
import { iommuFault } from "../../preflight/iommu-fault.ts";
import { bondFindings } from "./bond-findings.ts";
import { planBonding } from "./bonding.ts";
import { asVdpa, type Datapath, type VdpaDatapath } from "./datapath.ts";
import { occupiedBridgeFindings } from "./occupied-bridges.ts";
import { findVfOf, linksOfDesired, type PfView, slotsOn } from "./pf-view.ts";
import { workOn } from "./port-work.ts";
import { bridgesOf, findPort, ownBridges } from "./ports.ts";
import { recreationFindings } from "./recreation-findings.ts";
import { retiredPfs } from "./retire-pf.ts";
import { sriovFindings } from "./sriov-findings.ts";

export { asVdpa, type Datapath, type SriovDatapath, type VdpaDatapath } from "./datapath.ts";

/**
 * Oldest ConnectX-6 Dx firmware that takes switchdev mode. Other families count their versions apart.
 *
 * @see the seed procedure, Troubleshooting: 22.27.61.06 fails, 22.39.10.02 works
 */
export const FIRMWARE_OF_SWITCHDEV = parseFirmwareVersion("22.39.10.02");
export const CONNECTX6_DX_FAMILY = "22.";

export interface DatapathContext<Wanted extends Datapath = Datapath> {
  readonly host: string;
  readonly datapath: Wanted;
  readonly view: PfView;
  readonly observed: Inventory;
  /** The VFs are destroyed on the way, and their admin MACs with them. */
  readonly recreatesVfs: boolean;
}

type VdpaContext = DatapathContext<VdpaDatapath>;

/** Everything about host and NIC that stands in the way of the datapath, or will hurt it. */
export function datapathFindings(context: {
  readonly host: string;
  readonly datapath: Datapath;
  readonly ports: readonly PfView[];
  readonly observed: Inventory;
}): readonly Finding[] {
  const { host, datapath, ports, observed } = context;
  const bonding = planBonding(observed, asVdpa(datapath)?.bond, ports);
  const ofPorts = ports.flatMap((view) => {
    const { changesMode, recreatesVfs } = workOn(view, datapath, bonding.resets(view));
    return portFindings({
      host,
      datapath,
      view,
      observed,
      recreatesVfs: recreatesVfs || changesMode,
    });
  });
  return unique([...bondFindings(context), ...ofPorts, ...retirementFindings(context)]);
}

/** A port of ours that the datapath leaves is reset, whoever is reached through it by now. */
const retirementFindings = (context: {
  readonly host: string;
  readonly ports: readonly PfView[];
  readonly observed: Inventory;
}): readonly Finding[] =>
  retiredPfs(context.observed, context.ports).flatMap((view) =>
    managementFindings({ host: context.host, view }),
  );

/** Two ports of one host share what is wrong with the host. */
function unique(findings: readonly Finding[]): readonly Finding[] {
  const seen = new Map(findings.map((finding) => [canonicalJson(finding), finding]));
  return [...seen.values()];
}

function portFindings(context: DatapathContext): readonly Finding[] {
  const { datapath } = context;
  return [
    ...managementFindings(context),
    ...vfCountFindings(context),
    ...recreationFindings(context),
    ...(datapath.mode === "vdpa"
      ? vdpaFindings({ ...context, datapath })
      : sriovFindings({ ...context, datapath })),
  ];
}

const vdpaFindings = (context: VdpaContext): readonly Finding[] => [
  ...firmwareFindings(context),
  ...ovsFindings(context),
  ...bridgeFindings(context),
  ...pfAddressFindings(context),
  ...iommuFindings(context),
  ...adminMacFindings(context),
  ...fixedMacFindings(context),
];

function firmwareFindings({ host, view: { nic, pf } }: DatapathContext): readonly Finding[] {
  const { firmware } = nic;
  if (nic.nicProfile !== "mlx5" || firmware === undefined) return [];
  if (pf.eswitchMode === "switchdev" || !firmware.running.startsWith(CONNECTX6_DX_FAMILY))
    return [];
  if (compareFirmware(firmware.running, FIRMWARE_OF_SWITCHDEV) >= 0) return [];
  const psid = nic.psid === undefined ? "" : ` (PSID ${nic.psid})`;
  const isStored = compareFirmware(firmware.stored, FIRMWARE_OF_SWITCHDEV) >= 0;
  return [
    errorFinding("ESWITCH_FIRMWARE_TOO_OLD", {
      message: `${host} cannot enter switchdev mode`,
      found: `firmware ${formatFirmware(firmware.running)} on ${pf.pciAddress}${psid}`,
      needs: `${formatFirmware(FIRMWARE_OF_SWITCHDEV)} or newer`,
      ...(isStored && {
        fix: `Reboot the host: ${formatFirmware(firmware.stored)} is stored and waits for it.`,
      }),
    }),
  ];
}

function managementFindings({
  host,
  view,
}: Pick<DatapathContext, "host" | "view">): readonly Finding[] {
  if (!view.pf.carriesManagement) return [];
  return [
    errorFinding("MANAGEMENT_PATH_AT_RISK", {
      message: `${host} would lose its management path`,
      found: managementText(view),
      needs: "an uplink of its own for VMs",
    }),
  ];
}

function vfCountFindings({ host, datapath, view: { pf } }: DatapathContext): readonly Finding[] {
  if (datapath.vfCount <= pf.totalVfs) return [];
  return [
    errorFinding(pf.totalVfs === 0 ? "SRIOV_UNSUPPORTED" : "VF_COUNT_TOO_LARGE", {
      message: `${host} can't make ${datapath.vfCount} VFs on ${pf.pciAddress}`,
      found: `sriov_totalvfs ${pf.totalVfs} on ${pf.pciAddress}`,
      needs: `${datapath.vfCount} or more`,
    }),
  ];
}

function ovsFindings({ host, observed }: DatapathContext): readonly Finding[] {
  if (observed.ovs !== undefined) return [];
  return [
    errorFinding("OVS_NOT_RUNNING", {
      message: `${host} has no Open vSwitch`,
      found: "no ovs-vsctl on the host",
      needs: "Open vSwitch 2.13 or newer",
      fix: "Install the openvswitch package.",
    }),
  ];
}

function bridgeFindings(context: VdpaContext): readonly Finding[] {
  const { host, datapath, observed } = context;
  const bridge = bridgesOf(observed.ovs).find(({ name }) => name === datapath.bridge.name);
  const notOurs = bridge !== undefined && !bridge.isOurs ? [foreignBridge(host, bridge.name)] : [];
  const elsewhere = linksOfDesired(context.view, datapath.vfCount).flatMap(({ name }) => {
    const place = findPort(observed, name);
    if (place === undefined || place.bridge.isOurs) return [];
    if (place.bridge.name === datapath.bridge.name) return [];
    return [
      errorFinding("BRIDGE_NOT_OURS", {
        message: `${host} has ${name} in a bridge that Switchyard did not make`,
        found: `port ${name} on bridge ${place.bridge.name}`,
        needs: `${name} free for bridge ${datapath.bridge.name}`,
        fix: `ovs-vsctl del-port ${place.bridge.name} ${name}`,
      }),
    ];
  });
  return [...notOurs, ...elsewhere, ...leftBridges(context)];
}

/** Unlike in a teardown they stand in nobody's way: they stay until they are free. */
const leftBridges = ({ host, datapath, observed }: VdpaContext): readonly Finding[] =>
  occupiedBridgeFindings(
    host,
    observed,
    ownBridges(observed).filter(({ name }) => name !== datapath.bridge.name),
  ).map((finding) => ({ ...finding, severity: "warning" }));

const foreignBridge = (host: string, bridge: string): Finding =>
  errorFinding("BRIDGE_NOT_OURS", {
    message: `${host} has a bridge ${bridge} that Switchyard did not make`,
    found: `bridge ${bridge} without external_ids:managed-by=switchyard`,
    needs: "a bridge made by Switchyard, or none of this name",
  });

function pfAddressFindings({ host, view: { pf } }: DatapathContext): readonly Finding[] {
  if (pf.link.addresses.length === 0) return [];
  const [first] = pf.link.addresses;
  return [
    errorFinding("LINT_FAILED", {
      message: `${host} has an address on its uplink PF`,
      found: `${pf.link.addresses.join(", ")} on ${pf.link.netdev}`,
      needs: "no address on the PF: the bridge carries it",
      fix: `ip addr del ${first} dev ${pf.link.netdev}`,
    }),
  ];
}

function iommuFindings({ host, observed }: DatapathContext): readonly Finding[] {
  const fault = iommuFault(observed);
  if (fault === undefined) return [];
  return [
    warningFinding("LINT_FAILED", {
      message: `${host} runs without an IOMMU`,
      found: fault.found.join("; "),
      needs: "IOMMU on, also for vDPA",
      fix: fault.fix,
    }),
  ];
}

/**
 * D14: a VF's admin MAC that differs from its vDPA MAC costs the VM its traffic. Recreating the VFs
 * clears it, so it blocks only a plan that keeps them.
 */
function adminMacFindings(context: VdpaContext): readonly Finding[] {
  const { host, datapath, view, recreatesVfs } = context;
  // MACs of our own SR-IOV mode are right until the VFs go.
  if (recreatesVfs && view.pf.isClaimed) return [];
  return view.pf.vfs.flatMap(({ index, adminMac }) => {
    if (adminMac === undefined) return [];
    const wanted = slotsOn(datapath, view).find(({ vfIndex }) => vfIndex === index)?.mac;
    const isHarmless = recreatesVfs || adminMac === wanted;
    return [
      (isHarmless ? warningFinding : errorFinding)("LINT_FAILED", {
        message: `${host} has an admin MAC on VF ${index} of ${view.pf.pciAddress}`,
        found: `admin MAC ${adminMac}`,
        needs: "none in vDPA mode: the vDPA device has its own (D14)",
        fix: `ip link set ${view.pf.link.netdev} vf ${index} mac 00:00:00:00:00:00, then recreate the VFs`,
      }),
    ];
  });
}

function fixedMacFindings({ host, datapath, view }: VdpaContext): readonly Finding[] {
  const { pf } = view;
  return slotsOn(datapath, view).flatMap(({ vfIndex, mac }) => {
    const coming = pf.fixedVfMacs?.find(({ index }) => index === vfIndex)?.mac;
    const fixed = findVfOf(pf, vfIndex)?.fixedMac ?? coming;
    return fixed === undefined || fixed === mac
      ? []
      : [fixedMacFinding(host, { vf: `VF ${vfIndex} of ${pf.pciAddress}`, fixed, wanted: mac })];
  });
}

export const fixedMacFinding = (
  subject: string,
  macs: { readonly vf: string; readonly fixed: string; readonly wanted: string },
): Finding =>
  errorFinding("VDPA_MAC_FIXED", {
    message: `${subject} can't set the MAC of ${macs.vf}`,
    found: `MAC ${macs.fixed}, fixed by hardware`,
    needs: macs.wanted,
  });
