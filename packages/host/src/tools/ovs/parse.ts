import {
  type BridgePort,
  type ObservedPortSettings,
  OWNER_KEY,
  OWNER_VALUE,
} from "@switchyard/model";
import { policingOf, type ShapingTables, shapingOf } from "./limits.ts";
import { columnNumber, columnText, mapOf, type Row, setOf } from "./table.ts";

/** A bridge as the database has it. */
export interface BridgeRecord {
  readonly name: string;
  readonly isOurs: boolean;
  /** All ports but the bridge's own internal one. */
  readonly ports: readonly BridgePort[];
}

/** `ovs-vsctl (Open vSwitch) 3.1.0` → `3.1.0`; vendor builds add to it: `2.17.8+nvidia.e92ac07`. */
export const parseOvsVersion = (text: string): string | undefined =>
  /^ovs-vsctl \(Open vSwitch\) (\S+)/m.exec(text)?.[1];

/** Joins the tables Bridge, Port and Interface; without the other two, no limit of what goes out is told. */
export function joinBridges(tables: {
  readonly Bridge: readonly Row[];
  readonly Port: readonly Row[];
  readonly Interface: readonly Row[];
  readonly QoS?: readonly Row[];
  readonly Queue?: readonly Row[];
}): readonly BridgeRecord[] {
  const interfaces = new Map(tables.Interface.map((row) => [columnText(row, "_uuid"), row]));
  const ports = new Map(tables.Port.map((row) => [columnText(row, "_uuid"), row]));
  return tables.Bridge.map((bridge) => {
    const name = columnText(bridge, "name") ?? "";
    return {
      name,
      isOurs: mapOf(bridge, "external_ids").get(OWNER_KEY) === OWNER_VALUE,
      ports: setOf(bridge, "ports")
        .map((uuid) => ports.get(String(uuid)))
        .filter((port) => port !== undefined)
        .filter((port) => columnText(port, "name") !== name)
        .map((port) => portOf(port, interfaces, tables))
        .sort((left, right) => (left.name < right.name ? -1 : 1)),
    };
  });
}

/** A bond has several interfaces: one that is broken speaks for the port. */
function portOf(
  port: Row,
  interfaces: ReadonlyMap<string | undefined, Row>,
  shaping: Partial<ShapingTables>,
): BridgePort {
  const rows = setOf(port, "interfaces")
    .map((uuid) => interfaces.get(String(uuid)))
    .filter((row) => row !== undefined);
  const shown = rows.find(isBroken) ?? rows[0];
  const settings = settingsOf(port, rows[0], shaping);
  return {
    name: columnText(port, "name") ?? "",
    ofport: shown === undefined ? undefined : columnNumber(shown, "ofport"),
    error: shown === undefined ? undefined : columnText(shown, "error"),
    linkState: shown === undefined ? undefined : columnText(shown, "link_state"),
    ...(settings !== undefined && { settings }),
  };
}

function settingsOf(
  port: Row,
  row: Row | undefined,
  { QoS = [], Queue = [] }: Partial<ShapingTables>,
): ObservedPortSettings | undefined {
  const vlan = columnNumber(port, "tag");
  const sendLimit = row && policingOf(row);
  const receiveLimit = shapingOf(columnText(port, "qos"), { QoS, Queue });
  if (vlan === undefined && sendLimit === undefined && receiveLimit === undefined) return undefined;
  return {
    ...(vlan !== undefined && { vlan }),
    ...(sendLimit !== undefined && { sendLimit }),
    ...(receiveLimit !== undefined && { receiveLimit }),
  };
}

/** vswitchd could not open the device. @see ovs-vswitchd.conf.db(5), Interface: ofport, error */
export const isBroken = (row: Row): boolean =>
  columnNumber(row, "ofport") === -1 || columnText(row, "error") !== undefined;

/** One MAC that a bridge has learnt. */
export interface FdbEntry {
  /** OpenFlow port; undefined for the bridge's own. */
  readonly ofport: number | undefined;
  readonly vlan: number;
  readonly mac: string;
  readonly ageS: number;
}

/** Table of `ovs-appctl fdb/show`. A static entry's age is a word and reads as 0. */
export function parseFdb(text: string): readonly FdbEntry[] {
  return [...text.matchAll(/^ *(\d+|LOCAL) +(\d+) +([0-9a-f:]{17}) +(\S+)/gm)].map((match) => {
    const [, port, vlan, mac, age] = match as unknown as [string, string, string, string, string];
    return {
      ofport: port === "LOCAL" ? undefined : Number(port),
      vlan: Number(vlan),
      mac,
      ageS: Number(age) || 0,
    };
  });
}
