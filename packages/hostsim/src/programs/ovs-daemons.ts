import { createHash } from "node:crypto";
import type { Machine } from "../machine/machine.ts";
import { bridgeNames } from "../ovs/bridges.ts";
import { expireFlows, type Flow } from "../ovs/datapath.ts";
import { restartOvs, startOvs, stopOvs } from "../ovs/vswitchd.ts";
import { type Ended, failed, type Invoked, printed } from "./program.ts";

/** ovs-ctl(8): start, stop, restart, status. */
export function ovsCtl(invoked: Invoked): Ended {
  const { act, machine } = invoked;
  const [verb] = invoked.args.filter((arg) => !arg.startsWith("-"));
  const { ovsdbPid, vswitchd } = machine.boot;
  switch (verb) {
    case "start": {
      const lines = [
        ovsdbPid === undefined ? "Starting ovsdb-server" : "ovsdb-server is already running.",
        vswitchd === undefined ? "Starting ovs-vswitchd" : "ovs-vswitchd is already running.",
      ];
      startOvs(act);
      return printed(lines.map((line) => `${line}\n`).join(""));
    }
    case "stop":
      stopOvs(act);
      return printed("Exiting ovs-vswitchd\nExiting ovsdb-server\n");
    case "restart":
      restartOvs(act);
      return printed("Starting ovsdb-server\nStarting ovs-vswitchd\n");
    case "status": {
      const isUp = ovsdbPid !== undefined && vswitchd !== undefined;
      const line = (name: string, pid: number | undefined) =>
        pid === undefined ? `${name} is not running\n` : `${name} is running with pid ${pid}\n`;
      const stdout = line("ovsdb-server", ovsdbPid) + line("ovs-vswitchd", vswitchd?.pid);
      return { exitCode: isUp ? 0 : 1, stdout, stderr: "" };
    }
    case "version":
      return printed(`ovsdb-server (Open vSwitch) ${machine.spec.ovsVersion}\n`);
    default:
      return failed(`ovs-ctl: unknown command "${verb ?? ""}" (use --help for help)`);
  }
}

/** As in Open vSwitch, it follows from what the flow matches; a flow made anew has the same. */
function ufidOf(flow: Flow): string {
  const key = [flow.bridge, flow.inPort, flow.source, flow.destination].join(" ");
  const digits = createHash("sha1").update(key).digest("hex");
  const parts = [digits.slice(0, 8), digits.slice(8, 12), digits.slice(12, 16)];
  return [...parts, digits.slice(16, 20), digits.slice(20, 32)].join("-");
}

function flowLine(flow: Flow, now: number): string {
  const match =
    `ufid:${ufidOf(flow)}, in_port(${flow.inPort}),packet_type(ns=0,id=0),` +
    `eth(src=${flow.source},dst=${flow.destination}),eth_type(0x0800),ipv4(frag=no)`;
  const used = `${((now - flow.lastUsedMs) / 1000).toFixed(3)}s`;
  const place = flow.isOffloaded ? "offloaded:yes, dp:tc" : flow.isInTc ? "dp:tc" : "dp:ovs";
  return `${match}, packets:${flow.packets}, bytes:${flow.bytes}, used:${used}, ${place}, actions:${flow.outPort}\n`;
}

function dumpFlows(machine: Machine, args: readonly string[]): Ended {
  const type = args.map((arg) => /^type=(.*)$/.exec(arg)?.[1]).find((each) => each !== undefined);
  const known = [
    undefined,
    "all",
    "offloaded",
    "non-offloaded",
    "tc",
    "ovs",
    "partially-offloaded",
    "dpdk",
  ];
  if (!known.includes(type)) {
    return failed(`ovs-vswitchd: Failed to parse type (${type}) (Invalid argument)`, 2);
  }
  expireFlows(machine);
  const flows = [...machine.boot.datapath.flows.values()].filter((flow) => {
    if (type === "offloaded") return flow.isOffloaded;
    if (type === "non-offloaded") return !flow.isOffloaded;
    if (type === "tc") return flow.isInTc;
    if (type === "ovs") return !flow.isInTc;
    return type === undefined || type === "all";
  });
  return printed(flows.map((flow) => flowLine(flow, machine.clock.nowMs())).join(""));
}

function showFdb(machine: Machine, bridge: string): Ended {
  if (!bridgeNames(machine).includes(bridge)) {
    return failed("no such bridge\novs-appctl: ovs-vswitchd: server returned an error", 2);
  }
  const table = machine.boot.datapath.learned.get(bridge) ?? new Map<string, string>();
  const rows = [...table].map(([key, port]) => {
    const [vlan = "", mac = ""] = key.split(" ");
    const number = machine.boot.datapath.ofports.get(port);
    const shown = number === 65_534 ? "LOCAL" : String(number ?? "?");
    return `${shown.padStart(5)}  ${vlan.padStart(4)}  ${mac}    1\n`;
  });
  return printed(` port  VLAN  MAC                Age\n${rows.join("")}`);
}

function showUpcalls(machine: Machine): Ended {
  expireFlows(machine);
  const flows = [...machine.boot.datapath.flows.values()];
  const offloaded = flows.filter(({ isOffloaded }) => isOffloaded).length;
  return printed(
    `system@ovs-system:\n  flows         : (current ${flows.length}) (avg ${flows.length}) ` +
      `(max ${flows.length}) (limit 200000)\n  offloaded flows : ${offloaded}\n` +
      "  dump duration : 1ms\n  ufid enabled : true\n",
  );
}

/** ovs-appctl(8): version, dpctl/dump-flows, fdb/show, upcall/show, exit. */
export function ovsAppctl(invoked: Invoked): Ended {
  const { machine, act } = invoked;
  const words = invoked.args.filter(
    (arg, at) => !arg.startsWith("-") && invoked.args[at - 1] !== "-t",
  );
  const [command, ...args] = words;
  const { vswitchd } = machine.boot;
  if (vswitchd === undefined) {
    const path = "/var/run/openvswitch/ovs-vswitchd.pid";
    return failed(`ovs-appctl: cannot read pidfile "${path}" (No such file or directory)`);
  }
  switch (command) {
    case "version":
      return printed(`ovs-vswitchd (Open vSwitch) ${machine.spec.ovsVersion}\n`);
    case "dpctl/dump-flows":
      return dumpFlows(machine, [
        ...args,
        ...invoked.args.filter((arg) => arg.startsWith("type=")),
      ]);
    case "fdb/show":
      return showFdb(machine, args[0] ?? "");
    case "upcall/show":
      return showUpcalls(machine);
    case "revalidator/purge":
      machine.boot.datapath.flows.clear();
      return printed("");
    case "exit":
      if (invoked.args.includes("--cleanup")) machine.boot.datapath.flows.clear();
      stopOvs(act);
      return printed("");
    default: {
      const socket = `/var/run/openvswitch/ovs-vswitchd.${vswitchd.pid}.ctl`;
      const text = `"${command}" is not a valid command (use "list-commands" to see a list of valid commands)`;
      return failed(`${text}\novs-appctl: ${socket}: server returned an error`, 2);
    }
  }
}
