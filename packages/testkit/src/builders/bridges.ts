import type { Bridge, BridgePort, Inventory, LinkRef, Ovs, Step } from "@switchyard/model";
import { netdevOf } from "./links.ts";
import { refuseIf } from "./walk-inventory.ts";

/* Open vSwitch of a modelled host. */

export function mapOvs(inventory: Inventory, map: (ovs: Ovs) => Ovs): Inventory {
  if (inventory.ovs === undefined) throw new Error("the modelled host has no Open vSwitch");
  return { ...inventory, ovs: map(inventory.ovs) };
}

export const mapBridge = (
  inventory: Inventory,
  name: string,
  map: (bridge: Bridge) => Bridge,
): Inventory =>
  mapOvs(inventory, (ovs) => {
    refuseIf(!ovs.isRunning, "Open vSwitch is stopped");
    refuseIf(!ovs.bridges.some((bridge) => bridge.name === name), `there is no bridge ${name}`);
    return {
      ...ovs,
      bridges: ovs.bridges.map((bridge) => (bridge.name === name ? map(bridge) : bridge)),
    };
  });

export const emptyBridge = (name: string): Bridge => ({
  name,
  isOurs: true,
  isUp: false,
  addresses: [],
  ports: [],
});

export const isPlugged = (inventory: Inventory, netdev: string): boolean =>
  (inventory.ovs?.bridges ?? []).some(({ ports }) => ports.some(({ name }) => name === netdev));

export function addPort(inventory: Inventory, bridge: string, link: LinkRef): Inventory {
  const name = netdevOf(inventory, link);
  refuseIf(isPlugged(inventory, name), `${name} is in a bridge already`);
  return mapBridge(inventory, bridge, (old) => {
    const port = { name, ofport: old.ports.length + 1, error: undefined, linkState: "up" };
    return { ...old, ports: [...old.ports, port] };
  });
}

type PortStep = Extract<Step, { kind: "ensurePortVlan" | "ensurePortLimits" }>;

/** A port without settings has none, rather than empty ones. */
export function setPort(inventory: Inventory, step: PortStep): Inventory {
  const name = netdevOf(inventory, step.arguments.link);
  refuseIf(!isPlugged(inventory, name), `no bridge has port ${name}`);
  const change = ({ settings = {}, ...port }: BridgePort): BridgePort => {
    const { vlan, sendLimit, receiveLimit } =
      step.kind === "ensurePortVlan"
        ? { ...settings, vlan: step.arguments.vlan }
        : {
            ...settings,
            ...{ sendLimit: step.arguments.send, receiveLimit: step.arguments.receive },
          };
    const next = {
      ...(vlan !== undefined && { vlan }),
      ...(sendLimit !== undefined && { sendLimit }),
      ...(receiveLimit !== undefined && { receiveLimit }),
    };
    return { ...port, ...(Object.keys(next).length > 0 && { settings: next }) };
  };
  return mapOvs(inventory, (ovs) => ({
    ...ovs,
    bridges: ovs.bridges.map((bridge) => ({
      ...bridge,
      ports: bridge.ports.map((port) => (port.name === name ? change(port) : port)),
    })),
  }));
}
