import { transferListeners } from "../guest/listeners.ts";
import { chatter } from "../l2/ip-stack.ts";
import { reachesManagement } from "../l2/management.ts";
import { startAct } from "./act.ts";
import type { Machine } from "./machine.ts";
import type { Mirror, QemuPlace } from "./migration-side.ts";
import { emitQmp, endQemu, type Qemu } from "./qemu.ts";

/*
 * A guest's way from one QEMU to another. @see qemu/qemu migration/migration.c, migration/tls.c, block/mirror.c,
 * nbd/server.c, net/vhost-vdpa.c; the words of errors are QEMU 8.2's
 */

/** Kernels from which on mlx5_vdpa can stop its queues. @see torvalds/linux 6.1, mlx5_vdpa_suspend */
const SUSPEND_SINCE = [6, 1] as const;
/** QEMU before says that a control queue keeps it from migrating. */
const CVQ_SINCE = [8, 2] as const;

const isSince = (version: string, [major, minor]: readonly [number, number]): boolean => {
  const [ownMajor = 0, ownMinor = 0] = version.split(".").map(Number);
  return ownMajor > major || (ownMajor === major && ownMinor >= minor);
};

/** Why this QEMU would not let its guest go. */
export function migrationBlockers(machine: Machine, { minors, vfioDevices }: Qemu) {
  if (vfioDevices.length > 0) {
    return vfioDevices.map((device) => `${device}: VFIO migration is not supported in kernel`);
  }
  if (minors.length === 0) return [];
  if (!isSince(machine.boot.kernel.release, SUSPEND_SINCE)) {
    return ["Migration disabled: vhost lacks VHOST_F_LOG_ALL feature"];
  }
  return isSince(machine.spec.qemuVersion, CVQ_SINCE)
    ? []
    : ["net vdpa cannot migrate with CVQ feature"];
}

export const isThere = ({ machine, boot, pid }: QemuPlace): boolean =>
  machine.boot === boot && machine.bmc.powerState === "On" && boot.processes.has(pid);

const isReachable = (place: QemuPlace): boolean =>
  isThere(place) && reachesManagement(place.machine);

/** Opens a port. @returns closes it; undefined where it is taken */
export function listenOn(
  place: QemuPlace,
  at: { readonly address: string; readonly port: number; readonly kind: "memory" | "disk" },
): (() => void) | undefined {
  const { managementPorts } = place.machine;
  const name = `${at.address}:${at.port}`;
  const holder = managementPorts.get(name);
  if (holder !== undefined && isThere(holder)) return undefined;
  const { migration } = place.qemu;
  const tls = migration.parameters.get("tls-creds");
  const key = typeof tls === "string" ? migration.tlsKeys.get(tls) : undefined;
  const listener = { ...place, kind: at.kind, key };
  managementPorts.set(name, listener);
  const close = () => {
    if (managementPorts.get(name) === listener) managementPorts.delete(name);
  };
  place.qemu.closers.add(close);
  return close;
}

/** Who answers there, or why nobody does. */
export function connectTo(
  from: QemuPlace,
  to: {
    readonly address: string;
    readonly port: number;
    readonly kind: "memory" | "disk";
    readonly key: string | undefined;
  },
): QemuPlace | string {
  const listener = from.machine.managementPorts.get(`${to.address}:${to.port}`);
  const failed = `Failed to connect to '${to.address}:${to.port}'`;
  if (!reachesManagement(from.machine)) return `${failed}: Network is unreachable`;
  if (listener === undefined || listener.kind !== to.kind || !isThere(listener)) {
    return `${failed}: Connection refused`;
  }
  if (!isReachable(listener)) return `${failed}: Connection timed out`;
  if (listener.key !== to.key)
    return "TLS handshake failed: The TLS connection was non-properly terminated.";
  return listener;
}

/** The guest as it is in one QEMU goes on in another: what it is to the network goes with its NICs, in their order. */
function handOver({ qemu: from }: QemuPlace, { qemu: to }: QemuPlace): void {
  const [left, arrived] = [from.guest, to.guest];
  arrived.hostname = left.hostname;
  arrived.bootedAtMs = left.bootedAtMs;
  arrived.nextPid = left.nextPid;
  for (const [pid, result] of left.results) arrived.results.set(pid, result);
  for (const [at, nic] of left.nics.entries()) {
    const own = arrived.nics[at];
    if (own === undefined) continue;
    own.isUp = nic.isUp;
    own.mtu = nic.mtu;
    own.addresses = nic.addresses;
    for (const [address, mac] of nic.stack.neighbours) own.stack.neighbours.set(address, mac);
    transferListeners(nic.stack, own.stack);
  }
}

/** A guest that goes on says where it is, as QEMU makes it. @see qemu/qemu net/announce.c */
export function announce({ guest }: Qemu): void {
  for (const { stack } of guest.nics) chatter(stack);
}

/** What came was not whole: QEMU gives up. */
function failIncoming(place: QemuPlace): void {
  if (!isThere(place) || place.qemu.migration.status === "completed") return;
  const { machine, qemu, pid } = place;
  const { errorLog } = qemu.options;
  const words = "qemu-system-x86_64: load of migration failed: Input/output error\n";
  if (errorLog !== undefined) machine.files.write(errorLog, words);
  endQemu(startAct(machine), pid, true);
}

const pause = (machine: Machine, ms: number): Promise<void> =>
  ms > 0 ? machine.clock.sleep(ms) : Promise.resolve();

/** Sends a guest; how it comes out is in the side's status. */
export async function sendGuest(from: QemuPlace, to: QemuPlace): Promise<void> {
  const { machine, qemu } = from;
  const side = qemu.migration;
  side.turn += 1;
  const { turn } = side;
  const isOwn = () => side.turn === turn && isThere(from);
  side.status = "active";
  side.error = undefined;
  side.transferred = 0;
  to.qemu.migration.status = "active";
  const onEnd = () => failIncoming(to);
  qemu.closers.add(onEnd);
  const fail = (error: string) => {
    if (!isOwn()) return;
    side.status = "failed";
    side.error = error;
    setRunning(qemu, true);
    failIncoming(to);
  };
  try {
    const { guestMemorySendMs } = machine.spec;
    await pause(machine, guestMemorySendMs / 2);
    side.transferred = qemu.options.memoryBytes / 2;
    await pause(machine, guestMemorySendMs / 2);
    if (!isOwn()) return failIncoming(to);
    if (!isReachable(to)) return fail("Unable to write to socket: Connection reset by peer");
    side.transferred = qemu.options.memoryBytes;
    setRunning(qemu, false, "finish-migrate");
    if (side.capabilities.has("pause-before-switchover")) {
      side.status = "pre-switchover";
      await new Promise<void>((resolve) => {
        side.proceed = resolve;
        qemu.closers.add(resolve);
      });
      if (!isOwn()) return failIncoming(to);
    }
    if (!isReachable(to)) return fail("Unable to write to socket: Connection reset by peer");
    handOver(from, to);
    side.status = "completed";
    qemu.status = "postmigrate";
    to.qemu.migration.status = "completed";
    to.qemu.migration.closeIncoming?.();
    to.qemu.status = to.qemu.options.isPausedAtStart ? "paused" : "running";
    if (to.qemu.status === "running") announce(to.qemu);
  } finally {
    qemu.closers.delete(onEnd);
  }
}

function setRunning(qemu: Qemu, isRunning: boolean, status: Qemu["status"] = "paused"): void {
  qemu.status = isRunning ? "running" : status;
  emitQmp(qemu, isRunning ? "RESUME" : "STOP");
}

/** What is under way ends, and the guest goes on where it was. */
export function cancelSending({ qemu }: QemuPlace): void {
  const side = qemu.migration;
  if (side.status !== "active" && side.status !== "pre-switchover") return;
  side.turn += 1;
  side.status = "cancelled";
  side.proceed?.();
  if (qemu.status !== "running") setRunning(qemu, true);
}

/** Copies a disk; it is alike on both sides from `ready` on, and at the end for good. */
export async function mirrorDisk(from: QemuPlace, mirror: Mirror): Promise<void> {
  const { machine } = from;
  await pause(machine, machine.spec.guestDiskSendMs);
  if (mirror.status !== "running") return;
  if (isThere(from) && isReachable(mirror.target)) mirror.status = "ready";
  else conclude(mirror, "Input/output error");
}

function conclude(mirror: Mirror, error: string | undefined): void {
  mirror.status = "concluded";
  mirror.error = error;
}

/** @param isForced it is of no use then */
export function endMirror(from: QemuPlace, mirror: Mirror, isForced: boolean): void {
  const { target, disk } = mirror;
  if (mirror.status === "concluded") return;
  const [path] = target.qemu.migration.exports.values();
  if (isForced || mirror.status !== "ready") conclude(mirror, "Operation canceled");
  else if (path === undefined || !isReachable(target)) conclude(mirror, "Input/output error");
  else {
    target.machine.files.write(path, from.machine.files.read(disk));
    conclude(mirror, undefined);
  }
}
