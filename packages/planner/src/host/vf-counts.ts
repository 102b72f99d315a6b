import type { HostDesired, Inventory, PciAddress } from "@switchyard/model";
import { selectUplink, viewPfs } from "./pf-view.ts";

/** PFs that carry the datapath, with the VFs they shall have; none without a datapath. */
export function vfCountsOf(
  { datapath }: HostDesired,
  observed: Inventory,
): ReadonlyMap<PciAddress, number> {
  if (datapath === undefined) return new Map();
  const view = selectUplink(viewPfs(observed), datapath.uplink);
  return new Map(view === undefined ? [] : [[view.pf.pciAddress, datapath.vfCount]]);
}
