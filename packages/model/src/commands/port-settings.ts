import type { RateLimit } from "../desired/network.ts";
import { flowCookieOf, type PortFlow } from "../ports/anti-spoof.ts";
import type { MacAddress } from "../values/mac-address.ts";
import type { Argv } from "./argv.ts";
import { OWNER_KEY, OWNER_VALUE, ovsVsctl } from "./ovs.ts";

/*
 * What networks ask of ports. One call of ovs-vsctl is one transaction.
 */

/** Marks rows of QoS and Queue with the NIC they are for; they outlive their port. */
export const NIC_KEY = "switchyard-nic";

/** A colon would have to be quoted. @see ovs-vsctl(8), "Database Values" */
export const nicMark = (mac: MacAddress): string => mac.replaceAll(":", "");

/** Open vSwitch counts policing in thousands of bits. */
const KILO = 1000;

/** Open vSwitch's tools and daemon speak over a socket; a dead daemon must not mean for ever. */
const OFCTL_TIMEOUT_S = 15;

/** @param vlan undefined: untagged. @see ovs-vswitchd.conf.db(5), Port: tag */
export const ovsSetTag = (port: string, vlan: number | undefined): Argv =>
  vlan === undefined
    ? ovsVsctl("--", "clear", "port", port, "tag")
    : ovsVsctl("--", "set", "port", port, `tag=${vlan}`);

/**
 * What comes in by the port, which is what a VM sends. With hw-offload, vswitchd makes it a matchall filter,
 * which mlx5 turns into the rate of the function's vport.
 *
 * @param limit undefined: none
 * @see ovs-vswitchd.conf.db(5), Interface: ingress_policing_rate
 * @see torvalds/linux drivers/net/ethernet/mellanox/mlx5/core/en_tc.c, apply_police_params
 */
export const ovsSetPolicing = (port: string, limit: RateLimit | undefined): Argv =>
  ovsVsctl(
    "--",
    "set",
    "interface",
    port,
    `ingress_policing_rate=${(limit?.bitsPerSecond ?? 0) / KILO}`,
    `ingress_policing_burst=${(limit?.burstBits ?? 0) / KILO}`,
  );

/** Rows that are to go. */
export interface ShapingRows {
  readonly qos: readonly string[];
  readonly queues: readonly string[];
}

const destroy = ({ qos, queues }: ShapingRows): readonly string[] => [
  ...qos.flatMap((uuid) => ["--", "--if-exists", "destroy", "QoS", uuid]),
  ...queues.flatMap((uuid) => ["--", "--if-exists", "destroy", "Queue", uuid]),
];

/**
 * What goes out by the port, which is what a VM receives. Only what software forwards passes a qdisc: what
 * the card forwards by itself is not held back.
 *
 * @param shaping.former rows of ours that the new ones replace
 * @see ovs-vswitchd.conf.db(5), QoS: linux-htb
 */
export function ovsSetShaping(
  port: string,
  shaping: {
    readonly mac: MacAddress;
    readonly limit: RateLimit;
    readonly former: ShapingRows;
  },
): Argv {
  const { mac, limit, former } = shaping;
  const rate = `other_config:max-rate=${limit.bitsPerSecond}`;
  const marks = [
    `external_ids:${OWNER_KEY}=${OWNER_VALUE}`,
    `external_ids:${NIC_KEY}=${nicMark(mac)}`,
  ];
  return ovsVsctl(
    ...["--", "set", "port", port, "qos=@qos"],
    ...["--", "--id=@qos", "create", "QoS", "type=linux-htb", rate, "queues:0=@queue", ...marks],
    ...["--", "--id=@queue", "create", "Queue", rate],
    ...[`other_config:burst=${limit.burstBits}`, ...marks],
    ...destroy(former),
  );
}

/** Takes our rows away, and gives the port what it had; one of them or both. */
export const ovsClearShaping = (
  rows: ShapingRows,
  port: { readonly name: string; readonly qos: string | undefined } | undefined,
): Argv =>
  ovsVsctl(
    ...(port === undefined
      ? []
      : port.qos === undefined
        ? ["--", "clear", "port", port.name, "qos"]
        : ["--", "set", "port", port.name, `qos=${port.qos}`]),
    ...destroy(rows),
  );

const ofctl = (...args: string[]): Argv => ["ovs-ofctl", `--timeout=${OFCTL_TIMEOUT_S}`, ...args];

/** A flow of the same priority and match is replaced. @see ovs-ofctl(8), add-flow */
export const ovsAddFlow = (bridge: string, mac: MacAddress, flow: PortFlow): Argv =>
  ofctl(
    "add-flow",
    bridge,
    `cookie=${flowCookieOf(mac)},priority=${flow.priority},${flow.match},actions=${flow.actions}`,
  );

/** Every bit of the cookie is compared. @see ovs-ofctl(8), del-flows */
export const ovsDelFlows = (bridge: string, mac: MacAddress): Argv =>
  ofctl("del-flows", bridge, `cookie=${flowCookieOf(mac)}/-1`);

/** @see ip-link(8) */
export const ipLinkMtu = (netdev: string, mtu: number): Argv => [
  "ip",
  ...["link", "set", "dev", netdev],
  ...["mtu", String(mtu)],
];

/** What the card does for a VF in legacy mode. */
export interface VfPortSettings {
  /** 0: no tag. */
  readonly vlan: number;
  /** The card drops what the VF sends with another MAC than its own. It does not look at addresses. */
  readonly isSpoofChecked: boolean;
  /** 0: no limit. */
  readonly maxTxMbps: number;
}

/** Of a VF in legacy mode, by its PF. @see ip-link(8), vf NUM */
export const ipVfSettingsSet = (netdev: string, index: number, settings: VfPortSettings): Argv => [
  "ip",
  ...["link", "set", "dev", netdev, "vf", String(index)],
  ...["vlan", String(settings.vlan)],
  ...["spoofchk", settings.isSpoofChecked ? "on" : "off"],
  ...["max_tx_rate", String(settings.maxTxMbps)],
];
