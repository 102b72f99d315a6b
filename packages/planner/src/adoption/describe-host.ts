import {
  type Bridge,
  cidrAddress,
  cidrPrefixLength,
  type DatapathSpec,
  type Finding,
  type HostProfileSpec,
  type Inventory,
  type Ipv4Range,
  type LabelSelector,
} from "@switchyard/model";
import { errorFinding, warningFinding } from "../findings/finding.ts";
import { pairsOf } from "../host/datapath/build-up.ts";
import { type PfView, viewPfs } from "../host/datapath/pf-view.ts";
import { bridgesOf, linksOf } from "../host/datapath/ports.ts";

/** A profile written from a host, and what of the host it can't express. */
export interface HostDescription {
  /** Undefined when the host has no datapath that a profile could describe. */
  readonly spec: HostProfileSpec | undefined;
  readonly findings: readonly Finding[];
}

/**
 * The profile of a host that is set up already, by hand or by Switchyard: once it is a profile, the host's
 * plan is empty, unless a finding says why not.
 *
 * @param selector labels that the profile shall match
 */
export function describeHost(
  host: string,
  selector: LabelSelector,
  observed: Inventory,
): HostDescription {
  const views = viewPfs(observed).filter(({ pf }) => pf.eswitchMode === "switchdev");
  const [view, ...others] = views;
  if (view === undefined) return { spec: undefined, findings: [noDatapath(host)] };
  const bridge = bridgesOf(observed.ovs).find(({ ports }) =>
    ports.some(({ name }) => name === view.pf.link.netdev),
  );
  if (bridge === undefined) return { spec: undefined, findings: [uplinkUnplugged(host, view)] };
  return {
    spec: { selector, datapath: describeDatapath(view, bridge, observed) },
    findings: [
      ...others.map((other) => secondUplink(host, other)),
      ...unevenPairs(host, view),
      ...missingPorts(host, view, bridge),
      ...severalAddresses(host, bridge),
    ],
  };
}

const pairsOfDevices = ({ pf }: PfView): readonly number[] =>
  pf.vfs.flatMap(({ vdpa }) => (vdpa === undefined ? [] : [pairsOf(vdpa)]));

function describeDatapath(view: PfView, bridge: Bridge, observed: Inventory): DatapathSpec {
  const { pf, port } = view;
  return {
    mode: "vdpa",
    uplink: { kind: "port", port },
    vfCount: pf.vfCount,
    maxVqp: Math.max(1, ...pairsOfDevices(view)),
    bridge: {
      name: bridge.name,
      addressRange: rangeOf(bridge),
      ...(!bridge.isOurs && { isAdopted: true }),
    },
    hwOffload: observed.ovs?.hwOffload ?? false,
  };
}

/** A range of the one address the bridge has: other hosts of the profile need a wider one. */
function rangeOf(bridge: Bridge): Ipv4Range | undefined {
  const [address] = bridge.addresses;
  if (address === undefined) return undefined;
  const first = cidrAddress(address);
  return { first, last: first, prefixLength: cidrPrefixLength(address) };
}

const noDatapath = (host: string): Finding =>
  errorFinding("HOST_NOT_DESCRIBABLE", {
    message: `${host} has no datapath that a profile could describe`,
    found: "no PF in switchdev mode",
    needs: "a PF in switchdev mode with its uplink in a bridge",
  });

const uplinkUnplugged = (host: string, { pf }: PfView): Finding =>
  errorFinding("HOST_NOT_DESCRIBABLE", {
    message: `${host} has its uplink ${pf.link.netdev} in no bridge`,
    found: `${pf.pciAddress} in switchdev mode, ${pf.link.netdev} in no bridge`,
    needs: "the PF in the bridge of its representors, as vDPA between hosts needs it",
    fix: `ovs-vsctl add-port BRIDGE ${pf.link.netdev}`,
  });

const secondUplink = (host: string, { pf }: PfView): Finding =>
  warningFinding("HOST_NOT_DESCRIBABLE", {
    message: `${host} has another PF in switchdev mode, which the profile leaves out`,
    found: `${pf.pciAddress} with ${pf.vfCount} VFs`,
    needs: "one uplink per profile",
  });

function unevenPairs(host: string, view: PfView): readonly Finding[] {
  const counts = [...new Set(pairsOfDevices(view))];
  if (counts.length <= 1) return [];
  return [
    warningFinding("HOST_NOT_DESCRIBABLE", {
      message: `${host} has vDPA devices with different numbers of queue pairs`,
      found: counts.join(", "),
      needs: "one max_vqp for all; the plan makes the others anew",
    }),
  ];
}

function missingPorts(host: string, view: PfView, bridge: Bridge): readonly Finding[] {
  const plugged = new Set(bridge.ports.map(({ name }) => name));
  const missing = linksOf(view).filter(({ name }) => !plugged.has(name));
  if (missing.length === 0) return [];
  return [
    warningFinding("HOST_NOT_DESCRIBABLE", {
      message: `${host} has representors outside ${bridge.name}; the plan adds them`,
      found: missing.map(({ name }) => name).join(", "),
      needs: "every representor in the bridge",
    }),
  ];
}

function severalAddresses(host: string, bridge: Bridge): readonly Finding[] {
  if (bridge.addresses.length <= 1) return [];
  return [
    warningFinding("HOST_NOT_DESCRIBABLE", {
      message: `${host} has several addresses on ${bridge.name}; the profile keeps the first`,
      found: bridge.addresses.join(", "),
      needs: "one address per bridge",
    }),
  ];
}
