import {
  type Bond,
  type BondMode,
  type BondSpec,
  type Bridge,
  cidrAddress,
  cidrPrefixLength,
  type Finding,
  type Inventory,
  type Ipv4Range,
  type PciAddress,
  type VdpaDatapathSpec,
} from "@switchyard/model";
import { errorFinding, warningFinding } from "../findings/finding.ts";
import { pairsOf } from "../host/datapath/build-up.ts";
import { type PfView, viewPfs } from "../host/datapath/pf-view.ts";
import { bridgesOf, linksOf, representorsOf } from "../host/datapath/ports.ts";

/** The datapath, and the ports that it is on. */
export interface VdpaDescription {
  readonly spec: VdpaDatapathSpec | undefined;
  readonly findings: readonly Finding[];
  readonly ports: readonly PciAddress[];
}

/** What leads from the bridge to the wire: the port alone, or a bond and all its ports. */
interface Uplink {
  readonly netdev: string;
  readonly ports: readonly [PfView, ...PfView[]];
  readonly bond: BondSpec | undefined;
}

export function describeVdpa(host: string, observed: Inventory, view: PfView): VdpaDescription {
  const bond = observed.bonds?.find(({ ports }) => ports.includes(view.pf.link.netdev));
  const uplink = bond === undefined ? alone(view) : joined(observed, view, bond);
  if (uplink === undefined) return refused(view, bondUnfit(host, bond));
  const bridge = bridgesOf(observed.ovs).find(({ ports }) =>
    ports.some(({ name }) => name === uplink.netdev),
  );
  const ports = uplink.ports.map(({ pf }) => pf.pciAddress);
  if (bridge === undefined) return refused(view, uplinkUnplugged(host, view, uplink));
  return {
    spec: specOf(uplink, bridge, observed),
    findings: [
      ...unevenCounts(host, uplink),
      ...unevenPairs(host, uplink),
      ...missingPorts(host, uplink, bridge),
      ...severalAddresses(host, bridge),
    ],
    ports,
  };
}

const refused = ({ pf }: PfView, finding: Finding): VdpaDescription => ({
  spec: undefined,
  findings: [finding],
  ports: [pf.pciAddress],
});

const alone = (view: PfView): Uplink => ({
  netdev: view.pf.link.netdev,
  ports: [view],
  bond: undefined,
});

const BOND_MODES: readonly string[] = [
  "active-backup",
  "802.3ad",
  "balance-xor",
] satisfies readonly BondMode[];

/** Bonds that others made are not adopted: undoing one would take their port away. */
function joined(observed: Inventory, view: PfView, bond: Bond): Uplink | undefined {
  if (!bond.isOurs || !BOND_MODES.includes(bond.mode)) return undefined;
  const others = viewPfs(observed).filter(
    ({ pf }) => pf.pciAddress !== view.pf.pciAddress && bond.ports.includes(pf.link.netdev),
  );
  const spec: BondSpec = {
    name: bond.name,
    mode: bond.mode as BondMode, // just looked up
    ports: others.map(({ port }) => ({ kind: "port", port })),
  };
  return { netdev: bond.name, ports: [view, ...others], bond: spec };
}

const pairsOfDevices = ({ ports }: Uplink): readonly number[] =>
  ports.flatMap(({ pf }) =>
    pf.vfs.flatMap(({ vdpa }) => (vdpa === undefined ? [] : [pairsOf(vdpa)])),
  );

function specOf(uplink: Uplink, bridge: Bridge, observed: Inventory): VdpaDatapathSpec {
  const [{ pf, port }] = uplink.ports;
  return {
    mode: "vdpa",
    uplink: { kind: "port", port },
    vfCount: pf.vfCount,
    maxVqp: Math.max(1, ...pairsOfDevices(uplink)),
    bridge: {
      name: bridge.name,
      addressRange: rangeOf(bridge),
      ...(!bridge.isOurs && { isAdopted: true }),
    },
    hwOffload: observed.ovs?.hwOffload ?? false,
    ...(uplink.bond !== undefined && { bond: uplink.bond }),
  };
}

/** A range of the one address the bridge has: other hosts of the profile need a wider one. */
function rangeOf(bridge: Bridge): Ipv4Range | undefined {
  const [address] = bridge.addresses;
  if (address === undefined) return undefined;
  const first = cidrAddress(address);
  return { first, last: first, prefixLength: cidrPrefixLength(address) };
}

const uplinkUnplugged = (host: string, { pf }: PfView, { netdev }: Uplink): Finding =>
  errorFinding("HOST_NOT_DESCRIBABLE", {
    message: `${host} has its uplink ${netdev} in no bridge`,
    found: `${pf.pciAddress} in switchdev mode, ${netdev} in no bridge`,
    needs: "the uplink in the bridge of its representors, as vDPA between hosts needs it",
    fix: `ovs-vsctl add-port BRIDGE ${netdev}`,
  });

const bondUnfit = (host: string, bond: Bond | undefined): Finding =>
  errorFinding("HOST_NOT_DESCRIBABLE", {
    message: `${host} has its uplink in bond ${bond?.name}, which Switchyard does not take over`,
    found: `bond ${bond?.name}, mode ${bond?.mode}, ${bond?.isOurs ? "made by Switchyard" : "made by others"}`,
    needs: `a bond that Switchyard made, in mode ${BOND_MODES.join(" or ")}, or none`,
  });

const remark = (text: Parameters<typeof warningFinding>[1]): readonly Finding[] => [
  warningFinding("HOST_NOT_DESCRIBABLE", text),
];

function unevenCounts(host: string, { ports }: Uplink): readonly Finding[] {
  const counts = ports.map(({ pf }) => pf.vfCount);
  if (new Set(counts).size <= 1) return [];
  return remark({
    message: `${host} has different numbers of VFs on the ports of its bond`,
    found: ports.map(({ pf }) => `${pf.pciAddress} ${pf.vfCount}`).join(", "),
    needs: "one number for all; the plan makes the others anew",
  });
}

function unevenPairs(host: string, uplink: Uplink): readonly Finding[] {
  const counts = [...new Set(pairsOfDevices(uplink))];
  if (counts.length <= 1) return [];
  return remark({
    message: `${host} has vDPA devices with different numbers of queue pairs`,
    found: counts.join(", "),
    needs: "one max_vqp for all; the plan makes the others anew",
  });
}

function missingPorts(host: string, { ports, bond }: Uplink, bridge: Bridge): readonly Finding[] {
  const plugged = new Set(bridge.ports.map(({ name }) => name));
  const links = ports.flatMap(bond === undefined ? linksOf : representorsOf);
  const missing = links.filter(({ name }) => !plugged.has(name));
  if (missing.length === 0) return [];
  return remark({
    message: `${host} has representors outside ${bridge.name}; the plan adds them`,
    found: missing.map(({ name }) => name).join(", "),
    needs: "every representor in the bridge",
  });
}

function severalAddresses(host: string, bridge: Bridge): readonly Finding[] {
  if (bridge.addresses.length <= 1) return [];
  return remark({
    message: `${host} has several addresses on ${bridge.name}; the profile keeps the first`,
    found: bridge.addresses.join(", "),
    needs: "one address per bridge",
  });
}
