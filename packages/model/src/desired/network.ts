import type { Ipv4Address, Ipv4Cidr } from "../values/ipv4.ts";
import type { MacAddress } from "../values/mac-address.ts";

/** A named L2 segment with its pools. */
export interface NetworkSpec {
  /** OVS bridge that carries it on every host. */
  readonly bridge: string;
  /** Subnet with its prefix length; host bits zero. */
  readonly subnet: Ipv4Cidr;
  readonly ipPool: { readonly first: Ipv4Address; readonly last: Ipv4Address };
  readonly macPool: { readonly first: MacAddress; readonly last: MacAddress };
}
