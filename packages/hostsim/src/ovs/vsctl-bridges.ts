import { bridgeRows, interfaceRows, portRows } from "./bridges.ts";
import { OvsRefusal, type Row, readColumn, setOf, type Transaction } from "./database.ts";
import { type Invocation, noPair, type Subcommand } from "./vsctl-commands.ts";
import { applySettings } from "./vsctl-records.ts";

/*
 * The sub-commands that speak of bridges and ports by name. Texts and exit codes: ovs-vsctl 2.17.
 */

const nameOf = (row: Row): string => String(row.columns["name"]);

const findBridge = (transaction: Transaction, name: string): Row | undefined =>
  bridgeRows(transaction.tables).find((row) => nameOf(row) === name);

function requireBridge(transaction: Transaction, name: string): Row {
  const bridge = findBridge(transaction, name);
  if (bridge === undefined) throw new OvsRefusal(`no bridge named ${name}`);
  return bridge;
}

function findPort(transaction: Transaction, name: string): { bridge: Row; port: Row } | undefined {
  for (const bridge of bridgeRows(transaction.tables)) {
    const port = portRows(transaction.tables, bridge).find((row) => nameOf(row) === name);
    if (port !== undefined) return { bridge, port };
  }
  return undefined;
}

function insertPort(transaction: Transaction, bridge: Row, name: string, type: string): Row {
  const iface = transaction.insert("Interface", { name, type });
  const port = transaction.insert("Port", { name, interfaces: [iface.uuid] });
  const ports = setOf(
    readColumn("Bridge", transaction.row("Bridge", bridge.uuid) ?? bridge, "ports"),
  );
  transaction.update("Bridge", bridge.uuid, { ports: [...ports, port.uuid] });
  return port;
}

function deletePort(transaction: Transaction, bridge: Row, port: Row): void {
  for (const uuid of setOf(readColumn("Port", port, "interfaces"))) {
    transaction.delete("Interface", uuid);
  }
  transaction.delete("Port", port.uuid);
  const row = transaction.row("Bridge", bridge.uuid) ?? bridge;
  const ports = setOf(readColumn("Bridge", row, "ports")).filter((uuid) => uuid !== port.uuid);
  transaction.update("Bridge", bridge.uuid, { ports });
}

function addBridge({ transaction, args, options }: Invocation): string {
  const [name] = args as [string];
  if (findBridge(transaction, name) !== undefined) {
    if (options.has("may-exist")) return "";
    throw new OvsRefusal(
      `cannot create a bridge named ${name} because a bridge named ${name} already exists`,
    );
  }
  const taken = findPort(transaction, name);
  if (taken !== undefined) {
    const where = `a port named ${name} already exists on bridge ${nameOf(taken.bridge)}`;
    throw new OvsRefusal(`cannot create a bridge named ${name} because ${where}`);
  }
  const bridge = transaction.insert("Bridge", { name });
  insertPort(transaction, bridge, name, "internal");
  const bridges = setOf(readColumn("Open_vSwitch", transaction.root, "bridges"));
  transaction.update("Open_vSwitch", transaction.root.uuid, { bridges: [...bridges, bridge.uuid] });
  return "";
}

function deleteBridge({ transaction, args, options }: Invocation): string {
  const [name] = args as [string];
  const bridge = findBridge(transaction, name);
  if (bridge === undefined && options.has("if-exists")) return "";
  const { uuid } = requireBridge(transaction, name);
  for (const port of portRows(transaction.tables, requireBridge(transaction, name))) {
    deletePort(transaction, requireBridge(transaction, name), port);
  }
  transaction.delete("Bridge", uuid);
  const bridges = setOf(readColumn("Open_vSwitch", transaction.root, "bridges"));
  transaction.update("Open_vSwitch", transaction.root.uuid, {
    bridges: bridges.filter((each) => each !== uuid),
  });
  return "";
}

function addPort({ transaction, args, options, inserted }: Invocation): string {
  const [bridgeName, name, ...settings] = args as [string, string, ...string[]];
  const bridge = requireBridge(transaction, bridgeName);
  const found = findPort(transaction, name);
  if (found !== undefined) {
    if (options.has("may-exist") && nameOf(found.bridge) === bridgeName) return "";
    if (options.has("may-exist")) {
      const where = `port ${name} is on bridge ${nameOf(found.bridge)}`;
      throw new OvsRefusal(`"--may-exist add-port ${bridgeName} ${name}" but ${where}`);
    }
    const where = `a port named ${name} already exists on bridge ${nameOf(found.bridge)}`;
    throw new OvsRefusal(`cannot create a port named ${name} because ${where}`);
  }
  const port = insertPort(transaction, bridge, name, "");
  inserted.push(name);
  applySettings(transaction, { table: "Port", uuid: port.uuid, settings });
  return "";
}

function removePort({ transaction, args, options }: Invocation): string {
  const [first, second] = args as [string, string | undefined];
  const name = second ?? first;
  const found = findPort(transaction, name);
  if (found === undefined) {
    if (options.has("if-exists")) return "";
    throw new OvsRefusal(`no port named ${name}`);
  }
  if (second !== undefined && nameOf(found.bridge) !== first) {
    // --if-exists is about a port that no bridge has.
    requireBridge(transaction, first);
    throw new OvsRefusal(`bridge ${first} does not have a port ${name}`);
  }
  if (nameOf(found.bridge) === name) {
    const advice = `use del-br ${name} instead`;
    throw new OvsRefusal(`cannot delete port ${name} because it is the local port (${advice})`);
  }
  deletePort(transaction, found.bridge, found.port);
  return "";
}

const lines = (names: readonly string[]): string => names.map((name) => `${name}\n`).join("");

function listPorts({ transaction, args }: Invocation): string {
  const [name] = args as [string];
  const bridge = requireBridge(transaction, name);
  const names = portRows(transaction.tables, bridge).map(nameOf);
  return lines(names.filter((each) => each !== name));
}

function bridgeOfRow({ transaction, args }: Invocation, noun: string): string {
  const [name] = args as [string];
  const found = findPort(transaction, name);
  if (found === undefined || nameOf(found.bridge) === name) {
    throw new OvsRefusal(`no ${noun} named ${name}`);
  }
  return `${nameOf(found.bridge)}\n`;
}

function listInterfaces({ transaction, args }: Invocation): string {
  const [name] = args as [string];
  const bridge = requireBridge(transaction, name);
  const ports = portRows(transaction.tables, bridge);
  const names = ports.flatMap((port) => interfaceRows(transaction.tables, port).map(nameOf));
  return lines(names.filter((each) => each !== name));
}

function bridgeExists({ transaction, args }: Invocation): string {
  if (findBridge(transaction, args[0] as string) === undefined) throw new OvsRefusal("", 2);
  return "";
}

/** `br-set-external-id BRIDGE KEY [VALUE]`: sets, or without a value clears, one external id. */
function setExternalId({ transaction, args }: Invocation): string {
  const [name, key, value] = args as [string, string, string | undefined];
  const bridge = requireBridge(transaction, name);
  const ids = readColumn("Bridge", bridge, "external_ids") as Readonly<Record<string, string>>;
  const external_ids = value === undefined ? noPair(ids, key) : { ...ids, [key]: value };
  transaction.update("Bridge", bridge.uuid, { external_ids });
  return "";
}

export const BRIDGE_COMMANDS: Readonly<Record<string, Subcommand>> = {
  "add-br": { least: 1, most: 3, changes: true, run: addBridge },
  "del-br": { least: 1, most: 1, changes: true, run: deleteBridge },
  "br-exists": { least: 1, most: 1, changes: false, run: bridgeExists },
  "list-br": {
    least: 0,
    most: 0,
    changes: false,
    run: ({ transaction }) => lines(bridgeRows(transaction.tables).map(nameOf)),
  },
  "add-port": { least: 2, most: Number.POSITIVE_INFINITY, changes: true, run: addPort },
  "del-port": { least: 1, most: 2, changes: true, run: removePort },
  "list-ports": { least: 1, most: 1, changes: false, run: listPorts },
  "list-ifaces": { least: 1, most: 1, changes: false, run: listInterfaces },
  "port-to-br": {
    least: 1,
    most: 1,
    changes: false,
    run: (invocation) => bridgeOfRow(invocation, "port"),
  },
  "iface-to-br": {
    least: 1,
    most: 1,
    changes: false,
    run: (invocation) => bridgeOfRow(invocation, "interface"),
  },
  "br-set-external-id": { least: 2, most: 3, changes: true, run: setExternalId },
};
