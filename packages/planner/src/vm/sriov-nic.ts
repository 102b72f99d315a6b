import type { Finding, Inventory, MacAddress, Vf } from "@switchyard/model";
import { errorFinding } from "../findings/finding.ts";
import { isLive, usesVf } from "../host/affected-vms.ts";
import { pfLink, vfRef, viewPfs } from "../host/datapath/pf-view.ts";
import { hasVfioDriver } from "../host/datapath/vfio-driver.ts";
import { iommuFault } from "../preflight/iommu-fault.ts";
import type { Draft } from "../steps/draft.ts";
import { ensureLinkUp } from "../steps/ovs-steps.ts";
import { ensureVfAdminMac } from "../steps/vf-steps.ts";
import { hasFixedMac, type NicSlot } from "./slot.ts";

/** The step that sets a VF's MAC through its PF, unless it has it: the guest's driver finds it there. */
export function vfMacSteps(slot: NicSlot, mac: MacAddress): readonly Draft[] {
  const { view, vf } = slot;
  if (hasFixedMac(slot) || vf.adminMac === mac) return [];
  return [ensureVfAdminMac(vfRef(view.pf, vf.index), mac, view.pf.link.netdev)];
}

/** In legacy mode a VF has the link of its PF, which is down while the PF is. */
export const pfLinkSteps = (slots: readonly NicSlot[]): readonly Draft[] => {
  const down = slots.map(({ view }) => view).filter(({ pf }) => !pf.link.isUp);
  const views = new Map(down.map((view) => [view.pf.pciAddress, view]));
  return [...views.values()].map((view) => ensureLinkUp(pfLink(view)));
};

/** Why vfio would not give the VF to the VM. */
export const vfioFindings = (
  vm: string,
  slot: NicSlot,
  observed: Inventory,
): readonly Finding[] => [
  ...driverFindings(vm, slot),
  ...iommuFindings(vm, observed),
  ...groupFindings(vm, slot, observed),
];

function driverFindings(vm: string, { vf }: NicSlot): readonly Finding[] {
  if (hasVfioDriver(vf, "auto")) return [];
  return [
    errorFinding("VF_NOT_FOR_VMS", {
      message: `${vm} can't have VF ${vf.pciAddress}`,
      found: vf.driver === undefined ? "no driver" : `driver ${vf.driver}`,
      needs: "vfio-pci or mlx5_vfio_pci, as a profile in mode sriov binds it",
      fix: "swy host set-mode HOST --mode sriov",
    }),
  ];
}

function iommuFindings(vm: string, observed: Inventory): readonly Finding[] {
  const fault = iommuFault(observed);
  if (fault === undefined) return [];
  return [
    errorFinding("IOMMU_GROUP_UNUSABLE", {
      message: `${vm} can't be given a VF`,
      found: fault.found.join("; "),
      needs: "IOMMU on: vfio refuses VFs without a group",
      fix: fault.fix,
    }),
  ];
}

/**
 * A group is viable while vfio or nobody has each of its functions, and one process has it whole.
 *
 * @see torvalds/linux drivers/vfio/group.c; qemu/qemu hw/vfio/container.c, "group %d is not viable"
 */
function groupFindings(vm: string, { vf }: NicSlot, observed: Inventory): readonly Finding[] {
  const peers = vf.iommuGroupPeers ?? [];
  const bad = peers.filter((peer) => !isViablePeer(vm, findFunction(observed, peer), observed));
  if (bad.length === 0) return [];
  return [
    errorFinding("IOMMU_GROUP_UNUSABLE", {
      message: `${vm} can't have VF ${vf.pciAddress} by itself`,
      found: `IOMMU group ${vf.iommuGroup} also holds ${bad.join(", ")}`,
      needs: "a group of its own, or one whose other functions vfio has and no other VM",
    }),
  ];
}

function isViablePeer(vm: string, peer: Vf | undefined, observed: Inventory): boolean {
  if (peer === undefined || !hasVfioDriver(peer, "auto")) return false;
  return !observed.vms.some((other) => other.vm !== vm && isLive(other) && usesVf(other, peer));
}

const findFunction = (observed: Inventory, address: string): Vf | undefined =>
  viewPfs(observed)
    .map(({ pf }) => pf.vfs.find(({ pciAddress }) => pciAddress === address))
    .find((vf) => vf !== undefined);
