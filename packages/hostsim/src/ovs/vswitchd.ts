import { type Act, note } from "../machine/act.ts";
import type { Machine } from "../machine/machine.ts";
import { loadModule } from "../machine/modules.ts";
import {
  createNetdev,
  hasCarrier,
  machineMac,
  type Netdev,
  netdevsOf,
  shownCounters,
} from "../machine/netdev.ts";
import { endProcess, startDaemon } from "../machine/process.ts";
import { bridgeOfPort, bridgeRows, interfaceRows, portRows } from "./bridges.ts";
import { type Row, readColumn } from "./database.ts";
import { dropRules } from "./datapath.ts";
import type { Value } from "./schema.ts";

export const RUN_FOLDER = "/run/openvswitch";

/** Salts of the bridges' own MAC addresses start here, away from those of other netdevs. */
const BRIDGE_MAC_SALT = 0x8000;

function wantsOffload(machine: Machine): boolean {
  const [root] = [...machine.ovsDatabase.tables.Open_vSwitch.values()];
  const config = root === undefined ? {} : readColumn("Open_vSwitch", root, "other_config");
  return (config as Readonly<Record<string, Value>>)["hw-offload"] === "true";
}

const describe = (machine: Machine): string =>
  machine.boot.vswitchd === undefined
    ? "stopped"
    : `running hw-offload=${machine.boot.vswitchd.offloads}`;

/** Interfaces of type internal, which vswitchd makes and unmakes as netdevs. */
function internalNames(machine: Machine): readonly string[] {
  const { tables } = machine.ovsDatabase;
  return bridgeRows(tables)
    .flatMap((bridge) => portRows(tables, bridge))
    .flatMap((port) => interfaceRows(tables, port))
    .filter((row) => row.columns["type"] === "internal")
    .map((row) => String(row.columns["name"]));
}

function forgetUnusedPorts(machine: Machine): void {
  const { datapath } = machine.boot;
  for (const name of [...datapath.ofports.keys()]) {
    if (bridgeOfPort(machine, name) !== undefined) continue;
    datapath.ofports.delete(name);
    dropRules(machine, name);
    for (const table of datapath.learned.values()) {
      for (const [mac, port] of table) if (port === name) table.delete(mac);
    }
  }
}

function numberPorts(machine: Machine): void {
  const { tables } = machine.ovsDatabase;
  const { ofports } = machine.boot.datapath;
  for (const bridge of bridgeRows(tables)) {
    const bridgeName = String(bridge.columns["name"]);
    let next = 1;
    for (const port of portRows(tables, bridge)) {
      const name = String(port.columns["name"]);
      if (name === bridgeName) ofports.set(name, 65_534);
      else if (!ofports.has(name)) {
        while ([...ofports].some(([, used]) => used === next)) next += 1;
        ofports.set(name, next);
        const netdev = machine.boot.netdevs.get(name);
        if (netdev !== undefined) netdev.hasIngressQdisc = true;
      }
    }
  }
}

/** Brings the kernel in line with the database; a running vswitchd does it after every commit. */
export function reconfigure(act: Act): void {
  const { machine } = act;
  if (machine.boot.vswitchd === undefined) return;
  const wanted = internalNames(machine);
  for (const { name } of netdevsOf(machine, "internal")) {
    if (wanted.includes(name)) continue;
    machine.boot.netdevs.delete(name);
    machine.boot.datapath.learned.delete(name);
    machine.boot.datapath.openFlows.delete(name);
  }
  for (const name of wanted) {
    if (machine.boot.netdevs.has(name)) continue;
    const mac = machineMac(machine, BRIDGE_MAC_SALT + machine.boot.nextIfindex);
    createNetdev(machine, {
      name,
      kind: "internal",
      pciAddress: undefined,
      vfIndex: undefined,
      mac,
    });
  }
  forgetUnusedPorts(machine);
  numberPorts(machine);
}

/** `ovs-ctl start`; already running is success. */
export function startOvs(act: Act): void {
  const { machine } = act;
  const { boot } = machine;
  loadModule(act, "openvswitch");
  if (!boot.netdevs.has("ovs-system")) {
    createNetdev(machine, {
      name: "ovs-system",
      kind: "datapath",
      pciAddress: undefined,
      vfIndex: undefined,
    });
  }
  boot.ovsdbPid ??= startDaemon(act, "ovsdb-server", [
    "ovsdb-server",
    "/etc/openvswitch/conf.db",
    `--remote=punix:/var/run/openvswitch/db.sock`,
    "--detach",
  ]);
  machine.files.write(`${RUN_FOLDER}/ovsdb-server.pid`, `${boot.ovsdbPid}\n`);
  machine.files.write(`${RUN_FOLDER}/db.sock`, "");
  if (boot.vswitchd !== undefined) return;
  const argv = ["ovs-vswitchd", "unix:/var/run/openvswitch/db.sock", "--detach"];
  const offloads = wantsOffload(machine);
  const busyThreads = offloads ? machine.spec.offloadBusyThreads : 0;
  const pid = startDaemon(act, "ovs-vswitchd", argv, busyThreads);
  boot.vswitchd = { pid, startedAtMs: machine.clock.nowMs(), offloads };
  machine.files.write(`${RUN_FOLDER}/ovs-vswitchd.pid`, `${pid}\n`);
  note(act, "vswitchd", { before: "stopped", after: describe(machine) });
  reconfigure(act);
}

/** `ovs-ctl stop`: the datapath and its offloaded rules stay behind in the kernel. */
export function stopOvs(act: Act): void {
  const { machine } = act;
  const { boot } = machine;
  const before = describe(machine);
  if (boot.vswitchd !== undefined) endProcess(machine, boot.vswitchd.pid);
  if (boot.ovsdbPid !== undefined) endProcess(machine, boot.ovsdbPid);
  boot.vswitchd = undefined;
  boot.ovsdbPid = undefined;
  boot.datapath.openFlows.clear();
  for (const name of ["ovs-vswitchd.pid", "ovsdb-server.pid", "db.sock"]) {
    machine.files.remove(`${RUN_FOLDER}/${name}`);
  }
  note(act, "vswitchd", { before, after: "stopped" });
}

/** Ends one of the two daemons, as a signal does; the other one runs on. */
export function endDaemon(act: Act, pid: number): void {
  const { machine } = act;
  const { boot } = machine;
  endProcess(machine, pid);
  if (boot.vswitchd?.pid === pid) {
    note(act, "vswitchd", { before: describe(machine), after: "stopped" });
    boot.vswitchd = undefined;
    boot.datapath.openFlows.clear();
  }
  if (boot.ovsdbPid === pid) {
    boot.ovsdbPid = undefined;
    machine.files.remove(`${RUN_FOLDER}/db.sock`);
  }
}

/** `ovs-ctl restart`: the datapath's flows are flushed, OpenFlow's are kept, and hw-offload is read anew. */
export function restartOvs(act: Act): void {
  const { datapath } = act.machine.boot;
  const saved = [...datapath.openFlows];
  stopOvs(act);
  datapath.flows.clear();
  datapath.learned.clear();
  startOvs(act);
  for (const [bridge, flows] of saved) datapath.openFlows.set(bridge, flows);
}

function liveStatistics(netdev: Netdev): Record<string, number> {
  const { rxBytes, rxPackets, txBytes, txPackets } = shownCounters(netdev);
  return {
    collisions: 0,
    rx_bytes: rxBytes,
    rx_crc_err: 0,
    rx_dropped: 0,
    rx_errors: 0,
    rx_frame_err: 0,
    rx_missed_errors: 0,
    rx_over_err: 0,
    rx_packets: rxPackets,
    tx_bytes: txBytes,
    tx_dropped: 0,
    tx_errors: 0,
    tx_packets: txPackets,
  };
}

/** Why vswitchd can't use an interface; undefined when it can. */
export const interfaceError = (machine: Machine, name: string): string | undefined =>
  machine.boot.netdevs.has(name)
    ? undefined
    : `could not open network device ${name} (No such device)`;

/** What vswitchd writes into an Interface row, as far as it has looked at it. */
export function interfaceState(machine: Machine, row: Row): Record<string, Value> {
  const name = String(row.columns["name"]);
  const { ofports } = machine.boot.datapath;
  if (!ofports.has(name)) return {};
  const error = interfaceError(machine, name);
  const netdev = machine.boot.netdevs.get(name);
  if (error !== undefined || netdev === undefined) {
    return { ofport: [-1], error: error === undefined ? [] : [error] };
  }
  return {
    ofport: [ofports.get(name) ?? -1],
    error: [],
    admin_state: [netdev.isUp ? "up" : "down"],
    link_state: [hasCarrier(machine, netdev) ? "up" : "down"],
    ifindex: [netdev.ifindex],
    mac_in_use: [netdev.mac],
    mtu: [netdev.mtu],
    link_speed: netdev.kind === "internal" ? [] : [100_000_000_000],
    duplex: netdev.kind === "internal" ? [] : ["full"],
    link_resets: [0],
    statistics: liveStatistics(netdev),
    status: { driver_name: driverNameOf(netdev) },
  };
}

const driverNameOf = (netdev: Netdev): string => {
  if (netdev.kind === "internal") return "openvswitch";
  if (netdev.kind === "bond") return "bonding";
  return netdev.kind === "representor" ? "mlx5e_rep" : "mlx5_core";
};
