import type { AllocatedNic, Inventory, MacAddress, ObservedVm, Vf } from "@switchyard/model";
import { isLive, usesVf } from "../host/affected-vms.ts";
import { pairsOf } from "../host/datapath/build-up.ts";
import {
  findVfOf,
  mgmtdevHandle,
  mgmtdevOf,
  type PfView,
  viewPfs,
} from "../host/datapath/pf-view.ts";
import { namesOnVfs, vdpaDeviceName } from "../host/datapath/vdpa-name.ts";
import type { Draft } from "../steps/draft.ts";
import { ensureVdpaDevice } from "../steps/vf-steps.ts";

/** The VF that a NIC took, as it was observed. */
export interface NicSlot {
  readonly nic: AllocatedNic;
  readonly view: PfView;
  readonly vf: Vf;
}

export function findSlot(observed: Inventory, nic: AllocatedNic): NicSlot | undefined {
  const view = viewPfs(observed).find(({ pf }) => pf.pciAddress === nic.pf);
  const vf = view === undefined ? undefined : findVfOf(view.pf, nic.vfIndex);
  return view === undefined || vf === undefined ? undefined : { nic, view, vf };
}

/** A live VM other than `vm` that has the VF, by its vDPA device or by vfio. */
export const findHolder = (observed: Inventory, vf: Vf, vm: string): ObservedVm | undefined =>
  observed.vms.find((other) => other.vm !== vm && isLive(other) && usesVf(other, vf));

/** Whether the slot's MAC is the hardware's own and can only be compared. */
export const hasFixedMac = ({ nic, view, vf }: NicSlot): boolean =>
  vf.fixedMac !== undefined ||
  (nic.kind === "vdpa" && mgmtdevOf(view.pf, vf.index)?.canSetMac === false);

/** The step that gives the slot's device the MAC, unless it has it; queue pairs stay as they are. */
export function vdpaMacSteps(
  observed: Inventory,
  slot: NicSlot,
  mac: MacAddress,
): readonly Draft[] {
  const { view, vf } = slot;
  const existing = vf.vdpa;
  const canSetMac = !hasFixedMac(slot);
  if (existing !== undefined && (!canSetMac || existing.mac === mac)) return [];
  const place = { view, index: vf.index };
  const wanted = {
    vf: { pf: view.pf.pciAddress, index: vf.index },
    name: existing?.name ?? vdpaDeviceName(namesOnVfs(observed), place),
    mac,
    maxVqp: queuePairsToKeep(slot),
    canSetMac,
  };
  return [ensureVdpaDevice(wanted, { mgmtdev: mgmtdevHandle(view, vf.index), existing })];
}

/**
 * A VM does not know its host's profile. The device keeps the pairs it has; one that an interrupted job
 * left deleted takes those of a sibling, which the same profile made, and the most there is without one.
 */
function queuePairsToKeep({ view, vf }: NicSlot): number | undefined {
  const mgmtdev = mgmtdevOf(view.pf, vf.index);
  if (mgmtdev?.canSetMaxVqp !== true) return undefined;
  const model = vf.vdpa ?? view.pf.vfs.find((sibling) => sibling.vdpa !== undefined)?.vdpa;
  return model === undefined ? mgmtdev.maxVqp : pairsOf(model);
}
