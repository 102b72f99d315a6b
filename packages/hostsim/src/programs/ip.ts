import { cidrAddress, cidrPrefixLength, type Ipv4Cidr, parseIpv4Cidr } from "@switchyard/model";
import { bridgeStack } from "../l2/forwarding.ts";
import { defaultNetdev, routeTo } from "../l2/management.ts";
import { note } from "../machine/act.ts";
import { addBond, BOND_MODES, deleteBond, joinBond, leaveBond } from "../machine/bond.ts";
import type { Machine, Vf } from "../machine/machine.ts";
import { allVfs, findPf, switchId } from "../machine/machine.ts";
import {
  addAddress,
  hasCarrier,
  type Netdev,
  netdevsOf,
  operstate,
  removeAddress,
  requireNetdev,
  setAlias,
  setLinkState,
  setMtu,
  shownCounters,
} from "../machine/netdev.ts";
import { Refusal, strerror } from "../machine/refusal.ts";
import { bridgeOfPort } from "../ovs/bridges.ts";
import { type Ended, failed, type Invoked, isWord, printed, printedJson } from "./program.ts";
import { vfStatistics } from "./vf-statistics.ts";

/*
 * ip(8): link, address, route. Source: iproute2/iproute2 ip/iplink.c, ip/ipaddress.c, ip/iproute.c.
 */

type Keyed = Readonly<Record<string, unknown>>;

/** Forever, in the seconds a kernel counts lifetimes in. */
const LIFETIME_FOREVER = 4_294_967_295;

class IpFailure extends Error {
  readonly exitCode: number;

  constructor(message: string, exitCode: number) {
    super(message);
    this.exitCode = exitCode;
  }
}

const usage = (message: string): IpFailure => new IpFailure(message, 255);

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

interface View {
  readonly isJson: boolean;
  readonly hasDetails: boolean;
  readonly hasStatistics: boolean;
  readonly isIpv6: boolean;
}

function showLinks(machine: Machine, words: readonly string[], view: View): Ended {
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

function showAddresses(machine: Machine, words: readonly string[], view: View): Ended {
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
function getRoute(machine: Machine, target: string, view: View): Ended {
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

function showRoutes(machine: Machine, words: readonly string[], view: View): Ended {
  const wanted = words.includes("default") || words.length === 0 ? routes(machine) : [];
  if (view.isJson) return printedJson(wanted);
  const lines = wanted.map((route) => `default via ${route["gateway"]} dev ${route["dev"]}\n`);
  return printed(lines.join(""));
}

/** Whom the host's own interfaces on bridges have spoken with. */
function showNeighbours(machine: Machine, view: View): Ended {
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

/** What `ip link set PF vf N` takes besides the MAC, in pairs of a word and its value. */
function setVfOptions(act: Invoked["act"], vf: Vf, words: readonly string[]): void {
  const textOf = () => `vlan ${vf.vlan} spoofchk ${vf.isSpoofChecked} max_tx_rate ${vf.maxTxMbps}`;
  const before = textOf();
  for (let at = 0; at < words.length; at += 2) {
    const [word, value = ""] = [words[at], words[at + 1]];
    if (word === "vlan") vf.vlan = Number(value);
    else if (word === "spoofchk") vf.isSpoofChecked = value === "on";
    else if (word === "max_tx_rate") vf.maxTxMbps = Number(value);
    else throw usage("Command line is not complete.");
  }
  note(act, `vf-settings ${vf.pciAddress}`, { before, after: textOf() });
}

/**
 * `ip link set PF vf N …`. The admin MAC breaks vDPA in switchdev mode, in which the rest is refused.
 *
 * @see torvalds/linux drivers/net/ethernet/mellanox/mlx5/core/esw/legacy.c, mlx5_eswitch_set_vport_vlan
 */
function setVf(invoked: Invoked, name: string, words: readonly string[]): void {
  const { machine, act } = invoked;
  const netdev = requireNetdev(machine, name);
  const pf = findPf(machine, netdev.kind === "uplink" ? (netdev.pciAddress ?? "") : "");
  const vf = allVfs(machine).find(
    (each) => each.pf === pf?.pciAddress && each.index === Number(words[0]),
  );
  if (vf === undefined) throw new Refusal("EINVAL");
  const mac = words[words.indexOf("mac") + 1];
  if (!words.includes("mac")) {
    if (pf?.mode === "switchdev") throw new Refusal("EOPNOTSUPP");
    setVfOptions(act, vf, words.slice(1));
    return;
  }
  if (mac === undefined) throw usage("Command line is not complete.");
  note(act, `vf-mac ${vf.pciAddress}`, { before: vf.adminMac, after: mac });
  vf.adminMac = mac.toLowerCase();
}

/** `ip link add [name] NAME type bond [mode MODE] [miimon N]`. */
function addLink(invoked: Invoked, words: readonly string[]): void {
  const at = words.indexOf("type");
  const name = words[0] === "name" ? words[1] : words[0];
  const wordAfter = (key: string) =>
    words.includes(key) ? words[words.indexOf(key) + 1] : undefined;
  if (name === undefined || at === -1) {
    throw usage('Not enough information: "type" argument is required');
  }
  if (words[at + 1] !== "bond")
    throw new IpFailure("RTNETLINK answers: Operation not supported", 2);
  const mode = wordAfter("mode") ?? "balance-rr";
  if (!BOND_MODES.includes(mode)) throw usage(`Error: argument "${mode}" is wrong: invalid mode`);
  addBond(invoked.act, name, mode);
}

function deleteLink(invoked: Invoked, words: readonly string[]): void {
  const name = words.find((word) => word !== "dev") ?? "";
  if (!invoked.machine.boot.netdevs.has(name)) {
    throw new IpFailure(`Cannot find device "${name}"`, 1);
  }
  deleteBond(invoked.act, name);
}

/** @returns what the kernel warns of, if it does */
function setLink(invoked: Invoked, words: readonly string[]): string | undefined {
  const warnings: string[] = [];
  const { act } = invoked;
  const [name, ...settings] = words[0] === "dev" ? words.slice(1) : words;
  if (name === undefined) throw usage('Not enough information: "dev" argument is required.');
  if (!invoked.machine.boot.netdevs.has(name))
    throw new IpFailure(`Cannot find device "${name}"`, 1);
  for (let at = 0; at < settings.length; at += 1) {
    const word = settings[at];
    if (word === "up" || word === "down") setLinkState(act, name, word === "up");
    else if (word === "mtu") setMtu(act, name, Number(settings[++at]));
    else if (word === "alias") setAlias(act, name, settings[++at] ?? "");
    else if (word === "nomaster") leaveBond(act, name);
    else if (word === "master") {
      const master = settings[++at] ?? "";
      if (!invoked.machine.boot.netdevs.has(master)) {
        throw usage(`Error: argument "${master}" is wrong: Device does not exist`);
      }
      warnings.push(joinBond(act, name, master) ?? "");
    } else if (word === "vf") {
      setVf(invoked, name, settings.slice(at + 1));
      return undefined;
    } else throw usage(`Error: either "dev" is duplicate, or "${word}" is a garbage.`);
  }
  return warnings.find((warning) => warning !== "");
}

function changeAddress(invoked: Invoked, verb: "add" | "del", words: readonly string[]): void {
  const at = words.indexOf("dev");
  const name = words[at + 1];
  const text = words.find((word, index) => word !== "dev" && index !== at + 1);
  if (at === -1 || name === undefined) {
    throw usage('Not enough information: "dev" argument is required.');
  }
  let cidr: string;
  try {
    cidr = parseIpv4Cidr(text?.includes("/") ? text : `${text ?? ""}/32`);
  } catch {
    throw new IpFailure(`Error: any valid prefix is expected rather than "${text ?? ""}".`, 1);
  }
  if (!invoked.machine.boot.netdevs.has(name))
    throw new IpFailure(`Cannot find device "${name}"`, 1);
  if (verb === "add") addAddress(invoked.act, name, cidr);
  else if (!removeAddress(invoked.act, name, cidr)) {
    throw new IpFailure("RTNETLINK answers: Cannot assign requested address", 2);
  }
}

function flushAddresses(invoked: Invoked, words: readonly string[]): void {
  const name = words.find((word) => word !== "dev") ?? "";
  const netdev = invoked.machine.boot.netdevs.get(name);
  if (netdev === undefined) throw new IpFailure(`Device "${name}" does not exist.`, 1);
  for (const cidr of netdev.addresses) removeAddress(invoked.act, name, cidr);
}

function run(invoked: Invoked, words: readonly string[], view: View): Ended {
  const { machine } = invoked;
  const [object, verb = "show", ...rest] = words;
  const isShow = isWord(verb, "show") || isWord(verb, "list") || verb === "lst";
  if (isWord(object, "link")) {
    if (isShow) return showLinks(machine, rest, view);
    if (isWord(verb, "set")) {
      const warning = setLink(invoked, rest);
      return warning === undefined
        ? printed("")
        : { exitCode: 0, stdout: "", stderr: `Warning: ${warning}.\n` };
    }
    if (isWord(verb, "add")) addLink(invoked, rest);
    else if (isWord(verb, "delete")) deleteLink(invoked, rest);
    else throw usage(`Command "${verb}" is unknown, try "ip link help".`);
    return printed("");
  }
  if (isWord(object, "address") || object === "addr") {
    if (isShow) return showAddresses(machine, rest, view);
    if (isWord(verb, "add") || verb === "replace") changeAddress(invoked, "add", rest);
    else if (isWord(verb, "del")) changeAddress(invoked, "del", rest);
    else if (isWord(verb, "flush")) flushAddresses(invoked, rest);
    else throw usage(`Command "${verb}" is unknown, try "ip address help".`);
    return printed("");
  }
  if (isWord(object, "route") && view.isIpv6) return view.isJson ? printedJson([]) : printed("");
  if (isWord(object, "route") && verb === "get") return getRoute(machine, rest[0] ?? "", view);
  if (isWord(object, "route")) return showRoutes(machine, rest, view);
  if (isWord(object, "neighbour")) return showNeighbours(machine, view);
  throw usage(`Object "${object ?? ""}" is unknown, try "ip help".`);
}

/** ip(8). Refusals of the kernel exit 2 with `RTNETLINK answers: …`. */
export function ip(invoked: Invoked): Ended {
  const isOption = (arg: string) => arg.startsWith("-");
  const firstWord = invoked.args.findIndex((arg) => !isOption(arg));
  const options = invoked.args.slice(0, firstWord === -1 ? undefined : firstWord);
  const words = firstWord === -1 ? [] : invoked.args.slice(firstWord);
  const has = (...names: readonly string[]) => options.some((option) => names.includes(option));
  if (has("-V", "-Version")) return printed("ip utility, iproute2-6.2.0\n");
  const view: View = {
    isIpv6: has("-6"),
    isJson: has("-j", "-json", "--json", "-jp"),
    hasDetails: has("-d", "-details", "--details"),
    hasStatistics: has("-s", "-stats", "-statistics", "--stats", "-ss"),
  };
  try {
    return run(invoked, words, view);
  } catch (error) {
    if (error instanceof IpFailure) return failed(error.message, error.exitCode);
    if (error instanceof Refusal) {
      const { extack, errno } = error;
      const text =
        extack === undefined ? `RTNETLINK answers: ${strerror(errno)}` : `Error: ${extack}.`;
      return failed(text, 2);
    }
    throw error;
  }
}
