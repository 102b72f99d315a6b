import { cidrAddress, type Ipv4Address, type Ipv4Cidr, subnetContains } from "@switchyard/model";
import type { Machine } from "../machine/machine.ts";
import { hasCarrier, type Netdev, portsOfBond } from "../machine/netdev.ts";
import { bridgeOfPort, portsOfBridge } from "../ovs/bridges.ts";

/** Where the kernel sends what is for an address. */
export type Route =
  /** The host itself has the address. */
  | { readonly kind: "local"; readonly netdev: string }
  | { readonly kind: "link"; readonly netdev: string }
  | { readonly kind: "gateway"; readonly netdev: string; readonly gateway: string };

const prefixLength = (cidr: string): number => Number(cidr.slice(cidr.lastIndexOf("/") + 1));

/** Netdevs that are up, each with those of its subnets that hold the address; the longest prefix first. */
function linksTo(machine: Machine, target: string): readonly string[] {
  return [...machine.boot.netdevs.values()]
    .filter(({ isUp }) => isUp)
    .flatMap(({ name, addresses }) => addresses.map((cidr) => ({ name, cidr })))
    .filter(({ cidr }) => subnetContains(cidr as Ipv4Cidr, target as Ipv4Address))
    .sort((left, right) => prefixLength(right.cidr) - prefixLength(left.cidr))
    .map(({ name }) => name);
}

/** Netdev of the default route, which lasts while it leads to the gateway. */
export function defaultNetdev(machine: Machine): string | undefined {
  const { netdev, gateway, hasDefaultRoute = true } = machine.spec.management;
  return hasDefaultRoute && machine.boot.netdevs.get(netdev)?.isUp === true && gateway !== ""
    ? netdev
    : undefined;
}

/** The kernel's choice: its own address, then the best match among subnets, then the default route. */
export function routeTo(machine: Machine, target: string): Route | undefined {
  const own = [...machine.boot.netdevs.values()].find(({ addresses }) =>
    addresses.some((cidr) => cidrAddress(cidr as Ipv4Cidr) === target),
  );
  if (own !== undefined) return { kind: "local", netdev: own.name };
  const [link] = linksTo(machine, target);
  if (link !== undefined) return { kind: "link", netdev: link };
  const netdev = defaultNetdev(machine);
  const { gateway } = machine.spec.management;
  return netdev === undefined ? undefined : { kind: "gateway", netdev, gateway };
}

/** What leaves by the netdev comes out of the port on which the management network is. */
function leadsOut(machine: Machine, netdev: Netdev | undefined): boolean {
  if (netdev === undefined || !netdev.isUp) return false;
  const home = machine.boot.netdevs.get(machine.spec.management.netdev);
  if (netdev === home) {
    // What comes in by a port of a bridge or bond is the bridge's or the bond's, not the port's own.
    const isTaken = netdev.master !== undefined || bridgeOf(machine, netdev) !== undefined;
    return hasCarrier(machine, netdev) && !isTaken;
  }
  if (home === undefined || !home.isUp || !hasCarrier(machine, home)) return false;
  if (netdev.kind === "bond") {
    return (
      bridgeOf(machine, netdev) === undefined && portsOfBond(machine, netdev.name).includes(home)
    );
  }
  if (netdev.kind !== "internal" || machine.boot.vswitchd === undefined) return false;
  const ports = portsOfBridge(machine, netdev.name);
  const way = home.master ?? home.name;
  return ports.includes(way) && home.addresses.length === 0;
}

const bridgeOf = (machine: Machine, { name }: Netdev): string | undefined =>
  machine.boot.vswitchd === undefined ? undefined : bridgeOfPort(machine, name);

/**
 * Whether the host reaches the management network: its router, and behind that bus and controllers. Follows
 * from routes, links, bonds and bridges as they are now; a step that takes one of them wrongly cuts it.
 */
export function reachesManagement(machine: Machine): boolean {
  const route = routeTo(machine, machine.spec.management.gateway);
  if (route === undefined || route.kind === "local") return false;
  return leadsOut(machine, machine.boot.netdevs.get(route.netdev));
}
