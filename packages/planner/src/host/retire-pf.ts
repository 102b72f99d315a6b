import type { Inventory, PciAddress } from "@switchyard/model";
import type { Draft } from "../steps/draft.ts";
import { ensureEswitchMode, ensurePfClaim, ensureVfCount } from "../steps/pf-steps.ts";
import { ensureNoVdpaDevice } from "../steps/vf-steps.ts";
import { type PfView, vfRef, viewPfs } from "./pf-view.ts";
import { linksOf, ownBridges, pluggedPorts } from "./ports.ts";

/** The PF or one of its representors is in a bridge that Switchyard made. */
export function isInOwnBridge(observed: Inventory, view: PfView): boolean {
  const plugged = new Set(
    ownBridges(observed)
      .flatMap(pluggedPorts)
      .map(({ name }) => name),
  );
  return linksOf(view).some(({ name }) => plugged.has(name));
}

/**
 * Whether the PF bears a mark of ours. Taking a PF down ends with its eswitch mode and its claim, so that
 * an interrupted teardown still finds it. SR-IOV in legacy mode without a claim is none of our business, nor
 * is switchdev mode on a PF that is in somebody else's bridge.
 */
export function isOurs(observed: Inventory, view: PfView): boolean {
  if (view.pf.isClaimed) return true;
  if (isInOwnBridge(observed, view)) return true;
  if (isInForeignBridge(observed, view) || view.pf.carriesManagement) return false;
  return view.pf.eswitchMode === "switchdev" || view.pf.vfs.some(({ vdpa }) => vdpa !== undefined);
}

function isInForeignBridge(observed: Inventory, view: PfView): boolean {
  const foreign = (observed.ovs?.bridges ?? []).filter((bridge) => !bridge.isOurs);
  const plugged = new Set(foreign.flatMap(pluggedPorts).map(({ name }) => name));
  return linksOf(view).some(({ name }) => plugged.has(name));
}

/** PFs besides the uplink that still hang in a bridge of ours or are claimed: an earlier profile's. */
export const retiredPfs = (observed: Inventory, uplink: PciAddress): readonly PfView[] =>
  viewPfs(observed).filter(
    (view) => view.pf.pciAddress !== uplink && (view.pf.isClaimed || isInOwnBridge(observed, view)),
  );

export const removeVdpaDevices = ({ pf }: PfView): readonly Draft[] =>
  pf.vfs.flatMap((vf) =>
    vf.vdpa === undefined ? [] : [ensureNoVdpaDevice(vfRef(pf, vf.index), vf.vdpa.name)],
  );

/** Takes the PF back to legacy mode without VFs; its ports must be out of OVS before. */
export function retirePf(view: PfView): readonly Draft[] {
  const { pf } = view;
  return [
    ...removeVdpaDevices(view),
    ...(pf.vfCount > 0 ? [ensureVfCount(pf, { from: pf.vfCount, to: 0 })] : []),
    ...(pf.eswitchMode === "switchdev" ? [ensureEswitchMode(pf, "legacy")] : []),
    ...(pf.isClaimed ? [ensurePfClaim(pf, false)] : []),
  ];
}
