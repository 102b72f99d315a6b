import type { HostDesired, Inventory, PciAddress } from "@switchyard/model";
import { selectPorts, viewPfs } from "./pf-view.ts";

/** PFs that carry the datapath, both ports of a bond, with the VFs they shall have. */
export function vfCountsOf(
  { datapath }: HostDesired,
  observed: Inventory,
): ReadonlyMap<PciAddress, number> {
  const ports = datapath === undefined ? undefined : selectPorts(viewPfs(observed), datapath);
  const vfCount = datapath?.vfCount ?? 0;
  return new Map((ports ?? []).map(({ pf }) => [pf.pciAddress, vfCount]));
}
