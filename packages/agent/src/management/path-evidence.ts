import {
  type DefaultRoute,
  findDefaultRoutes,
  findRouteNetdev,
  type Host,
  type LinkDetail,
  listLinks,
  pingAddress,
} from "@switchyard/host";
import { cidrAddress } from "@switchyard/model";
import type { ManagementPath } from "./management-path.ts";

/** Netdevs that are named at most; a host with VMs has hundreds of representors. */
const LINKS_SHOWN_MAX = 8;
const PEERS_SHOWN_MAX = 4;

/**
 * What a person needs to see why the bus can't be reached: the ways to bus and controllers, default routes,
 * whether their gateways answer, and the links that have addresses. Never rejects: what can't be read is said to be so. Changes nothing.
 */
export async function describePath(
  host: Host,
  { peerAddresses }: Pick<ManagementPath, "peerAddresses">,
): Promise<string> {
  try {
    const links = (await listLinks(host)).filter(
      ({ netdev, addresses }) => netdev !== "lo" && addresses.length > 0,
    );
    const routes = await findDefaultRoutes(host);
    const described = await Promise.all(routes.map((route) => describeRoute(host, route, links)));
    const peers = peerAddresses.slice(0, PEERS_SHOWN_MAX);
    return [
      ...(await Promise.all(peers.map((address) => describePeer(host, address)))),
      ...(described.length === 0 ? ["no default route"] : described),
      ...(links.length === 0 ? ["no netdev with an address"] : []),
      ...links.slice(0, LINKS_SHOWN_MAX).map(describeLink),
    ].join("; ");
  } catch (error) {
    return `the routes can't be read: ${error instanceof Error ? error.message : String(error)}`;
  }
}

/** By `lo` when the host itself has the address. */
async function describePeer(host: Host, address: string): Promise<string> {
  const netdev = await findRouteNetdev(host, address);
  return netdev === undefined ? `no route to ${address}` : `route to ${address} by ${netdev}`;
}

async function describeRoute(
  host: Host,
  { netdev, gateway }: DefaultRoute,
  links: readonly LinkDetail[],
): Promise<string> {
  if (gateway === undefined) return `default route by ${netdev}`;
  const route = `default route by ${netdev}, gateway ${gateway}`;
  const owner = links.find(({ addresses }) =>
    addresses.some((cidr) => cidrAddress(cidr) === gateway),
  );
  // It answers itself then, and nothing leaves the host.
  if (owner !== undefined) return `${route} is an address of the host's own ${owner.netdev}`;
  const ping = await pingAddress(host, gateway);
  return `${route} ${ping !== undefined && ping.received > 0 ? "answers" : "does not answer"}`;
}

function describeLink({ netdev, isUp, hasCarrier, addresses }: LinkDetail): string {
  const state = isUp ? (hasCarrier ? "up" : "up without carrier") : "down";
  return `${netdev} ${state} with ${addresses.join(", ")}`;
}
