import { note } from "../machine/act.ts";
import type { Machine } from "../machine/machine.ts";
import { dropRules, rulesOn } from "../ovs/datapath.ts";
import { type Ended, failed, type Invoked, printed, printedJson } from "./program.ts";

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
