import type { Host } from "../../port/host.ts";
import { readJson } from "../tool.ts";
import { ovsListStatistics } from "./commands.ts";
import { ovsError } from "./ovs.ts";
import { isBroken } from "./parse.ts";
import { columnText, decodeTable, mapOf, type Row } from "./table.ts";

/** What Open vSwitch counted at an interface, up to 5 s ago. */
export interface InterfaceStatistics {
  readonly name: string;
  /** It has a port number, no error and a link. */
  readonly isUp: boolean;
  /** `rx_packets`, `tx_bytes`, `rx_dropped` …; those the device does not count are left out. */
  readonly counters: ReadonlyMap<string, number>;
}

/** @see ovs-vswitchd.conf.db(5), Interface: ofport, error, link_state, statistics */
export const parseInterfaceStatistics = (answer: unknown): readonly InterfaceStatistics[] =>
  decodeTable(answer).map((row) => ({
    name: columnText(row, "name") ?? "",
    isUp: !isBroken(row) && columnText(row, "link_state") === "up",
    counters: countersOf(row),
  }));

function countersOf(row: Row): ReadonlyMap<string, number> {
  const counters = [...mapOf(row, "statistics")].filter(
    (entry): entry is [string, number] => typeof entry[1] === "number",
  );
  return new Map(counters);
}

/** Every interface of every bridge. @throws HostError OVS_NOT_RUNNING, OVS_CHANGE_FAILED */
export async function listInterfaceStatistics(host: Host): Promise<readonly InterfaceStatistics[]> {
  const argv = ovsListStatistics();
  const result = await host.run({ argv });
  if (result.exitCode !== 0) throw ovsError("interfaces can't be read", argv, result);
  return parseInterfaceStatistics(readJson(argv, result));
}
