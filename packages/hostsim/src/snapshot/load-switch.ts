import {
  OWNER_KEY,
  OWNER_VALUE,
  RESTART_PENDING_KEY,
  type SnapshotFacts,
  type SnapshotItems,
} from "@switchyard/model";
import { startAct } from "../machine/act.ts";
import { type Machine, newMachineUuid } from "../machine/machine.ts";
import { type Row, setOf, Transaction } from "../ovs/database.ts";
import { endDaemon, startOvs } from "../ovs/vswitchd.ts";

type Switch = SnapshotItems["ovs"];

/** `KEY=VALUE`; what has no `=` is a key alone. */
const pairOf = (text: string): readonly [string, string] => {
  const at = text.indexOf("=");
  return at === -1 ? [text, ""] : [text.slice(0, at), text.slice(at + 1)];
};

function insertPort(transaction: Transaction, name: string, type: string): string {
  const iface = transaction.insert("Interface", { name, type });
  return transaction.insert("Port", { name, interfaces: [iface.uuid] }).uuid;
}

function insertBridge(
  transaction: Transaction,
  name: string,
  bridge: { readonly isOurs: boolean; readonly ports: readonly string[] },
): Row {
  const ports = [
    insertPort(transaction, name, "internal"),
    ...bridge.ports.map((port) => insertPort(transaction, port, "")),
  ];
  const ids = bridge.isOurs ? { [OWNER_KEY]: OWNER_VALUE } : {};
  return transaction.insert("Bridge", { name, ports, external_ids: ids });
}

const portsOf = (facts: SnapshotFacts, bridge: string): readonly string[] =>
  Object.keys(facts.bridgePorts ?? {})
    .filter((key) => key.startsWith(`${bridge}/`))
    .map((key) => key.slice(bridge.length + 1));

function loadDatabase(machine: Machine, facts: SnapshotFacts, ovs: Switch): void {
  const transaction = new Transaction(machine.ovsDatabase, () => newMachineUuid(machine));
  const bridges = Object.entries(facts.bridges ?? {}).map(([name, { isOurs }]) =>
    insertBridge(transaction, name, { isOurs, ports: portsOf(facts, name) }),
  );
  const { root } = transaction;
  const ids = root.columns["external_ids"] as Readonly<Record<string, string>>;
  transaction.update("Open_vSwitch", root.uuid, {
    bridges: [...setOf(root.columns["bridges"] ?? []), ...bridges.map(({ uuid }) => uuid)],
    other_config: Object.fromEntries(ovs.otherConfig.map(pairOf)),
    external_ids: ovs.isRestartPending ? { ...ids, [RESTART_PENDING_KEY]: "hw-offload" } : ids,
    ovs_version: ovs.daemonVersion === undefined ? [] : [ovs.daemonVersion],
  });
  machine.ovsDatabase.tables = transaction.tables;
}

/** Port numbers as they were given out; the daemon numbers only ports that have none. */
function loadOfports(machine: Machine, facts: SnapshotFacts): void {
  for (const [key, { ofport }] of Object.entries(facts.bridgePorts ?? {})) {
    const name = key.slice(key.indexOf("/") + 1);
    if (ofport !== undefined) machine.boot.datapath.ofports.set(name, ofport);
  }
}

/** Open vSwitch's database, and its daemons as they ran. */
export function loadSwitch(machine: Machine, facts: SnapshotFacts): void {
  const ovs = facts.ovs?.["ovs"];
  if (ovs === undefined) return;
  loadDatabase(machine, facts, ovs);
  const isDatabaseUp = ovs.isRunning || Object.keys(facts.bridges ?? {}).length > 0;
  if (!isDatabaseUp) return;
  loadOfports(machine, facts);
  startOvs(startAct(machine));
  const { vswitchd } = machine.boot;
  if (vswitchd === undefined) return;
  // It runs with the value from before the change.
  if (ovs.isRestartPending) {
    machine.boot.vswitchd = { ...vswitchd, offloads: !vswitchd.offloads };
  }
  if (!ovs.isRunning) endDaemon(startAct(machine), vswitchd.pid);
}
