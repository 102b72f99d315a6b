import { findBridge, type HostDesired, type Inventory } from "@switchyard/model";
import { findBond } from "../datapath/bonds.ts";
import { pairsOf } from "../datapath/build-up.ts";
import type { Datapath, SriovDatapath, VdpaDatapath } from "../datapath/datapath-findings.ts";
import {
  findVfOf,
  linksOfDesired,
  mgmtdevOf,
  type PfView,
  selectPorts,
  slotsOn,
  viewPfs,
} from "../datapath/pf-view.ts";
import { eswitchModeOf } from "../datapath/port-work.ts";
import { findPort, foreignPorts, ownBridges } from "../datapath/ports.ts";
import { hasOwnHwOffload } from "../datapath/tear-down.ts";
import { hasVfioDriver, vfioDriverFor } from "../datapath/vfio-driver.ts";
import { biosFields, nicModeFields } from "./diff-bios.ts";
import { systemFields } from "./diff-system.ts";
import { firmwareFields } from "./firmware-fields.ts";
import { driverFields, virtualizationFields } from "./installed-fields.ts";

/** One field in which a host is not as it shall be. */
export interface FieldDifference {
  /** Such as `pf[0000:82:00.0].eswitch_mode`. */
  readonly field: string;
  readonly observed: string;
  readonly desired: string;
}

/**
 * Desired against observed, field by field, for people; empty when there is nothing to do. What leads
 * from one to the other is the plan's business.
 */
export function diffHost(desired: HostDesired, observed: Inventory): readonly FieldDifference[] {
  const installed = [
    ...biosFields(desired, observed),
    ...nicModeFields(desired, observed),
    ...firmwareFields(desired, observed),
    ...systemFields(desired, observed),
    ...driverFields(desired, observed),
    ...virtualizationFields(desired, observed),
  ];
  return [...installed, ...datapathFields(desired, observed)].filter(
    (field) => field.observed !== field.desired,
  );
}

function datapathFields(
  { datapath }: HostDesired,
  observed: Inventory,
): readonly FieldDifference[] {
  if (datapath === undefined) return [];
  const ports = selectPorts(viewPfs(observed), datapath);
  return ports === undefined
    ? [{ field: "uplink", observed: "absent", desired: describeUplink(datapath) }]
    : portFields(ports, datapath, observed);
}

function portFields(
  ports: readonly [PfView, ...PfView[]],
  datapath: Datapath,
  observed: Inventory,
): readonly FieldDifference[] {
  const ofPfs = ports.flatMap((view) => pfFields(view, datapath));
  const { name } = datapath.mode === "vdpa" ? datapath.bridge : { name: undefined };
  const surplus = bridgesLeft(observed, name);
  if (datapath.mode === "sriov") {
    return [...ofPfs, ...vfFields(ports[0], datapath), ...surplus, ...offloadLeft(observed)];
  }
  return [
    ...ofPfs,
    ...ports.flatMap((view) => slotFields(view, datapath)),
    ...bondFields(ports, datapath, observed),
    ...bridgeFields(ports, datapath, observed),
    ...ports.flatMap(representorFields),
    ...surplus,
  ];
}

/** Bridges of ours that the plan deletes. */
const bridgesLeft = (observed: Inventory, wanted: string | undefined): readonly FieldDifference[] =>
  ownBridges(observed)
    .filter((bridge) => bridge.name !== wanted && foreignPorts(observed, bridge).length === 0)
    .map(({ name }) => ({ field: `bridge[${name}]`, observed: "present", desired: "absent" }));

const offloadLeft = (observed: Inventory): readonly FieldDifference[] =>
  hasOwnHwOffload(observed)
    ? [{ field: "ovs.hw_offload", observed: "true", desired: "false" }]
    : [];

/** A representor that is down keeps its VF from the bridge. */
const representorFields = ({ pf }: PfView): readonly FieldDifference[] =>
  pf.vfs.flatMap(({ index, representor }) =>
    representor === undefined
      ? []
      : [
          {
            field: `pf[${pf.pciAddress}].vf[${index}].representor`,
            observed: upOrDown(representor.isUp),
            desired: "up",
          },
        ],
  );

function bondFields(
  ports: readonly PfView[],
  { bond }: VdpaDatapath,
  observed: Inventory,
): readonly FieldDifference[] {
  if (bond === undefined) return [];
  const found = findBond(observed, bond.name);
  const prefix = `bond[${bond.name}]`;
  const names = ports.map(({ pf }) => pf.link.netdev).sort();
  return [
    { field: `${prefix}.mode`, observed: found?.mode ?? "absent", desired: bond.mode },
    {
      field: `${prefix}.ports`,
      observed: found === undefined ? "absent" : [...found.ports].sort().join(", "),
      desired: names.join(", "),
    },
    { field: `${prefix}.link`, observed: upOrDown(found?.isUp ?? false), desired: "up" },
  ];
}

const describeUplink = ({ uplink }: Datapath): string =>
  uplink.kind === "port" ? `port ${uplink.port}` : uplink.pciAddress;

function pfFields({ pf }: PfView, datapath: Datapath): readonly FieldDifference[] {
  const prefix = `pf[${pf.pciAddress}]`;
  return [
    { field: `${prefix}.eswitch_mode`, observed: pf.eswitchMode, desired: eswitchModeOf(datapath) },
    {
      field: `${prefix}.vf_count`,
      observed: String(pf.vfCount),
      desired: String(datapath.vfCount),
    },
    { field: `${prefix}.link`, observed: upOrDown(pf.link.isUp), desired: "up" },
  ];
}

function vfFields({ pf, nic }: PfView, datapath: SriovDatapath): readonly FieldDifference[] {
  const driver = vfioDriverFor(nic, datapath.vfDriver) ?? "vfio-pci";
  const drivers = Array.from({ length: datapath.vfCount }, (_, index) => {
    const vf = findVfOf(pf, index);
    const observed = vf?.driver ?? "none";
    const isRight = vf !== undefined && hasVfioDriver(vf, datapath.vfDriver);
    const field = `pf[${pf.pciAddress}].vf[${index}].driver`;
    return { field, observed, desired: isRight ? observed : driver };
  });
  const macs = datapath.slots.map(({ vfIndex, mac }) => ({
    field: `pf[${pf.pciAddress}].vf[${vfIndex}].mac`,
    observed: findVfOf(pf, vfIndex)?.fixedMac ?? findVfOf(pf, vfIndex)?.adminMac ?? "none",
    desired: mac,
  }));
  return [...drivers, ...macs];
}

function slotFields(view: PfView, datapath: VdpaDatapath): readonly FieldDifference[] {
  const { pf } = view;
  return slotsOn(datapath, view).flatMap(({ vfIndex, mac }) => {
    const prefix = `pf[${pf.pciAddress}].vf[${vfIndex}].vdpa`;
    const device = findVfOf(pf, vfIndex)?.vdpa;
    const mgmtdev = mgmtdevOf(pf, vfIndex);
    const pairs = Math.min(datapath.maxVqp, mgmtdev?.maxVqp ?? datapath.maxVqp);
    const macField = { field: `${prefix}.mac`, observed: device?.mac ?? "none", desired: mac };
    if (mgmtdev?.canSetMaxVqp === false) return [macField];
    const observedPairs = device === undefined ? "none" : String(pairsOf(device));
    return [
      macField,
      { field: `${prefix}.max_vqp`, observed: observedPairs, desired: String(pairs) },
    ];
  });
}

function bridgeFields(
  ports: readonly PfView[],
  datapath: VdpaDatapath,
  observed: Inventory,
): readonly FieldDifference[] {
  const { name, address } = datapath.bridge;
  const bridge = findBridge(observed, name);
  const prefix = `bridge[${name}]`;
  const missing = portNames(ports, datapath).filter(
    (netdev) => findPort(observed, netdev)?.bridge.name !== name,
  );
  const has = address !== undefined && bridge?.addresses.includes(address);
  return [
    { field: prefix, observed: presentOrAbsent(bridge), desired: "present" },
    ...missing.map((netdev) => ({
      field: `${prefix}.port[${netdev}]`,
      observed: "absent",
      desired: "present",
    })),
    { field: `${prefix}.link`, observed: upOrDown(bridge?.isUp ?? false), desired: "up" },
    ...(address === undefined || has
      ? []
      : [
          {
            field: `${prefix}.address`,
            observed: bridge?.addresses.join(", ") || "none",
            desired: address,
          },
        ]),
    {
      field: "ovs.hw_offload",
      observed: String(observed.ovs?.hwOffload ?? false),
      desired: String(datapath.hwOffload),
    },
  ];
}

/** Netdevs that the bridge shall have: the uplink or the bond, and the representors. */
function portNames(ports: readonly PfView[], { bond, vfCount }: VdpaDatapath): readonly string[] {
  const links = ports.flatMap((view) => linksOfDesired(view, vfCount)).map(({ name }) => name);
  if (bond === undefined) return links;
  const joined = ports.map(({ pf }) => pf.link.netdev);
  return [bond.name, ...links.filter((name) => !joined.includes(name))];
}

const upOrDown = (isUp: boolean): string => (isUp ? "up" : "down");
const presentOrAbsent = (value: unknown): string => (value === undefined ? "absent" : "present");
