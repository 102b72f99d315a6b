import type { Argv } from "@switchyard/model";

/** Seconds ovs-vsctl and ovs-appctl wait; a read needs far less, a dead daemon would mean for ever. */
const OVS_READ_TIMEOUT_S = 10;

const list = (table: string, columns: readonly string[]): Argv => [
  "ovs-vsctl",
  `--timeout=${OVS_READ_TIMEOUT_S}`,
  "--format=json",
  `--columns=${columns.join(",")}`,
  "list",
  table,
];

/** @see ovs-vsctl(8) */
export const ovsVersion = (): Argv => ["ovs-vsctl", "--version"];
/** @see ovs-vswitchd.conf.db(5), Open_vSwitch */
export const ovsListGlobal = (): Argv =>
  list("Open_vSwitch", ["other_config", "external_ids", "ovs_version"]);
/** @see ovs-vswitchd.conf.db(5), Bridge */
export const ovsListBridges = (): Argv => list("Bridge", ["name", "ports", "external_ids"]);
/** @see ovs-vswitchd.conf.db(5), Port */
export const ovsListPorts = (): Argv => list("Port", ["_uuid", "name", "interfaces"]);
/** @see ovs-vswitchd.conf.db(5), Interface */
export const ovsListInterfaces = (): Argv =>
  list("Interface", ["_uuid", "name", "ofport", "error", "link_state"]);
/** @see ovs-vswitchd(8) */
export const ovsFdbShow = (bridge: string): Argv => [
  "ovs-appctl",
  `--timeout=${OVS_READ_TIMEOUT_S}`,
  "fdb/show",
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
