import {
  type Argv,
  type Bridge,
  CommandError,
  HostError,
  type Ovs,
  ovsAddBridge,
  ovsAddPort,
  ovsClearRestartPending,
  ovsCtlRestart,
  ovsCtlStart,
  ovsDelBridge,
  ovsDelPort,
  ovsSetHwOffload,
  RESTART_PENDING_KEY,
  type Reason,
} from "@switchyard/model";
import type { CommandResult, Host } from "../../port/host.ts";
import { listLinks } from "../iproute/iproute.ts";
import type { LinkDetail } from "../iproute/parse.ts";
import { findProcess } from "../procfs/procfs.ts";
import { inOwnScope } from "../scope.ts";
import { hostError, readJsonLines, readOptional, runChecked } from "../tool.ts";
import { type OvsTable, ovsFdbShow, ovsList, ovsVersion } from "./commands.ts";
import {
  type BridgeRecord,
  type FdbEntry,
  isBroken,
  joinBridges,
  parseFdb,
  parseOvsVersion,
} from "./parse.ts";
import { columnText, decodeTable, mapOf, type Row } from "./table.ts";

/** ovs-ctl waits for both daemons, and a restart saves and restores flows. */
const OVS_CTL_TIMEOUT_MS = 120_000;
const DB_SOCKET = "/var/run/openvswitch/db.sock";
const VSWITCHD_PID_FILE = "/var/run/openvswitch/ovs-vswitchd.pid";

/** Status of ovs-vsctl killed by SIGALRM, which is how its --timeout ends. */
const EXIT_ALARM = 142;
/** Committed, but vswitchd could not apply it; releases before 3.6 exit 0 for the same. */
const EXIT_NOT_APPLIED = 65;

/**
 * Open vSwitch as it stands; undefined when it is not installed.
 *
 * @param links taken from the host when left out; a bridge's state and addresses are in them
 */
export async function readOvs(host: Host, links?: readonly LinkDetail[]): Promise<Ovs | undefined> {
  const version = await readOvsVersion(host);
  if (version === undefined) return undefined;
  const stopped: Ovs = {
    version,
    isRunning: false,
    hwOffload: false,
    isRestartPending: false,
    bridges: [],
  };
  const database = await readOvsDatabase(host);
  if (database === undefined) return stopped;
  const { otherConfig: _, ...facts } = database;
  const linksNow = links ?? (await listLinks(host));
  const bridges = database.bridges.map((record) => bridgeOf(record, linksNow));
  return { version, ...facts, bridges };
}

/** Version of the tools; undefined when Open vSwitch is not installed. */
export async function readOvsVersion(host: Host): Promise<string | undefined> {
  try {
    const { stdout } = await runChecked(host, { argv: ovsVersion() });
    return parseOvsVersion(stdout) ?? "unknown";
  } catch (error) {
    if (error instanceof CommandError && error.reason === "COMMAND_NOT_STARTED") return undefined;
    throw error;
  }
}

/** What the database says, without what only programs and links beside it tell. */
export interface OvsDatabase extends Omit<Ovs, "version" | "bridges"> {
  /** `KEY=VALUE`, sorted. */
  readonly otherConfig: readonly string[];
  readonly bridges: readonly BridgeRecord[];
}

const ALL_TABLES = ["Open_vSwitch", "Bridge", "Port", "Interface", "QoS", "Queue"] as const;

/**
 * The whole database by one program; undefined when it does not answer.
 *
 * @throws HostError OVS_CHANGE_FAILED; CommandError COMMAND_NOT_STARTED (not installed),
 *   COMMAND_OUTPUT_UNREADABLE
 */
export async function readOvsDatabase(host: Host): Promise<OvsDatabase | undefined> {
  if (!(await host.exists(DB_SOCKET))) return undefined;
  try {
    const { Open_vSwitch, ...tables } = await listTables(host, ALL_TABLES);
    const global = Open_vSwitch[0] ?? new Map();
    const daemonVersion = columnText(global, "ovs_version");
    const otherConfig = mapOf(global, "other_config");
    return {
      ...(daemonVersion !== undefined && { daemonVersion }),
      isRunning: await isVswitchdAlive(host),
      hwOffload: String(otherConfig.get("hw-offload")) === "true",
      otherConfig: [...otherConfig].map(([key, value]) => `${key}=${value}`).sort(),
      isRestartPending: mapOf(global, "external_ids").has(RESTART_PENDING_KEY),
      bridges: joinBridges(tables),
    };
  } catch (error) {
    if (error instanceof HostError && error.reason === "OVS_NOT_RUNNING") return undefined;
    throw error;
  }
}

/** The database alone answers reads; every change then waits for a vswitchd that is not there. */
async function isVswitchdAlive(host: Host): Promise<boolean> {
  const pid = Number((await readOptional(host, VSWITCHD_PID_FILE)) ?? Number.NaN);
  return Number.isSafeInteger(pid) && (await findProcess(host, pid)) !== undefined;
}

async function listBridgeRecords(host: Host): Promise<readonly BridgeRecord[]> {
  return joinBridges(await listTables(host, ["Bridge", "Port", "Interface"]));
}

function bridgeOf(record: BridgeRecord, links: readonly LinkDetail[]): Bridge {
  const link = links.find((candidate) => candidate.netdev === record.name);
  return { ...record, isUp: link?.isUp ?? false, addresses: link?.addresses ?? [] };
}

/** Tables as they are at one moment. @throws HostError OVS_NOT_RUNNING, OVS_CHANGE_FAILED */
export async function listTables<Table extends OvsTable>(
  host: Host,
  tables: readonly Table[],
): Promise<Record<Table, readonly Row[]>> {
  const argv = ovsList(tables);
  const result = await host.run({ argv });
  if (result.exitCode !== 0) throw ovsError("Open vSwitch can't be read", argv, result);
  const answers = readJsonLines(argv, result);
  const rows = tables.map((table, at) => [table, decodeTable(answers[at])] as const);
  return Object.fromEntries(rows) as Record<Table, readonly Row[]>; // one entry for each of `tables`
}

/** What ovs-vsctl, ovs-ofctl or ovs-appctl said. */
export function ovsError(message: string, argv: Argv, result: CommandResult): HostError {
  return hostError({ reason: reasonOf(result), message, argv, result, retry: "observe-first" });
}

function reasonOf(result: CommandResult): Reason {
  const isSilent = result.exitCode === EXIT_ALARM;
  const isAbsent = /database connection failed|cannot connect to|cannot read pidfile/.test(
    result.stderr,
  );
  return isSilent || isAbsent ? "OVS_NOT_RUNNING" : "OVS_CHANGE_FAILED";
}

/** Runs one transaction. @throws HostError OVS_NOT_RUNNING, OVS_CHANGE_FAILED */
export async function change(host: Host, argv: Argv, message: string): Promise<void> {
  const result = await host.run({ argv });
  if (result.exitCode !== 0) throw ovsError(message, argv, result);
}

/**
 * Starts both daemons; running is success.
 *
 * @throws HostError OVS_NOT_RUNNING; CommandError COMMAND_NOT_STARTED, COMMAND_TIMED_OUT
 */
export const startOvs = (host: Host): Promise<void> => runOvsCtl(host, ovsCtlStart());

/**
 * Restarts both daemons. Traffic of all bridges stops for one to several seconds.
 *
 * @throws HostError OVS_NOT_RUNNING; CommandError COMMAND_NOT_STARTED, COMMAND_TIMED_OUT
 */
export const restartOvs = (host: Host): Promise<void> => runOvsCtl(host, ovsCtlRestart());

async function runOvsCtl(host: Host, planned: Argv): Promise<void> {
  const argv = await inOwnScope(host, planned);
  const result = await host.run({ argv, timeoutMs: OVS_CTL_TIMEOUT_MS });
  if (result.exitCode === 0) return;
  const message = "the Open vSwitch daemons did not start";
  throw hostError({ reason: "OVS_NOT_RUNNING", message, argv, result });
}

/**
 * Sets hw-offload and marks the restart that it needs, in one transaction.
 *
 * @throws HostError OVS_NOT_RUNNING, OVS_CHANGE_FAILED
 */
export const setHwOffload = (host: Host, isEnabled: boolean): Promise<void> =>
  change(host, ovsSetHwOffload(isEnabled), `hw-offload=${isEnabled} was not set`);

/** Takes the mark of `setHwOffload` away; may run twice. @throws HostError as `setHwOffload` */
export const clearRestartPending = (host: Host): Promise<void> =>
  change(host, ovsClearRestartPending(), "the restart mark was not removed");

/**
 * Adds a bridge and puts our mark on it; one of ours that is there is success.
 *
 * @throws HostError BRIDGE_NOT_OURS (there, without the mark), OVS_NOT_RUNNING, OVS_CHANGE_FAILED
 */
export async function addBridge(host: Host, bridge: string): Promise<void> {
  await refuseForeign(host, bridge);
  await change(host, ovsAddBridge(bridge), `bridge ${bridge} was not added`);
}

/** Deletes a bridge; gone is success. @throws HostError as `addBridge` */
export async function deleteBridge(host: Host, bridge: string): Promise<void> {
  await refuseForeign(host, bridge);
  await change(host, ovsDelBridge(bridge), `bridge ${bridge} was not deleted`);
}

async function refuseForeign(host: Host, bridge: string): Promise<void> {
  const record = (await listBridgeRecords(host)).find(({ name }) => name === bridge);
  if (record === undefined || record.isOurs) return;
  throw new HostError("BRIDGE_NOT_OURS", `bridge ${bridge} was not made by Switchyard`, {
    found: `ports ${record.ports.map(({ name }) => name).join(", ")}`,
  });
}

/**
 * Adds a port; there already is success. OVS records a port whose device it can't open and most
 * releases exit 0 for it, so the interface is read back.
 *
 * @throws HostError OVS_PORT_BROKEN (recorded, but without its device), OVS_NOT_RUNNING,
 *   OVS_CHANGE_FAILED (it is on another bridge)
 * @see ovs-vsctl(8), EXIT STATUS
 */
export async function addPort(host: Host, bridge: string, port: string): Promise<void> {
  const argv = ovsAddPort(bridge, port);
  const result = await host.run({ argv });
  if (result.exitCode !== 0 && result.exitCode !== EXIT_NOT_APPLIED) {
    throw ovsError(`port ${port} was not added to ${bridge}`, argv, result);
  }
  const { Interface: rows } = await listTables(host, ["Interface"]);
  const row = rows.find((candidate) => columnText(candidate, "name") === port);
  if (result.exitCode === 0 && row !== undefined && !isBroken(row)) return;
  throw hostError({
    reason: "OVS_PORT_BROKEN",
    message: `OVS has port ${port} but not its device`,
    argv,
    result,
    metadata: { found: (row && columnText(row, "error")) ?? "no interface" },
  });
}

/** Takes a port from its bridge; gone is success. @throws HostError OVS_NOT_RUNNING, OVS_CHANGE_FAILED */
export const deletePort = (host: Host, bridge: string, port: string): Promise<void> =>
  change(host, ovsDelPort(bridge, port), `port ${port} was not taken from ${bridge}`);

/** MACs that a bridge has learnt. @throws HostError OVS_NOT_RUNNING, OVS_CHANGE_FAILED (no such bridge) */
export async function readFdb(host: Host, bridge: string): Promise<readonly FdbEntry[]> {
  const argv = ovsFdbShow(bridge);
  const result = await host.run({ argv });
  if (result.exitCode !== 0) throw ovsError(`FDB of ${bridge} can't be read`, argv, result);
  return parseFdb(result.stdout);
}
