import {
  type DatapathSpec,
  type DesiredDatapath,
  type DesiredSlot,
  type Finding,
  type Inventory,
  macFromNumber,
} from "@switchyard/model";
import { errorFinding, warningFinding } from "../findings/finding.ts";
import { type PfView, selectUplink, viewPfs } from "../host/datapath/pf-view.ts";
import { describeSriov, isForVms } from "./describe-sriov.ts";
import { describeVdpa } from "./describe-vdpa.ts";
import type { Description } from "./description.ts";

/** The datapath that the host has: switchdev mode before VFs for VMs, the first port before others. */
export function describeDatapath(host: string, observed: Inventory): Description<DatapathSpec> {
  const views = viewPfs(observed);
  const switched = views.filter(({ pf }) => pf.eswitchMode === "switchdev");
  const passed = views.filter(({ pf }) => pf.eswitchMode === "legacy" && pf.vfs.some(isForVms));
  const [view] = switched;
  if (view !== undefined) {
    const { spec, findings, ports } = describeVdpa(host, observed, view);
    const others = [...switched, ...passed].filter((other) => !ports.includes(other.pf.pciAddress));
    return { spec, findings: [...findings, ...others.map((other) => secondUplink(host, other))] };
  }
  const [first, ...others] = passed;
  if (first === undefined) return { spec: undefined, findings: [noDatapath(host)] };
  const { spec, findings } = describeSriov(host, first);
  return { spec, findings: [...findings, ...others.map((other) => secondUplink(host, other))] };
}

/** A MAC that no device has: VFs without one get theirs from the controller. */
const FREE_MAC = 0x5254_0000_0000;

/** What the controller will make of the description: every VF with the MAC it has. */
export function asFound(spec: DatapathSpec, observed: Inventory): DesiredDatapath {
  const views = viewPfs(observed);
  const selectors = [spec.uplink, ...(spec.mode === "vdpa" ? (spec.bond?.ports ?? []) : [])];
  const ports = selectors.flatMap((selector) => selectUplink(views, selector) ?? []);
  const slots = ports.flatMap((view) => slotsOf(view, spec.vfCount));
  if (spec.mode === "sriov") return { ...spec, slots };
  const { addressRange, ...bridge } = spec.bridge;
  const address = observed.ovs?.bridges.find(({ name }) => name === bridge.name)?.addresses[0];
  return { ...spec, bridge: { ...bridge, address: addressRange && address }, slots };
}

const slotsOf = ({ pf, port }: PfView, vfCount: number): readonly DesiredSlot[] =>
  Array.from({ length: vfCount }, (_, vfIndex) => {
    const vf = pf.vfs.find(({ index }) => index === vfIndex);
    const found = vf?.vdpa?.mac ?? vf?.fixedMac ?? vf?.adminMac;
    const mac = found ?? macFromNumber(FREE_MAC + port * 256 + vfIndex);
    return { pf: pf.pciAddress, vfIndex, mac };
  });

const noDatapath = (host: string): Finding =>
  errorFinding("HOST_NOT_DESCRIBABLE", {
    message: `${host} has no datapath that a profile could describe`,
    found: "no PF in switchdev mode, and none with VFs that a vfio driver holds",
    needs: "a PF in switchdev mode with its uplink in a bridge, or VFs bound to vfio-pci",
  });

const secondUplink = (host: string, { pf }: PfView): Finding =>
  warningFinding("HOST_NOT_DESCRIBABLE", {
    message: `${host} has another PF with a datapath, which the profile leaves out`,
    found: `${pf.pciAddress} in ${pf.eswitchMode} mode with ${pf.vfCount} VFs`,
    needs: "one uplink per profile",
  });
