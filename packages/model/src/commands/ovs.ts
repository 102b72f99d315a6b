import type { Argv } from "./argv.ts";

/** Seconds ovs-vsctl waits for vswitchd; without it a dead daemon means waiting for ever. */
const OVS_TIMEOUT_S = 15;

/** Mark on everything Switchyard made in OVS; bridges without it are never deleted. */
export const OWNER_KEY = "managed-by";
export const OWNER_VALUE = "switchyard";
/** Set in the transaction that changes hw-offload and removed after the restart, so that a crash between is seen. */
export const RESTART_PENDING_KEY = "switchyard-restart-pending";

/** Every change goes through it, so that all of them wait, and for so long. @see ovs-vsctl(8) */
export const ovsVsctl = (...args: string[]): Argv => [
  "ovs-vsctl",
  `--timeout=${OVS_TIMEOUT_S}`,
  ...args,
];

/** Job and epoch as stamped where the effect is: `JOB:EPOCH`. */
export const stamp = (job: string, epoch: number): string => `${job}:${epoch}`;

/** @see ovs-vsctl(8) */
export const ovsAddBridge = (bridge: string): Argv =>
  ovsVsctl(
    "--",
    "--may-exist",
    "add-br",
    bridge,
    "--",
    "set",
    "bridge",
    bridge,
    `external_ids:${OWNER_KEY}=${OWNER_VALUE}`,
  );
/** @see ovs-vsctl(8) */
export const ovsDelBridge = (bridge: string): Argv =>
  ovsVsctl("--", "--if-exists", "del-br", bridge);
/** @see ovs-vsctl(8) */
export const ovsAddPort = (bridge: string, port: string): Argv =>
  ovsVsctl(
    "--",
    "--may-exist",
    "add-port",
    bridge,
    port,
    "--",
    "set",
    "port",
    port,
    `external_ids:${OWNER_KEY}=${OWNER_VALUE}`,
  );
/** @see ovs-vsctl(8) */
export const ovsDelPort = (bridge: string, port: string): Argv =>
  ovsVsctl("--", "--if-exists", "del-port", bridge, port);
/** Sets hw-offload and marks the restart it needs, in one transaction. @see ovs-vswitchd.conf.db(5) */
export const ovsSetHwOffload = (isEnabled: boolean): Argv =>
  ovsVsctl(
    "--",
    "set",
    "Open_vSwitch",
    ".",
    `other_config:hw-offload=${isEnabled}`,
    `external_ids:${RESTART_PENDING_KEY}=hw-offload`,
  );
export const ovsClearRestartPending = (): Argv =>
  ovsVsctl("--", "remove", "Open_vSwitch", ".", "external_ids", RESTART_PENDING_KEY);
/** Where distributions put ovs-ctl; the same path on Rocky and Debian. */
const OVS_CTL = "/usr/share/openvswitch/scripts/ovs-ctl";
/** @see ovs-ctl(8) */
export const ovsCtlStart = (): Argv => [OVS_CTL, "start"];
/** @see ovs-ctl(8) */
export const ovsCtlRestart = (): Argv => [OVS_CTL, "restart"];
