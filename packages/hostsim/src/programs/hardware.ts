import { note } from "../machine/act.ts";
import { ONBOARD_PORTS } from "../machine/boot.ts";
import type { Machine } from "../machine/machine.ts";
import { allVfs } from "../machine/machine.ts";
import { hasCarrier, type Netdev, netdevsOf } from "../machine/netdev.ts";
import { dropRules, rulesOn } from "../ovs/datapath.ts";
import { type Ended, failed, type Invoked, printed, printedJson } from "./program.ts";

/** One function on the PCI bus, in the words of lspci. */
interface PciRow {
  readonly address: string;
  readonly className: string;
  readonly vendor: string;
  readonly device: string;
  readonly ids: string;
  readonly driver: string | undefined;
}

const X710 = "Ethernet Controller X710 for 10GbE SFP+";
const VF_MODEL = "ConnectX Family mlx5Gen Virtual Function";
const ETHERNET = "Ethernet controller";

function pciRows(machine: Machine): readonly PciRow[] {
  const onboard = ONBOARD_PORTS.map(({ pciAddress }) => ({
    address: pciAddress,
    className: ETHERNET,
    vendor: "Intel Corporation",
    device: X710,
    ids: "8086:1572",
    driver: "i40e",
  }));
  const mellanox = { className: ETHERNET, vendor: "Mellanox Technologies" };
  const pfs = machine.boot.pfs.map(({ pciAddress }) => ({
    ...mellanox,
    address: pciAddress,
    device: machine.spec.card.model,
    ids: "15b3:101d",
    driver: "mlx5_core",
  }));
  const vfs = allVfs(machine).map(({ pciAddress, driver }) => ({
    ...mellanox,
    address: pciAddress,
    device: VF_MODEL,
    ids: "15b3:101e",
    driver,
  }));
  return [...onboard, ...pfs, ...vfs];
}

const isMatch = (address: string, pattern: string): boolean => {
  const wanted = pattern.split(":").length === 3 ? pattern : `0000:${pattern}`;
  return new RegExp(`^${wanted.replaceAll(".", "\\.").replaceAll("*", ".*")}`).test(address);
};

/** lspci(8): `-D`, `-nn`, `-k`, `-s ADDRESS`, `-d VENDOR:`. */
export function lspci({ machine, args }: Invoked): Ended {
  const flags = args.filter((arg) => arg.startsWith("-") && !/^-[sd]/.test(arg)).join("");
  const optionValue = (name: string) => {
    const at = args.findIndex((arg) => arg.startsWith(name));
    const word = args[at];
    return at === -1 || word === undefined ? undefined : word.slice(2) || args[at + 1];
  };
  const slot = optionValue("-s");
  const [vendor] = (optionValue("-d") ?? "").split(":");
  const rows = pciRows(machine)
    .filter(({ address }) => slot === undefined || isMatch(address, slot))
    .filter(({ ids }) => !vendor || ids.startsWith(vendor));
  const lines = rows.map((row) => {
    const address = flags.includes("D") ? row.address : row.address.slice("0000:".length);
    const hasIds = flags.includes("nn");
    const name = `${row.vendor} ${row.device}${hasIds ? ` [${row.ids}]` : ""}`;
    const first = `${address} ${row.className}${hasIds ? " [0200]" : ""}: ${name}\n`;
    const driver = row.driver === undefined ? "" : `\tKernel driver in use: ${row.driver}\n`;
    return flags.includes("k") ? `${first}${driver}` : first;
  });
  return printed(lines.join(""));
}

/** `lshw -businfo -c network`, the table of the seed procedure. */
export function lshw({ machine }: Invoked): Ended {
  const models = new Map(pciRows(machine).map(({ address, device }) => [String(address), device]));
  const order = ["port", "uplink", "vf", "representor"] as const;
  const rows = order.flatMap((kind) =>
    netdevsOf(machine, kind).map((netdev) => {
      const address = netdev.pciAddress ?? "";
      const bus = `pci@${address}`.padEnd(18);
      return `${bus}${netdev.name.padEnd(15)}network        ${models.get(address) ?? ""}\n`;
    }),
  );
  const header = `${"Bus info".padEnd(18)}${"Device".padEnd(15)}${"Class".padEnd(15)}Description\n`;
  return printed(`${header}${"=".repeat(59)}\n${rows.join("")}`);
}

const driverOf = (netdev: Netdev): string => {
  if (netdev.kind === "port") return "i40e";
  if (netdev.kind === "internal" || netdev.kind === "datapath") return "openvswitch";
  if (netdev.kind === "bond") return "bonding";
  return netdev.kind === "representor" ? "mlx5e_rep" : "mlx5_core";
};

const stat = (name: string, value: number): string => `     ${name}: ${value}\n`;

/** A PF's own port of the e-switch; the model knows frames for one only, and no RDMA. */
function ownPort({ own }: Netdev): string {
  const unicast =
    stat("rx_vport_unicast_packets", own.rxPackets) +
    stat("rx_vport_unicast_bytes", own.rxBytes) +
    stat("tx_vport_unicast_packets", own.txPackets) +
    stat("tx_vport_unicast_bytes", own.txBytes);
  const casts = ["multicast", "broadcast", "rdma_unicast", "rdma_multicast"];
  const zeros = casts.flatMap((cast) =>
    ["rx", "tx"].flatMap((direction) => [
      stat(`${direction}_vport_${cast}_packets`, 0),
      stat(`${direction}_vport_${cast}_bytes`, 0),
    ]),
  );
  return unicast + zeros.join("");
}

/** Counters by the names of mlx5's drivers; a representor's vport counters are seen from the switch. */
function counters(netdev: Netdev): string {
  const own = netdev.counters;
  const hardware = netdev.vport;
  const software =
    stat("rx_packets", own.rxPackets) +
    stat("rx_bytes", own.rxBytes) +
    stat("tx_packets", own.txPackets) +
    stat("tx_bytes", own.txBytes);
  switch (netdev.kind) {
    case "representor":
      return (
        software +
        stat("vport_rx_packets", hardware.rxPackets) +
        stat("vport_rx_bytes", hardware.rxBytes) +
        stat("vport_tx_packets", hardware.txPackets) +
        stat("vport_tx_bytes", hardware.txBytes)
      );
    case "uplink":
      return (
        software +
        ownPort(netdev) +
        stat("rx_packets_phy", hardware.rxPackets) +
        stat("rx_bytes_phy", hardware.rxBytes) +
        stat("tx_packets_phy", hardware.txPackets) +
        stat("tx_bytes_phy", hardware.txBytes) +
        stat("rx_discards_phy", 0) +
        stat("tx_discards_phy", 0) +
        stat("rx_crc_errors_phy", 0) +
        stat("rx_symbol_err_phy", 0) +
        stat("rx_pause_ctrl_phy", 0) +
        stat("tx_pause_ctrl_phy", 0) +
        stat("link_down_events_phy", netdev.linkDownCount) +
        stat("rx_out_of_buffer", 0) +
        stat("rx_steer_missed_packets", 0) +
        stat("outbound_pci_stalled_wr", 0) +
        stat("outbound_pci_buffer_overflow", 0)
      );
    case "vf":
      return (
        software +
        stat("rx_vport_unicast_packets", hardware.rxPackets) +
        stat("rx_vport_unicast_bytes", hardware.rxBytes) +
        stat("tx_vport_unicast_packets", hardware.txPackets) +
        stat("tx_vport_unicast_bytes", hardware.txBytes)
      );
    default:
      return software;
  }
}

function driverInfo(machine: Machine, netdev: Netdev): string {
  const version = machine.boot.driverVersion ?? machine.boot.kernel.release;
  const isCard = netdev.kind !== "port" && netdev.kind !== "internal" && netdev.kind !== "datapath";
  const { running } = machine.firmware;
  return [
    `driver: ${driverOf(netdev)}`,
    `version: ${isCard ? version : machine.boot.kernel.release}`,
    `firmware-version: ${isCard ? `${running} (${machine.spec.card.psid})` : ""}`,
    `expansion-rom-version: `,
    `bus-info: ${netdev.pciAddress ?? ""}`,
    "",
  ].join("\n");
}

/** `ethtool -K DEV hw-tc-offload on|off`; other features change nothing here. */
function setFeatures({ act, args }: Pick<Invoked, "act" | "args">, netdev: Netdev): Ended {
  const value = args[args.indexOf("hw-tc-offload") + 1];
  if (!args.includes("hw-tc-offload")) return printed("");
  if (value !== "on" && value !== "off") return failed("ethtool: bad command line argument(s)");
  const before = netdev.hasTcOffload ? "on" : "off";
  netdev.hasTcOffload = value === "on";
  note(act, `hw-tc-offload ${netdev.name}`, { before, after: value });
  return printed("");
}

/** ethtool(8): `-S`, `-i`, `-k`, `-K`, or the link's state without an option. */
export function ethtool({ machine, act, args }: Invoked): Ended {
  const option = args[0]?.startsWith("-") ? args[0] : "";
  const name = (option === "" ? args[0] : args[1]) ?? "";
  const netdev = machine.boot.netdevs.get(name);
  if (netdev === undefined) {
    if (option === "-i") return failed("Cannot get driver information: No such device", 71);
    return failed("netlink error: No such device", 75);
  }
  if (netdev.kind === "loopback") return failed("no stats available", 94);
  switch (option) {
    case "-S":
    case "--statistics":
      return printed(`NIC statistics:\n${counters(netdev)}`);
    case "-i":
    case "--driver":
      return printed(driverInfo(machine, netdev));
    case "-k":
    case "--show-features":
    case "--features":
      return printed(
        `Features for ${name}:\nhw-tc-offload: ${netdev.hasTcOffload ? "on" : "off"}\n`,
      );
    case "-K":
    case "--offload":
      return setFeatures({ act, args }, netdev);
    default: {
      const isUp = hasCarrier(machine, netdev);
      const speed = isUp ? "100000Mb/s" : "Unknown!";
      return printed(
        `Settings for ${name}:\n\tSpeed: ${speed}\n\tLink detected: ${isUp ? "yes" : "no"}\n`,
      );
    }
  }
}

function filters(machine: Machine, netdev: string): readonly object[] {
  return rulesOn(machine, netdev).map((flow, at) => ({
    protocol: "ip",
    pref: 2,
    kind: "flower",
    chain: 0,
    options: {
      handle: at + 1,
      keys: { dst_mac: flow.destination, src_mac: flow.source, eth_type: "ipv4" },
      ...(flow.isOffloaded ? { in_hw: true, in_hw_count: 1 } : { not_in_hw: true }),
      actions: [
        {
          order: 1,
          kind: "mirred",
          mirred_action: "redirect",
          direction: "egress",
          to_dev: flow.outPort,
          control_action: { type: "stolen" },
          index: at + 1,
          ref: 1,
          bind: 1,
          stats: {
            bytes: flow.bytes,
            packets: flow.packets,
            drops: 0,
            overlimits: 0,
            requeues: 0,
            sw_packets: flow.softwarePackets,
            hw_packets: flow.packets - flow.softwarePackets,
            backlog: 0,
            qlen: 0,
          },
        },
      ],
    },
  }));
}

/** While offload is in effect vswitchd puts an ingress qdisc on every port it opens. */
function showQdiscs(machine: Machine, name: string | undefined, isJson: boolean): Ended {
  const netdev = name === undefined ? undefined : machine.boot.netdevs.get(name);
  const isPort = netdev !== undefined && machine.boot.datapath.ofports.has(netdev.name);
  const hasIngress = isPort && netdev.hasIngressQdisc && machine.boot.vswitchd?.offloads === true;
  const qdiscs = [
    { kind: "mq", handle: "0:" },
    ...(hasIngress ? [{ kind: "ingress", handle: "ffff:" }] : []),
  ];
  if (isJson) return printedJson(qdiscs);
  return printed(
    qdiscs.map(({ kind, handle }) => `qdisc ${kind} ${handle} dev ${name}\n`).join(""),
  );
}

/** tc(8): `filter show dev X ingress`, `qdisc show`, `qdisc del dev X ingress|clsact`. */
export function tc({ machine, act, args }: Invoked): Ended {
  const words = args.filter((arg) => !arg.startsWith("-"));
  const isJson = args.some((arg) => arg.startsWith("-j"));
  const name = words[words.indexOf("dev") + 1];
  if (words.includes("dev") && (name === undefined || !machine.boot.netdevs.has(name))) {
    return failed(`Cannot find device "${name ?? ""}"`);
  }
  const [object, verb] = words;
  if (object === "filter" && verb === "show") {
    const shown = name === undefined ? [] : filters(machine, name);
    return isJson
      ? printedJson(shown)
      : printed(
          shown
            .map(() => "filter protocol ip pref 2 flower chain 0\n  in_hw in_hw_count 1\n")
            .join(""),
        );
  }
  if (object === "qdisc" && verb === "show") return showQdiscs(machine, name, isJson);
  if (object === "qdisc" && verb === "del" && name !== undefined) {
    const rules = rulesOn(machine, name).length;
    dropRules(machine, name);
    const netdev = machine.boot.netdevs.get(name);
    if (netdev !== undefined) netdev.hasIngressQdisc = false;
    note(act, `tc ${name}`, { before: `${rules} rules`, after: "0 rules" });
    return printed("");
  }
  return failed(`Object "${object ?? ""}" is unknown, try "tc help".`);
}
