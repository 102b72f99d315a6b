import {
  type DesiredSlot,
  type Inventory,
  type LinkRef,
  type Mgmtdev,
  type Nic,
  type Pf,
  pfsInOrder,
  type UplinkSelector,
  type Vf,
  type VfRef,
  vfPciAddress,
} from "@switchyard/model";
import type { NamedLink } from "../../steps/ovs-steps.ts";
import { asVdpa, type Datapath } from "./datapath.ts";

/** One PF with its places: among all ports of the host, and among those of its NIC. */
export interface PfView {
  readonly nic: Nic;
  readonly pf: Pf;
  /** From 0, in PCI address order over the whole host. */
  readonly port: number;
  /** From 0 within the NIC: the X in `pfXvfY`. */
  readonly pfNumber: number;
}

/** All PFs in the order in which profiles count ports. */
export const viewPfs = (observed: Pick<Inventory, "nics">): readonly PfView[] =>
  pfsInOrder(observed).map(({ nic, pf }, port) => {
    const pfNumber = nic.pfs.filter((other) => other.pciAddress < pf.pciAddress).length;
    return { nic, pf, port, pfNumber };
  });

/** The PF that a profile's selector means; undefined when the host has none such. */
export function selectUplink(
  views: readonly PfView[],
  selector: UplinkSelector,
): PfView | undefined {
  return selector.kind === "port"
    ? views[selector.port]
    : views.find(({ pf }) => pf.pciAddress === selector.pciAddress);
}

/**
 * The ports that carry the datapath, the uplink first; undefined when the host lacks one of them.
 */
export function selectPorts(
  views: readonly PfView[],
  datapath: Datapath,
): readonly [PfView, ...PfView[]] | undefined {
  const uplink = selectUplink(views, datapath.uplink);
  if (uplink === undefined) return undefined;
  const joined = (asVdpa(datapath)?.bond?.ports ?? []).map((port) => selectUplink(views, port));
  const found = joined.filter((view) => view !== undefined);
  return found.length === joined.length ? [uplink, ...found] : undefined;
}

/** The datapath's slots on one of its ports. */
export const slotsOn = (
  { slots }: Pick<Datapath, "slots">,
  { pf }: PfView,
): readonly DesiredSlot[] =>
  slots.filter((slot) => slot.pf === undefined || slot.pf === pf.pciAddress);

export const vfRef = (pf: Pf, index: number): VfRef => ({ pf: pf.pciAddress, index });

export const findVfOf = (pf: Pf, index: number): Vf | undefined =>
  pf.vfs.find((vf) => vf.index === index);

/** The VF's address, or the one it will have once it exists; a placeholder where neither is known. */
export function vfAddress({ pf, pfNumber }: PfView, index: number): string {
  const observed = findVfOf(pf, index)?.pciAddress ?? pf.fixedVfAddresses[index];
  if (observed !== undefined) return observed;
  if (pf.sriov === undefined) return `<VF pf${pfNumber}vf${index}>`;
  return vfPciAddress(pf.pciAddress, { ...pf.sriov, index });
}

/** Handle of what creates the VF's vDPA device, predicted from its address while it is not there. */
export const mgmtdevHandle = (view: PfView, index: number): string =>
  findVfOf(view.pf, index)?.mgmtdev?.handle ?? `pci/${vfAddress(view, index)}`;

/** What can be chosen for vDPA devices of VF `index`: its own word, else a sibling's, as all VFs of a PF are alike. */
export const mgmtdevOf = (pf: Pf, index: number): Mgmtdev | undefined =>
  findVfOf(pf, index)?.mgmtdev ?? pf.vfs.find((vf) => vf.mgmtdev !== undefined)?.mgmtdev;

export const pfLink = ({ pf }: PfView): NamedLink => ({
  ref: { kind: "pf", pf: pf.pciAddress },
  name: pf.link.netdev,
});

/** @param vf the VF as it will be when the link is used; undefined when it is still to be made */
export function representorLink(view: PfView, index: number, vf: Vf | undefined): NamedLink {
  const ref: LinkRef = { kind: "representor", vf: vfRef(view.pf, index) };
  return {
    ref,
    name: vf?.representor?.netdev ?? `<representor pf${view.pfNumber}vf${index}>`,
  };
}

export const netdevLink = (netdev: string): NamedLink => ({
  ref: { kind: "netdev", netdev },
  name: netdev,
});

/** The uplink and the representors of VFs 0 to `vfCount` - 1 as they are named now. */
export const linksOfDesired = (view: PfView, vfCount: number): readonly NamedLink[] => [
  pfLink(view),
  ...Array.from({ length: vfCount }, (_, index) =>
    representorLink(view, index, findVfOf(view.pf, index)),
  ),
];
