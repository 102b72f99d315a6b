import {
  type MacAddress,
  nicMark,
  ovsClearShaping,
  ovsSetPolicing,
  ovsSetShaping,
  ovsSetTag,
  type RateLimit,
  type ShapingRows,
} from "@switchyard/model";
import type { Host } from "../../port/host.ts";
import { nicOfRow, policingOf, shapingOf } from "./limits.ts";
import { change, listTables } from "./ovs.ts";
import { columnNumber, columnText, type Row } from "./table.ts";

const named = (rows: readonly Row[], name: string): Row | undefined =>
  rows.find((row) => columnText(row, "name") === name);

/** A port's access VLAN. `isThere` is false where no bridge has the port. */
export async function readPortTag(
  host: Host,
  port: string,
): Promise<{ readonly isThere: boolean; readonly vlan: number | undefined }> {
  const row = named((await listTables(host, ["Port"])).Port, port);
  return { isThere: row !== undefined, vlan: row && columnNumber(row, "tag") };
}

/** Sets the tag or clears it; may run twice. @throws HostError OVS_NOT_RUNNING, OVS_CHANGE_FAILED */
export const setPortTag = (host: Host, port: string, vlan: number | undefined): Promise<void> =>
  change(host, ovsSetTag(port, vlan), `the VLAN of port ${port} was not set`);

/** What a port lets through, and the rows of ours that are there for its NIC, whether named or left over. */
export interface PortLimits {
  readonly isThere: boolean;
  readonly send: RateLimit | undefined;
  /** Where the QoS that the port names is ours. */
  readonly receive: RateLimit | undefined;
  /** QoS that the port names, whoever made it. */
  readonly qos: string | undefined;
  readonly rows: ShapingRows;
}

/** @param port undefined where the NIC has none now */
export async function readPortLimits(
  host: Host,
  nic: { readonly port: string | undefined; readonly mac: MacAddress },
): Promise<PortLimits> {
  const tables = await listTables(host, ["Port", "Interface", "QoS", "Queue"]);
  const row = nic.port === undefined ? undefined : named(tables.Port, nic.port);
  const interfaceRow = nic.port === undefined ? undefined : named(tables.Interface, nic.port);
  const qos = row && columnText(row, "qos");
  const mark = nicMark(nic.mac);
  const marked = (rows: readonly Row[]) =>
    rows.filter((each) => nicOfRow(each) === mark).map((each) => columnText(each, "_uuid") ?? "");
  return {
    isThere: row !== undefined,
    send: row && interfaceRow && policingOf(interfaceRow),
    receive: shapingOf(qos, tables),
    qos,
    rows: { qos: marked(tables.QoS), queues: marked(tables.Queue) },
  };
}

/** Limits what comes in by the port, or no longer; may run twice. @throws HostError as `setPortTag` */
export const setPolicing = (
  host: Host,
  port: string,
  limit: RateLimit | undefined,
): Promise<void> =>
  change(host, ovsSetPolicing(port, limit), `what port ${port} takes was not limited`);

/** Limits what goes out by the port; former rows of ours go in the same transaction. */
export const setShaping = (
  host: Host,
  port: string,
  shaping: Parameters<typeof ovsSetShaping>[1],
): Promise<void> =>
  change(host, ovsSetShaping(port, shaping), `what port ${port} sends was not limited`);

/** Takes rows of ours away and gives the port its former QoS; rows that are gone are success. */
export const clearShaping = (
  host: Host,
  rows: ShapingRows,
  port: Parameters<typeof ovsClearShaping>[1],
): Promise<void> =>
  change(host, ovsClearShaping(rows, port), "the limit of what a port sends was not taken away");
