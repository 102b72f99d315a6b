import {
  findRouteNetdev,
  type Host,
  type LinkDetail,
  readDefaultRouteNetdevs,
} from "@switchyard/host";
import type { Ovs } from "@switchyard/model";

/**
 * Netdevs that the host's management path runs over: those with a default route, those towards controllers
 * and bus, and all that these stand on (bonds, bridges, VLANs, ports of an OVS bridge).
 */
export async function findManagementNetdevs(options: {
  readonly host: Host;
  readonly links: readonly LinkDetail[];
  readonly ovs: Ovs | undefined;
  readonly peerAddresses: readonly string[];
}): Promise<ReadonlySet<string>> {
  const { host, peerAddresses } = options;
  const ends = [...(await readDefaultRouteNetdevs(host))];
  for (const address of peerAddresses) {
    const netdev = await findRouteNetdev(host, address);
    if (netdev !== undefined) ends.push(netdev);
  }
  return withLowerNetdevs(ends, options.links, options.ovs);
}

function withLowerNetdevs(
  ends: readonly string[],
  links: readonly LinkDetail[],
  ovs: Ovs | undefined,
): ReadonlySet<string> {
  const found = new Set<string>();
  const waiting = [...ends];
  for (let netdev = waiting.pop(); netdev !== undefined; netdev = waiting.pop()) {
    if (found.has(netdev)) continue;
    found.add(netdev);
    waiting.push(...lowerOf(netdev, links, ovs));
  }
  return found;
}

function lowerOf(
  netdev: string,
  links: readonly LinkDetail[],
  ovs: Ovs | undefined,
): readonly string[] {
  const members = links.filter(({ master }) => master === netdev).map((link) => link.netdev);
  const vlanLower = links.find((link) => link.netdev === netdev)?.lower;
  const bridge = ovs?.bridges.find(({ name }) => name === netdev);
  const ports = bridge?.ports.map(({ name }) => name) ?? [];
  return [...members, ...ports, ...(vlanLower === undefined ? [] : [vlanLower])];
}
