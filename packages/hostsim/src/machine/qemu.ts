import type { PciAddress } from "@switchyard/model";
import { createGuestConsole } from "../guest/console.ts";
import { runCloudInit } from "../guest/install.ts";
import { type Act, note } from "./act.ts";
import { findForbiddenDevice } from "./device-policy.ts";
import type { Guest } from "./guest.ts";
import type { Machine } from "./machine.ts";
import { createMigrationSide, type MigrationSide } from "./migration-side.ts";
import { endProcess, type Process, startProcess } from "./process.ts";
import { createGuest } from "./qemu-guest.ts";
import type { QemuOptions } from "./qemu-options.ts";
import { findRefusal } from "./qemu-refusals.ts";
import { createSerialPort, type SerialPort } from "./serial.ts";

export type QemuStatus =
  | "running"
  | "paused"
  | "shutdown"
  | "guest-panicked"
  | "io-error"
  /** Waits for a guest from elsewhere. */
  | "inmigrate"
  /** Stopped for the last of a migration. */
  | "finish-migrate"
  /** All of the guest is elsewhere. */
  | "postmigrate";

/** An event as QMP sends it. */
export interface QmpEvent {
  readonly event: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** One running virtual machine. */
export interface Qemu {
  readonly name: string;
  readonly options: QemuOptions;
  readonly minors: readonly number[];
  /** RLIMIT_MEMLOCK it was started with. */
  readonly memoryLockBytes: number;
  readonly vfioDevices: readonly PciAddress[];
  readonly guest: Guest;
  readonly serial: SerialPort;
  readonly listeners: Set<(event: QmpEvent) => void>;
  /** Called once when the process is gone. */
  readonly closers: Set<() => void>;
  /** CPUs of threads that were told which to run on, by thread. */
  readonly affinity: Map<number, string>;
  readonly migration: MigrationSide;
  status: QemuStatus;
}

/** Why QEMU would not start: the text after `qemu-system-x86_64: `. */
export type QemuRefusal = { readonly refusal: string };

/** The port and the guest's end of it. */
function createSerial(machine: Machine, options: QemuOptions, guest: Guest) {
  const port = createSerialPort({
    machine,
    logPath: options.serialLog,
    onInput: (bytes) => console.type(bytes),
  });
  const disks = options.disks.map(({ path }) => path);
  const console = createGuestConsole({ machine, guest, disks, write: port.write });
  return { port, console };
}

/** Starts a virtual machine, or says in QEMU's words why not. */
export function startQemu(
  act: Act,
  options: QemuOptions,
  limits: {
    readonly memoryLockBytes: number;
    readonly allowedDevices?: readonly string[] | undefined;
  },
): Process | QemuRefusal {
  const { machine } = act;
  const refusal =
    findRefusal(machine, options, limits.memoryLockBytes) ??
    findForbiddenDevice(machine, options, limits.allowedDevices);
  if (refusal !== undefined) return { refusal };
  const guest = createGuest(machine, options);
  const serial = createSerial(machine, options, guest);
  const qemu: Qemu = {
    name: options.name,
    options,
    minors: guest.nics.flatMap(({ minor }) => minor ?? []),
    vfioDevices: options.vfioDevices,
    memoryLockBytes: limits.memoryLockBytes,
    guest,
    serial: serial.port,
    listeners: new Set(),
    closers: new Set([serial.port.close]),
    affinity: new Map(),
    migration: createMigrationSide(),
    status: options.isIncoming ? "inmigrate" : "running",
  };
  const process = startProcess(machine, { name: options.processName, argv: options.argv, qemu });
  if (options.pidFile !== undefined) machine.files.write(options.pidFile, `${process.pid}\n`);
  for (const { path } of options.sockets) machine.files.write(path, "");
  if (options.errorLog !== undefined) machine.files.write(options.errorLog, "");
  note(act, `vm ${options.name}`, { before: "absent", after: "running" });
  if (options.isIncoming) {
    serial.console.skipBoot();
    return process;
  }
  void serial.console.boot();
  runCloudInit(machine, qemu, process.pid);
  return process;
}

/**
 * Ends a virtual machine. On a clean end QEMU takes its pid file and sockets away; a killed one leaves
 * them lying.
 */
export function endQemu(act: Act, pid: number, isClean: boolean): void {
  const { machine } = act;
  const qemu = machine.boot.processes.get(pid)?.qemu;
  if (qemu === undefined) return;
  qemu.status = "shutdown";
  if (isClean) {
    for (const { path } of qemu.options.sockets) machine.files.remove(path);
    if (qemu.options.pidFile !== undefined) machine.files.remove(qemu.options.pidFile);
  }
  note(act, `vm ${qemu.name}`, { before: "running", after: "absent" });
  endProcess(machine, pid);
  for (const close of [...qemu.closers]) close();
}

export function emitQmp(
  qemu: Qemu,
  event: string,
  data: Readonly<Record<string, unknown>> = {},
): void {
  for (const listener of [...qemu.listeners]) listener({ event, data });
}
