import type { HostDesired, Inventory } from "@switchyard/model";

/**
 * The inventory with the bridge that the datapath adopts counted as ours, so that a host set up by hand is
 * planned like any other. No mark is left on the host: without the datapath the bridge is its maker's again.
 */
export function withAdoptedBridge(
  observed: Inventory,
  datapath: HostDesired["datapath"],
): Inventory {
  const { ovs } = observed;
  if (ovs === undefined || datapath?.mode !== "vdpa") return observed;
  if (datapath.bridge.isAdopted !== true) return observed;
  const { name } = datapath.bridge;
  const bridges = ovs.bridges.map((bridge) =>
    bridge.name === name ? { ...bridge, isOurs: true } : bridge,
  );
  return { ...observed, ovs: { ...ovs, bridges } };
}
