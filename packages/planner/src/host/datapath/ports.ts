import type { Bridge, BridgePort, Inventory, Ovs } from "@switchyard/model";
import type { Draft } from "../../steps/draft.ts";
import { ensureNoBridge, ensureNoBridgePort, type NamedLink } from "../../steps/ovs-steps.ts";
import { netdevLink, type PfView, pfLink, representorLink, viewPfs } from "./pf-view.ts";

/** Where a netdev is plugged into OVS. */
export interface PortPlace {
  readonly bridge: Bridge;
  readonly port: BridgePort;
}

/** vswitchd could not open the device: it is recorded in the database and carries nothing. */
export const isBroken = (port: BridgePort): boolean =>
  port.ofport === -1 || (port.error !== undefined && port.error !== "");

export const bridgesOf = (ovs: Ovs | undefined): readonly Bridge[] => ovs?.bridges ?? [];

export const ownBridges = (observed: Inventory): readonly Bridge[] =>
  bridgesOf(observed.ovs).filter(({ isOurs }) => isOurs);

export function findPort(observed: Inventory, netdev: string): PortPlace | undefined {
  for (const bridge of bridgesOf(observed.ovs)) {
    const port = bridge.ports.find(({ name }) => name === netdev);
    if (port !== undefined) return { bridge, port };
  }
  return undefined;
}

/** The bridge's ports less the internal one that OVS makes with every bridge. */
export const pluggedPorts = (bridge: Bridge): readonly BridgePort[] =>
  bridge.ports.filter(({ name }) => name !== bridge.name);

/** The uplink and every representor the PF has now. */
export const linksOf = (view: PfView): readonly NamedLink[] => [
  pfLink(view),
  ...representorsOf(view),
];

export const representorsOf = (view: PfView): readonly NamedLink[] =>
  view.pf.vfs
    .filter(({ representor }) => representor !== undefined)
    .map((vf) => representorLink(view, vf.index, vf));

/** Netdevs that a datapath may plug in: those of PFs and their VFs, and bonds of ours. */
const knownLinks = (observed: Inventory): ReadonlySet<string> =>
  new Set([
    ...viewPfs(observed)
      .flatMap(linksOf)
      .map(({ name }) => name),
    ...(observed.bonds ?? []).filter(({ isOurs }) => isOurs).map(({ name }) => name),
  ]);

/** Takes those of the links that are in a bridge of ours out of it. */
export const unplugFromOwnBridges = (
  observed: Inventory,
  links: readonly NamedLink[],
): readonly Draft[] =>
  links.flatMap((link) => {
    const place = findPort(observed, link.name);
    return place?.bridge.isOurs ? [ensureNoBridgePort(place.bridge.name, link)] : [];
  });

/**
 * Ports of our bridges whose device is gone. A reboot leaves them behind: OVS keeps its database while
 * representors get new names.
 */
export function unplugStalePorts(observed: Inventory): readonly Draft[] {
  const present = knownLinks(observed);
  return ownBridges(observed).flatMap((bridge) =>
    pluggedPorts(bridge)
      .filter((port) => isBroken(port) && !present.has(port.name))
      .map((port) => ensureNoBridgePort(bridge.name, netdevLink(port.name))),
  );
}

/** Working ports that are no link of a PF: somebody else plugged them in. */
export function foreignPorts(observed: Inventory, bridge: Bridge): readonly BridgePort[] {
  const known = knownLinks(observed);
  return pluggedPorts(bridge).filter((port) => !known.has(port.name) && !isBroken(port));
}

/** Deletes those of our bridges that are meant, unless somebody else's port works on them. */
export const removeFreeBridges = (
  observed: Inventory,
  isMeant: (bridge: Bridge) => boolean,
): readonly Draft[] =>
  ownBridges(observed)
    .filter(isMeant)
    .filter((bridge) => foreignPorts(observed, bridge).length === 0)
    .map(({ name }) => ensureNoBridge(name));
