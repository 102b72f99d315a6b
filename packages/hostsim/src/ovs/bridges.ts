import type { Machine } from "../machine/machine.ts";
import { type Row, readColumn, setOf, type Tables } from "./database.ts";

const nameOf = (row: Row): string => String(row.columns["name"]);

/** Rows a set of references points to, sorted by name as ovs-vsctl prints them. */
function referenced(rows: ReadonlyMap<string, Row>, uuids: readonly string[]): readonly Row[] {
  return uuids
    .flatMap((uuid) => rows.get(uuid) ?? [])
    .sort((left, right) => (nameOf(left) < nameOf(right) ? -1 : 1));
}

export function bridgeRows(tables: Tables): readonly Row[] {
  return [...tables.Open_vSwitch.values()].flatMap((root) =>
    referenced(tables.Bridge, setOf(readColumn("Open_vSwitch", root, "bridges"))),
  );
}

export const bridgeNames = (machine: Machine): readonly string[] =>
  bridgeRows(machine.ovsDatabase.tables).map(nameOf);

export const portRows = (tables: Tables, bridge: Row): readonly Row[] =>
  referenced(tables.Port, setOf(readColumn("Bridge", bridge, "ports")));

export const interfaceRows = (tables: Tables, port: Row): readonly Row[] =>
  referenced(tables.Interface, setOf(readColumn("Port", port, "interfaces")));

/** Names of interfaces in a bridge, its own included. */
export function portsOfBridge(machine: Machine, bridge: string): readonly string[] {
  const { tables } = machine.ovsDatabase;
  const row = bridgeRows(tables).find((candidate) => nameOf(candidate) === bridge);
  if (row === undefined) return [];
  return portRows(tables, row).flatMap((port) => interfaceRows(tables, port).map(nameOf));
}

/** Of each interface its bridge, for as long as nothing is committed to the database: `ip` asks for every link. */
const bridgesOf = new WeakMap<Tables, ReadonlyMap<string, string>>();

function indexBridges(tables: Tables): ReadonlyMap<string, string> {
  const bridges = new Map<string, string>();
  for (const bridge of bridgeRows(tables)) {
    for (const port of portRows(tables, bridge)) {
      for (const each of interfaceRows(tables, port)) {
        if (!bridges.has(nameOf(each))) bridges.set(nameOf(each), nameOf(bridge));
      }
    }
  }
  return bridges;
}

export function bridgeOfPort(machine: Machine, netdev: string): string | undefined {
  const { tables } = machine.ovsDatabase;
  let bridges = bridgesOf.get(tables);
  if (bridges === undefined) {
    bridges = indexBridges(tables);
    bridgesOf.set(tables, bridges);
  }
  return bridges.get(netdev);
}

/** Access VLAN of the port that an interface belongs to; undefined for a trunk. */
export function tagOfPort(machine: Machine, netdev: string): number | undefined {
  const { tables } = machine.ovsDatabase;
  const port = [...tables.Port.values()].find((row) =>
    interfaceRows(tables, row).some((each) => nameOf(each) === netdev),
  );
  const [tag] = port === undefined ? [] : setOf(readColumn("Port", port, "tag"));
  return tag === undefined ? undefined : Number(tag);
}
