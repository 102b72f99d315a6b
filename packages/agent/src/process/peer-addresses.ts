import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import type { Clock } from "@switchyard/runtime";
import { findIdentity } from "../enrolment/identity.ts";
import type { AgentConfig } from "./config.ts";

/** A resolver that is out of reach, as at boot, is not waited for longer. */
const RESOLVE_MS = 3_000;

/** Name or address in `host:port`, `[v6]:port`, `nats://host:port`, with or without the port. */
export function hostPartOf(server: string): string {
  const place = server.replace(/^[a-z]+:\/\//, "").replace(/^[^@]*@/, "");
  const bracketed = /^\[([^\]]+)\]/.exec(place)?.[1];
  return bracketed ?? (isIP(place) === 0 ? place.replace(/:\d+$/, "") : place);
}

/** IP addresses of bus and controller as configuration and enrolment name them. */
export async function findPeerAddresses(
  config: Pick<AgentConfig, "natsServers" | "controllerAddress" | "dataFolder">,
  clock: Clock,
): Promise<readonly string[]> {
  const { natsServers, controllerAddress, dataFolder } = config;
  const servers = natsServers ?? (await findIdentity(dataFolder))?.natsServers ?? [];
  const named = controllerAddress === undefined ? servers : [...servers, controllerAddress];
  return await peerAddresses(named, clock);
}

/**
 * IP addresses of those whom the agent speaks with, from which the kernel tells the netdev towards them. A
 * name that does not resolve now is left out; the default route counts in any case.
 */
export async function peerAddresses(
  servers: readonly string[],
  clock: Clock,
): Promise<readonly string[]> {
  const resolved = await Promise.all(servers.map((server) => resolve(hostPartOf(server), clock)));
  return [...new Set(resolved.flat())];
}

async function resolve(name: string, clock: Clock): Promise<readonly string[]> {
  if (isIP(name) !== 0) return [name];
  const answered = new AbortController();
  const asking = lookup(name, { all: true }).then(
    (found) => found.map(({ address }) => address),
    () => [],
  );
  const late = clock.sleep(RESOLVE_MS, answered.signal).then(() => []);
  const found = await Promise.race([asking, late]);
  answered.abort();
  return found;
}
