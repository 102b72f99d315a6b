import { findBridge, type HostDesired, type Inventory } from "@switchyard/model";
import { pairsOf } from "./build-up.ts";
import type { Datapath, SriovDatapath, VdpaDatapath } from "./datapath-findings.ts";
import { driverFields, virtualizationFields } from "./installed-fields.ts";
import {
  findVfOf,
  linksOfDesired,
  mgmtdevOf,
  type PfView,
  selectUplink,
  viewPfs,
} from "./pf-view.ts";
import { eswitchModeOf } from "./port-work.ts";
import { findPort } from "./ports.ts";
import { hasVfioDriver, vfioDriverFor } from "./vfio-driver.ts";

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
  const view = selectUplink(viewPfs(observed), datapath.uplink);
  return view === undefined
    ? [{ field: "uplink", observed: "absent", desired: describeUplink(datapath) }]
    : [
        ...pfFields(view, datapath),
        ...(datapath.mode === "vdpa"
          ? [...slotFields(view, datapath), ...bridgeFields(view, datapath, observed)]
          : vfFields(view, datapath)),
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

function slotFields({ pf }: PfView, datapath: VdpaDatapath): readonly FieldDifference[] {
  return datapath.slots.flatMap(({ vfIndex, mac }) => {
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
  view: PfView,
  datapath: VdpaDatapath,
  observed: Inventory,
): readonly FieldDifference[] {
  const { name, address } = datapath.bridge;
  const bridge = findBridge(observed, name);
  const prefix = `bridge[${name}]`;
  const missing = linksOfDesired(view, datapath.vfCount)
    .map((link) => link.name)
    .filter((netdev) => findPort(observed, netdev)?.bridge.name !== name);
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

const upOrDown = (isUp: boolean): string => (isUp ? "up" : "down");
const presentOrAbsent = (value: unknown): string => (value === undefined ? "absent" : "present");
