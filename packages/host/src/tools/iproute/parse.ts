import {
  type Ipv4Cidr,
  type Link,
  type MacAddress,
  parseIpv4Cidr,
  parseMacAddress,
} from "@switchyard/model";
import { arrayOf, numberOf, recordOf, textOf } from "../json.ts";

/** A netdev with what only a switch's ports and PFs have. */
export interface LinkDetail extends Link {
  /** `phys_switch_id`; the same for all ports of one eswitch. */
  readonly switchId: string | undefined;
  /** `phys_port_name`: `p0`, `pf0vf1`. */
  readonly portName: string | undefined;
  /** MACs set through the PF, by VF index; a VF whose MAC nobody set is absent. */
  readonly vfAdminMacs: ReadonlyMap<number, MacAddress>;
  /** Bridge, bond or `ovs-system` that the netdev belongs to. */
  readonly master: string | undefined;
  /** Netdev that this one stands on, for VLANs. */
  readonly lower: string | undefined;
  /** Mode of a bond; undefined for what is none. */
  readonly bondMode: string | undefined;
  /** Text that somebody left on the netdev. */
  readonly alias: string | undefined;
}

/**
 * Joins `ip -j -d link show` with `ip -j addr show`: only the first shows VFs, only the second addresses.
 *
 * @see iproute2/iproute2 ip/ipaddress.c, print_linkinfo and print_addrinfo
 */
export function parseLinks(links: unknown, addresses: unknown): readonly LinkDetail[] {
  const byName = new Map(
    arrayOf(addresses).map((entry) => [recordOf(entry)["ifname"], ipv4Of(entry)]),
  );
  return arrayOf(links)
    .map(recordOf)
    .filter((link) => typeof link["ifname"] === "string")
    .map((link) => ({
      netdev: textOf(link["ifname"]) ?? "",
      mac: textOf(link["address"]) ?? "",
      isUp: arrayOf(link["flags"]).includes("UP"),
      hasCarrier: arrayOf(link["flags"]).includes("LOWER_UP"),
      mtu: numberOf(link["mtu"]) ?? 0,
      addresses: byName.get(link["ifname"]) ?? [],
      switchId: textOf(link["phys_switch_id"]),
      portName: textOf(link["phys_port_name"]),
      vfAdminMacs: adminMacsOf(link["vfinfo_list"]),
      master: textOf(link["master"]),
      lower: textOf(link["link"]),
      bondMode: bondModeOf(link["linkinfo"]),
      alias: textOf(link["ifalias"]),
    }));
}

/** @see iproute2/iproute2 ip/iplink_bond.c, bond_print_opt */
function bondModeOf(linkinfo: unknown): string | undefined {
  const info = recordOf(linkinfo);
  return info["info_kind"] === "bond" ? textOf(recordOf(info["info_data"])["mode"]) : undefined;
}

function ipv4Of(entry: unknown): readonly Ipv4Cidr[] {
  return arrayOf(recordOf(entry)["addr_info"])
    .map(recordOf)
    .filter((info) => info["family"] === "inet")
    .map((info) => parseIpv4Cidr(`${textOf(info["local"])}/${numberOf(info["prefixlen"])}`));
}

/** Zeros mean unset. Releases before 5.8 call the key `mac`. */
function adminMacsOf(list: unknown): ReadonlyMap<number, MacAddress> {
  const macs = new Map<number, MacAddress>();
  for (const entry of arrayOf(list).map(recordOf)) {
    const index = numberOf(entry["vf"]);
    const mac = textOf(entry["address"]) ?? textOf(entry["mac"]) ?? "";
    if (index !== undefined && !/^[0:]*$/.test(mac)) macs.set(index, parseMacAddress(mac));
  }
  return macs;
}

/** Netdevs of routes, those of multipath routes included, each once. */
export function parseRouteNetdevs(routes: unknown): readonly string[] {
  const netdevs = arrayOf(routes)
    .map(recordOf)
    .flatMap((route) => [route, ...arrayOf(route["nexthops"]).map(recordOf)])
    .map((route) => textOf(route["dev"]))
    .filter((netdev) => netdev !== undefined);
  return [...new Set(netdevs)];
}

/** A way to everywhere; without a gateway the netdev leads there itself. */
export interface DefaultRoute {
  readonly netdev: string;
  readonly gateway: string | undefined;
}

/** @see iproute2/iproute2 ip/iproute.c, print_route */
export const parseDefaultRoutes = (routes: unknown): readonly DefaultRoute[] =>
  arrayOf(routes)
    .map(recordOf)
    .flatMap((route) => {
      const netdev = textOf(route["dev"]);
      return netdev === undefined ? [] : [{ netdev, gateway: textOf(route["gateway"]) }];
    });
