import type { Argv } from "@switchyard/model";

/** Seconds ovs-vsctl and ovs-appctl wait; a read needs far less, a dead daemon would mean for ever. */
const OVS_READ_TIMEOUT_S = 10;

/** Tables that are read, with the columns that are read of each. @see ovs-vswitchd.conf.db(5) */
const COLUMNS = {
  Open_vSwitch: ["other_config", "external_ids", "ovs_version"],
  Bridge: ["name", "ports", "external_ids"],
  Port: ["_uuid", "name", "interfaces", "tag", "qos"],
  Interface: [
    ...["_uuid", "name", "ofport", "error", "link_state"],
    ...["ingress_policing_rate", "ingress_policing_burst"],
  ],
  QoS: ["_uuid", "other_config", "external_ids"],
  Queue: ["_uuid", "other_config", "external_ids"],
} as const;

export type OvsTable = keyof typeof COLUMNS;

/**
 * Reads tables in one transaction, so that they fit each other, and in one program. Each table is one line
 * of JSON.
 *
 * @see ovs-vsctl(8), "list" and the separator `--`
 */
export const ovsList = (tables: readonly OvsTable[]): Argv => [
  "ovs-vsctl",
  `--timeout=${OVS_READ_TIMEOUT_S}`,
  "--format=json",
  ...tables.flatMap((table) => ["--", `--columns=${COLUMNS[table].join(",")}`, "list", table]),
];

/** Counters of every interface, which vswitchd writes every 5 s. @see ovs-vswitchd.conf.db(5), Interface */
export const ovsListStatistics = (): Argv => [
  "ovs-vsctl",
  `--timeout=${OVS_READ_TIMEOUT_S}`,
  "--format=json",
  ...["--columns=name,ofport,error,link_state,statistics", "list", "Interface"],
];

/** @see ovs-vsctl(8) */
export const ovsVersion = (): Argv => ["ovs-vsctl", "--version"];
/** @see ovs-vswitchd(8) */
export const ovsFdbShow = (bridge: string): Argv => [
  "ovs-appctl",
  `--timeout=${OVS_READ_TIMEOUT_S}`,
  "fdb/show",
  bridge,
];
/** Without counters, and ports as numbers. @see ovs-ofctl(8), dump-flows */
export const ovsDumpOpenFlows = (bridge: string): Argv => [
  "ovs-ofctl",
  `--timeout=${OVS_READ_TIMEOUT_S}`,
  "--no-stats",
  "--no-names",
  "dump-flows",
  bridge,
];
/** All flows of the datapath, wherever they run. @see ovs-dpctl(8), dump-flows */
export const ovsDumpFlows = (): Argv => [
  "ovs-appctl",
  `--timeout=${OVS_READ_TIMEOUT_S}`,
  "dpctl/dump-flows",
  "-m",
  "type=all",
];
