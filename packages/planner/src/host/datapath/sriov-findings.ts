import type { Finding, Vf } from "@switchyard/model";
import { errorFinding, warningFinding } from "../../findings/finding.ts";
import { iommuFault } from "../../preflight/iommu-fault.ts";
import type { DatapathContext, SriovDatapath } from "./datapath-findings.ts";
import { occupiedBridgeFindings } from "./occupied-bridges.ts";
import { changesMode } from "./port-work.ts";
import { findPort, linksOf, ownBridges } from "./ports.ts";
import { vfioDriverFor } from "./vfio-driver.ts";

type Context = DatapathContext<SriovDatapath>;

/** What stands in the way of VFs for VMs, or will hurt them. */
export const sriovFindings = (context: Context): readonly Finding[] => [
  ...driverFindings(context),
  ...iommuFindings(context),
  ...groupFindings(context),
  ...stoppedOvsFindings(context),
  ...foreignBridgeFindings(context),
  ...leftBridges(context),
];

function driverFindings({ host, datapath, view: { nic, pf } }: Context): readonly Finding[] {
  if (vfioDriverFor(nic, datapath.vfDriver) !== undefined) return [];
  return [
    errorFinding("MODULE_MISSING", {
      message: `${host} has no driver that gives VFs of ${pf.pciAddress} to VMs`,
      found: `vfio drivers: ${nic.vfioDrivers?.join(", ") || "none"}`,
      needs: datapath.vfDriver === "auto" ? "vfio-pci or mlx5_vfio_pci" : datapath.vfDriver,
    }),
  ];
}

function iommuFindings({ host, observed }: Context): readonly Finding[] {
  const fault = iommuFault(observed);
  if (fault === undefined) return [];
  return [
    errorFinding("IOMMU_GROUP_UNUSABLE", {
      message: `${host} runs without an IOMMU`,
      found: fault.found.join("; "),
      needs: "IOMMU on: vfio refuses VFs without a group",
      fix: fault.fix,
    }),
  ];
}

/** A VM gets whole groups: one that holds another function blocks, one of our VFs only couples VMs. */
function groupFindings({ host, view: { pf }, recreatesVfs }: Context): readonly Finding[] {
  if (recreatesVfs) return [];
  const ownVfs = new Set<string>(pf.vfs.map(({ pciAddress }) => pciAddress));
  return pf.vfs.flatMap((vf) => {
    const peers = vf.iommuGroupPeers ?? [];
    if (peers.length === 0) return [];
    const isOwn = peers.every((peer) => ownVfs.has(peer));
    return [(isOwn ? warningFinding : errorFinding)("IOMMU_GROUP_UNUSABLE", shared(host, vf))];
  });
}

const shared = (host: string, vf: Vf) => ({
  message: `${host} can't give VF ${vf.pciAddress} to a VM by itself`,
  found: `IOMMU group ${vf.iommuGroup} also holds ${vf.iommuGroupPeers?.join(", ")}`,
  needs: "a group of its own",
});

/** Ports that can't be seen may have TC rules on the card, which make the eswitch busy (C04). */
function stoppedOvsFindings({ host, datapath, view, observed }: Context): readonly Finding[] {
  if (observed.ovs?.isRunning !== false || !changesMode(view, datapath)) return [];
  return [
    errorFinding("OVS_NOT_RUNNING", {
      message: `${host} can't leave switchdev mode while Open vSwitch is stopped`,
      found: "Open vSwitch does not answer",
      needs: "a running Open vSwitch, so that its bridges are seen",
    }),
  ];
}

function foreignBridgeFindings(context: Context): readonly Finding[] {
  const { host, datapath, view, observed } = context;
  if (!changesMode(view, datapath)) return [];
  return linksOf(view).flatMap(({ name }) => {
    const place = findPort(observed, name);
    if (place === undefined || place.bridge.isOurs) return [];
    return [
      errorFinding("BRIDGE_NOT_OURS", {
        message: `${host} has ${name} in a bridge that Switchyard did not make`,
        found: `port ${name} on bridge ${place.bridge.name}`,
        needs: `${name} out of Open vSwitch before the mode changes`,
        fix: `ovs-vsctl del-port ${place.bridge.name} ${name}`,
      }),
    ];
  });
}

/** They stand in nobody's way: they stay until they are free. */
const leftBridges = ({ host, observed }: Context): readonly Finding[] =>
  occupiedBridgeFindings(host, observed, ownBridges(observed)).map((finding) => ({
    ...finding,
    severity: "warning",
  }));
