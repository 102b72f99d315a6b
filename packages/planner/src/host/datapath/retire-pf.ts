import type { Inventory } from "@switchyard/model";
import type { Draft } from "../../steps/draft.ts";
import { ensureEswitchMode, ensurePfClaim, ensureVfCount } from "../../steps/pf-steps.ts";
import { ensureNoVdpaDevice } from "../../steps/vf-steps.ts";
import { ownBondOf } from "./bonds.ts";
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
  if (view.pf.isClaimed || ownBondOf(observed, view) !== undefined) return true;
  if (isInOwnBridge(observed, view)) return true;
  if (isInForeignBridge(observed, view) || view.pf.carriesManagement) return false;
  return view.pf.eswitchMode === "switchdev" || view.pf.vfs.some(({ vdpa }) => vdpa !== undefined);
}

function isInForeignBridge(observed: Inventory, view: PfView): boolean {
  const foreign = (observed.ovs?.bridges ?? []).filter((bridge) => !bridge.isOurs);
  const plugged = new Set(foreign.flatMap(pluggedPorts).map(({ name }) => name));
  return linksOf(view).some(({ name }) => plugged.has(name));
}

/** PFs besides the ports that bear a mark of an earlier profile's: in a bridge or bond of ours, or claimed. */
export const retiredPfs = (observed: Inventory, ports: readonly PfView[]): readonly PfView[] =>
  viewPfs(observed).filter(
    (view) =>
      !ports.some(({ pf }) => pf.pciAddress === view.pf.pciAddress) &&
      (view.pf.isClaimed ||
        isInOwnBridge(observed, view) ||
        ownBondOf(observed, view) !== undefined),
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
