import type { Ipv4Address } from "../values/ipv4.ts";
import type { MacAddress } from "../values/mac-address.ts";

/** Upper 16 bits of the cookies of our flows, "SW"; the lower 48 are the MAC of the NIC they are for. */
const COOKIE_PREFIX = "0x5357";
const MAC_DIGITS = 12;

/** Cookie of all flows of one NIC; MACs are unique in the fleet, and the upper bits are ours. */
export const flowCookieOf = (mac: MacAddress): string =>
  `${COOKIE_PREFIX}${mac.replaceAll(":", "")}`;

/** Whether a flow is one of ours, for a NIC. */
export const isNicCookie = (cookie: string): boolean =>
  cookie.startsWith(COOKIE_PREFIX) && cookie.length === COOKIE_PREFIX.length + MAC_DIGITS;

/** One OpenFlow flow, its match as ovs-ofctl prints it: protocol, port, then fields in their order. */
export interface PortFlow {
  readonly priority: number;
  readonly match: string;
  readonly actions: "NORMAL" | "drop";
}

/** Above a bridge's own flow, which has 0, and with room for a person's above ours. */
const ALLOW_PRIORITY = 200;
const DROP_PRIORITY = 100;

/**
 * What a NIC may send: ARP and IPv4 with its own MAC and address, and probes for that address, which say
 * none (RFC 5227). All else that comes in by its port is dropped: IPv6 too, as VMs are given no address of it.
 *
 * @param nic.port name of the port, or its OpenFlow number
 * @see ovs-fields(7)
 */
export function antiSpoofFlows(nic: {
  readonly port: string | number;
  readonly mac: MacAddress;
  readonly address: Ipv4Address;
}): readonly PortFlow[] {
  const { port, mac, address } = nic;
  const own = `in_port=${port},dl_src=${mac}`;
  const allow = (match: string): PortFlow => ({
    priority: ALLOW_PRIORITY,
    match,
    actions: "NORMAL",
  });
  return [
    allow(`arp,${own},arp_spa=${address},arp_sha=${mac}`),
    allow(`arp,${own},arp_spa=0.0.0.0,arp_op=1,arp_sha=${mac}`),
    allow(`ip,${own},nw_src=${address}`),
    { priority: DROP_PRIORITY, match: `in_port=${port}`, actions: "drop" },
  ];
}
