import type { VmId } from "../ids/ids.ts";
import type { Ipv4Address, Ipv4Cidr } from "../values/ipv4.ts";
import type { MacAddress } from "../values/mac-address.ts";

/** Bytes of payload in an Ethernet frame where nobody asks for more. Source: IEEE 802.3, 1500 octets. */
export const ETHERNET_MTU = 1500;

/** Smallest MTU that IPv4 allows, and largest that the cards' jumbo frames are used with. Source: RFC 791. */
export const MTU_LIMITS = { min: 68, max: 9216 } as const;

/** VLAN ids that can be given to a port. Source: IEEE 802.1Q; 0 and 4095 are reserved. */
export const VLAN_LIMITS = { min: 1, max: 4094 } as const;

/**
 * Most that one NIC of a VM may send or receive. Open vSwitch counts thousands of bits, so both are
 * multiples of 1000.
 *
 * @see ovs-vswitchd.conf.db(5), Interface: ingress_policing_rate, ingress_policing_burst
 */
export interface RateLimit {
  /** 1,000,000 to 400,000,000,000. */
  readonly bitsPerSecond: number;
  /** Let through above the rate after a pause; 1000 to 10,000,000,000. */
  readonly burstBits: number;
}

/** An address that no VM is given by chance. */
export interface AddressReservation {
  readonly address: Ipv4Address;
  /** The VM that is given it; undefined: no VM at all. */
  readonly vm?: VmId;
}

/** What a network asks of every port that joins it. */
export interface PortSettings {
  /** Undefined: untagged. */
  readonly vlan?: number;
  /** 68 to 9216 bytes. */
  readonly mtu: number;
  /** Nothing leaves a VM but IPv4 and ARP with its own MAC and address. */
  readonly hasAntiSpoof: boolean;
  /** What a VM's NIC may send; undefined: no limit. */
  readonly sendLimit?: RateLimit;
  /** What a VM's NIC may receive; undefined: no limit. */
  readonly receiveLimit?: RateLimit;
}

/** A named L2 segment with its pools, and what it asks of the ports in it. */
export interface NetworkSpec extends PortSettings {
  /** OVS bridge that carries it on every host. */
  readonly bridge: string;
  /** Subnet with its prefix length; host bits zero. */
  readonly subnet: Ipv4Cidr;
  readonly ipPool: { readonly first: Ipv4Address; readonly last: Ipv4Address };
  readonly macPool: { readonly first: MacAddress; readonly last: MacAddress };
  /** At most 1024, each address once, each VM once. */
  readonly reservations: readonly AddressReservation[];
}

/** A network that asks nothing of its ports: what a spec without these fields means. */
export const PLAIN_PORT: PortSettings & Pick<NetworkSpec, "reservations"> = {
  mtu: ETHERNET_MTU,
  hasAntiSpoof: false,
  reservations: [],
};

/** The part of a network that its ports are told. */
export const portSettingsOf = (network: NetworkSpec): PortSettings => ({
  ...(network.vlan !== undefined && { vlan: network.vlan }),
  mtu: network.mtu,
  hasAntiSpoof: network.hasAntiSpoof,
  ...(network.sendLimit !== undefined && { sendLimit: network.sendLimit }),
  ...(network.receiveLimit !== undefined && { receiveLimit: network.receiveLimit }),
});
