import { cidrAddress, cidrPrefixLength, type Ipv4Cidr } from "@switchyard/model";
import { bridgeStack } from "../l2/forwarding.ts";
import { defaultNetdev, routeTo } from "../l2/management.ts";
import { findPf, type Machine, switchId } from "../machine/machine.ts";
import { hasCarrier, type Netdev, netdevsOf, operstate, shownCounters } from "../machine/netdev.ts";
import { bridgeOfPort } from "../ovs/bridges.ts";
import { IpFailure, type View } from "./ip-call.ts";
import { type Ended, printed, printedJson } from "./program.ts";
import { vfStatistics } from "./vf-statistics.ts";

/* What `ip link`, `ip address`, `ip route` and `ip neighbour` show. */

type Keyed = Readonly<Record<string, unknown>>;

/** Forever, in the seconds a kernel counts lifetimes in. */
const LIFETIME_FOREVER = 4_294_967_295;

function flags(machine: Machine, netdev: Netdev): readonly string[] {
  const carrier = hasCarrier(machine, netdev);
  if (netdev.kind === "loopback") return ["LOOPBACK", "UP", "LOWER_UP"];
  return [
    ...(netdev.isUp && !carrier ? ["NO-CARRIER"] : []),
    "BROADCAST",
    "MULTICAST",
    ...(netdev.isUp ? ["UP"] : []),
    ...(carrier ? ["LOWER_UP"] : []),
  ];
}

const masterKey = ({ master }: Netdev, isEnslaved: boolean): Keyed => {
  if (master !== undefined) return { master };
  return isEnslaved ? { master: "ovs-system" } : {};
};

function basics(machine: Machine, netdev: Netdev): Keyed {
  const isLoopback = netdev.kind === "loopback";
  const isPort = netdev.kind !== "internal" && bridgeOfPort(machine, netdev.name) !== undefined;
  const isEnslaved = isPort && machine.boot.netdevs.has("ovs-system");
  return {
    ifindex: netdev.ifindex,
    ifname: netdev.name,
    flags: flags(machine, netdev),
    mtu: netdev.mtu,
    qdisc: isLoopback || netdev.kind === "internal" ? "noqueue" : "mq",
    ...masterKey(netdev, isEnslaved),
    operstate: isLoopback ? "UNKNOWN" : operstate(machine, netdev),
    linkmode: "DEFAULT",
    group: "default",
    txqlen: 1000,
    link_type: isLoopback ? "loopback" : "ether",
    address: netdev.mac,
    broadcast: isLoopback ? "00:00:00:00:00:00" : "ff:ff:ff:ff:ff:ff",
  };
}

function switchKeys(machine: Machine, netdev: Netdev): Keyed {
  if (netdev.kind !== "uplink" && netdev.kind !== "representor") return {};
  const pf = findPf(machine, netdev.pciAddress ?? "");
  if (pf === undefined) return {};
  const portName = netdev.kind === "uplink" ? `p${pf.port}` : `pf${pf.port}vf${netdev.vfIndex}`;
  return { phys_port_name: portName, phys_switch_id: switchId(machine) };
}

const vfInfo = (machine: Machine, netdev: Netdev, hasStatistics: boolean): Keyed => {
  if (netdev.kind !== "uplink") return {};
  const pf = findPf(machine, netdev.pciAddress ?? "");
  if (pf === undefined || pf.vfs.length === 0) return {};
  const list = pf.vfs.map((vf) => ({
    vf: vf.index,
    link_type: "ether",
    address: vf.adminMac,
    broadcast: "ff:ff:ff:ff:ff:ff",
    vlan_list: [vf.vlan === 0 ? {} : { vlan: vf.vlan }],
    rate: { max_tx: vf.maxTxMbps, min_tx: 0 },
    spoofchk: vf.isSpoofChecked,
    link_state: "auto",
    trust: false,
    query_rss_en: false,
    ...(hasStatistics ? vfStatistics(machine, vf) : {}),
  }));
  return { vfinfo_list: list };
};

function details(machine: Machine, netdev: Netdev): Keyed {
  const isOvs = netdev.kind === "internal" || netdev.kind === "datapath";
  const parent =
    netdev.pciAddress === undefined ? {} : { parentbus: "pci", parentdev: netdev.pciAddress };
  return {
    promiscuity: 0,
    min_mtu: 68,
    max_mtu: netdev.kind === "internal" ? 65_535 : 9978,
    ...(isOvs ? { linkinfo: { info_kind: "openvswitch" } } : {}),
    ...(netdev.bondMode === undefined
      ? {}
      : { linkinfo: { info_kind: "bond", info_data: { mode: netdev.bondMode, miimon: 100 } } }),
    ...(netdev.alias === undefined ? {} : { ifalias: netdev.alias }),
    num_tx_queues: 1,
    num_rx_queues: 1,
    ...switchKeys(machine, netdev),
    ...parent,
  };
}

function statistics(netdev: Netdev): Keyed {
  const { rxBytes, rxPackets, txBytes, txPackets } = shownCounters(netdev);
  return {
    stats64: {
      rx: {
        bytes: rxBytes,
        packets: rxPackets,
        errors: 0,
        dropped: 0,
        over_errors: 0,
        multicast: 0,
      },
      tx: {
        bytes: txBytes,
        packets: txPackets,
        errors: 0,
        dropped: 0,
        carrier_errors: 0,
        collisions: 0,
      },
    },
  };
}

function addressInfo(netdev: Netdev): Keyed {
  const list = netdev.addresses.map((cidr) => ({
    family: "inet",
    local: cidrAddress(cidr as Ipv4Cidr),
    prefixlen: cidrPrefixLength(cidr as Ipv4Cidr),
    scope: netdev.kind === "loopback" ? "host" : "global",
    label: netdev.name,
    valid_life_time: LIFETIME_FOREVER,
    preferred_life_time: LIFETIME_FOREVER,
  }));
  return { addr_info: list };
}

/** The devices a `show` speaks of: all, or the one after `dev` or alone. */
function chosen(machine: Machine, words: readonly string[]): readonly Netdev[] {
  const plain = words.filter((word) => word !== "dev" && word !== "up");
  const all = [...machine.boot.netdevs.values()];
  const name = plain[0];
  if (name === undefined) return words.includes("up") ? all.filter(({ isUp }) => isUp) : all;
  const netdev = machine.boot.netdevs.get(name);
  if (netdev === undefined) throw new IpFailure(`Device "${name}" does not exist.`, 1);
  return [netdev];
}

function asText(machine: Machine, netdev: Netdev, withAddresses: boolean): string {
  const keys = basics(machine, netdev) as {
    flags: readonly string[];
    operstate: string;
    qdisc: string;
  };
  const first = `${netdev.ifindex}: ${netdev.name}: <${keys.flags.join(",")}> mtu ${netdev.mtu}`;
  const rest = `qdisc ${keys.qdisc} state ${keys.operstate} group default qlen 1000`;
  const link = `    link/${netdev.kind === "loopback" ? "loopback" : "ether"} ${netdev.mac} brd ff:ff:ff:ff:ff:ff`;
  const addresses = withAddresses
    ? netdev.addresses.map((cidr) => `    inet ${cidr} scope global ${netdev.name}\n`)
    : [];
  return `${first} ${rest}\n${link}\n${addresses.join("")}`;
}

export function showLinks(machine: Machine, words: readonly string[], view: View): Ended {
  const netdevs = chosen(machine, words);
  if (!view.isJson) return printed(netdevs.map((each) => asText(machine, each, false)).join(""));
  return printedJson(
    netdevs.map((netdev) => ({
      ...basics(machine, netdev),
      ...(view.hasDetails ? details(machine, netdev) : {}),
      ...(view.hasStatistics ? statistics(netdev) : {}),
      ...vfInfo(machine, netdev, view.hasStatistics),
    })),
  );
}

export function showAddresses(machine: Machine, words: readonly string[], view: View): Ended {
  const netdevs = chosen(machine, words);
  if (!view.isJson) return printed(netdevs.map((each) => asText(machine, each, true)).join(""));
  return printedJson(
    netdevs.map((netdev) => ({
      ...basics(machine, netdev),
      ...(view.hasDetails ? details(machine, netdev) : {}),
      ...addressInfo(netdev),
    })),
  );
}

function routes(machine: Machine): readonly Keyed[] {
  const { gateway } = machine.spec.management;
  const dev = defaultNetdev(machine);
  const more = { protocol: "dhcp", metric: 100, flags: [] };
  return dev === undefined ? [] : [{ dst: "default", gateway, dev, ...more }];
}

/** Where the kernel would send a packet. @see iproute2/iproute2 ip/iproute.c, iproute_get */
export function getRoute(machine: Machine, target: string, view: View): Ended {
  const way = routeTo(machine, target);
  if (way === undefined) throw new IpFailure("RTNETLINK answers: Network is unreachable", 2);
  const dev = way.kind === "local" ? "lo" : way.netdev;
  const route = {
    ...(way.kind === "local" && { type: "local" }),
    dst: target,
    ...(way.kind === "gateway" && { gateway: way.gateway }),
    ...{ dev, flags: [], uid: 0, cache: [] },
  };
  return view.isJson ? printedJson([route]) : printed(`${target} dev ${dev} uid 0\n    cache\n`);
}

export function showRoutes(machine: Machine, words: readonly string[], view: View): Ended {
  const wanted = words.includes("default") || words.length === 0 ? routes(machine) : [];
  if (view.isJson) return printedJson(wanted);
  const lines = wanted.map((route) => `default via ${route["gateway"]} dev ${route["dev"]}\n`);
  return printed(lines.join(""));
}

/** Whom the host's own interfaces on bridges have spoken with. */
export function showNeighbours(machine: Machine, view: View): Ended {
  if (view.isIpv6) return view.isJson ? printedJson([]) : printed("");
  const entries = netdevsOf(machine, "internal").flatMap(({ name: dev }) =>
    [...(bridgeStack(machine, dev)?.neighbours ?? [])].map(([dst, lladdr]) => ({
      ...{ dst, dev, lladdr, state: ["REACHABLE"] },
    })),
  );
  if (view.isJson) return printedJson(entries);
  const lines = entries.map(
    ({ dst, dev, lladdr }) => `${dst} dev ${dev} lladdr ${lladdr} REACHABLE\n`,
  );
  return printed(lines.join(""));
}
