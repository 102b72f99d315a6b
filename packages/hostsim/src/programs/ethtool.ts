import { note } from "../machine/act.ts";
import type { Machine } from "../machine/machine.ts";
import { hasCarrier, type Netdev } from "../machine/netdev.ts";
import { type Ended, failed, type Invoked, printed } from "./program.ts";

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
