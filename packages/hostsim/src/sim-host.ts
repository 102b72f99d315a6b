import {
  type ByteSocket,
  COMMAND_DEFAULTS,
  type Command,
  type CommandResult,
  type Host,
  HostFileError,
  type LineSocket,
  RANGE_BYTES_MAX,
} from "@switchyard/host";
import { CommandError, vmOfDomain } from "@switchyard/model";
import type { Clock } from "@switchyard/runtime";
import type { ResetType } from "./bmc/idrac.ts";
import type { Effect } from "./effects.ts";
import { createFaults, type FaultAction, type Faults, type Operation } from "./faults.ts";
import { findNode, isComputedPath } from "./files/tree.ts";
import { reachesManagement } from "./l2/management.ts";
import { type Act, startAct } from "./machine/act.ts";
import { powerCycle } from "./machine/boot.ts";
import { plugCable, pullCable } from "./machine/create.ts";
import { diskOf, freeBytesOn } from "./machine/disks.ts";
import type { Machine } from "./machine/machine.ts";
import { logKernel } from "./machine/machine.ts";
import type { Process } from "./machine/process.ts";
import { virtualMachines } from "./machine/process.ts";
import type { Qemu } from "./machine/qemu.ts";
import { MachineGone, Refusal } from "./machine/refusal.ts";
import { befall, type VmFate } from "./machine/vm-fate.ts";
import { findProgram } from "./programs/catalogue.ts";
import type { Ended } from "./programs/program.ts";
import { connectGuestAgent } from "./sockets/guest-agent.ts";
import { unansweredSocket } from "./sockets/line-queue.ts";
import { connectQmp } from "./sockets/qmp.ts";

/** How long the machine takes for things, on top of what rules add. All 0: tests are fast. */
export interface Latencies {
  readonly commandMs: number;
  readonly fileMs: number;
  /** By program name, instead of `commandMs`. */
  readonly programs: Readonly<Record<string, number>>;
}

export const NO_LATENCY: Latencies = { commandMs: 0, fileMs: 0, programs: {} };

export interface SimHostOptions {
  readonly machine: Machine;
  readonly faults?: Faults;
  readonly latencies?: Partial<Latencies>;
  /** Is told of every effect, besides the list. */
  readonly onEffect?: (effect: Effect) => void;
  /** A crash rule was met: whoever called is to be killed now. */
  readonly onCrash?: (operation: Operation) => void;
  /** The machine has booted again: whatever ran on it is gone. */
  readonly onReboot?: (bootId: string) => void;
}

/** RLIMIT_MEMLOCK of a service that asks for nothing. Source: systemd-system.conf(5), 8 MiB */
const DEFAULT_MEMORY_LOCK_BYTES = 8 * 1024 ** 2;
/** Bound on a file write, as the port promises. */
const WRITE_TIMEOUT_MS = 120_000;
/** Effects kept in memory; the oldest go first. A sink sees them all. */
const EFFECTS_MAX = 100_000;

const never = <T>(): Promise<T> => new Promise(() => undefined);

const baseName = (path: string): string => path.slice(path.lastIndexOf("/") + 1);

function requireRange(offset: number, length: number): void {
  const isRange = offset >= 0 && length >= 1 && length <= RANGE_BYTES_MAX;
  if (!isRange) throw new Refusal("EINVAL");
}

/** What pwrite does, on a disk that may be full. */
function writeAt(
  machine: Machine,
  path: string,
  { offset, bytes }: { readonly offset: number; readonly bytes: Uint8Array },
): void {
  const { files } = machine;
  if (!files.isFolder(path.slice(0, path.lastIndexOf("/")) || "/")) throw new Refusal("ENOENT");
  if (freeBytesOn(machine, diskOf(path)) < bytes.length) throw new Refusal("ENOSPC");
  const before = files.isFile(path) ? files.readBytes(path) : new Uint8Array();
  const after = new Uint8Array(Math.max(before.length, offset + bytes.length));
  after.set(before);
  after.set(bytes, offset);
  files.writeBytes(path, after);
}

/** A VM's domain bears its name after a prefix. */
const vmNameOf = ({ name, options }: Qemu): string =>
  (options.isOfLibvirt ? vmOfDomain(name) : undefined) ?? name;

function toFileError(error: unknown, path: string): unknown {
  return error instanceof Refusal ? new HostFileError(error.errno, path, { cause: error }) : error;
}

/**
 * A simulated machine behind the Host port. It lives in the process that made it, so an agent that is
 * killed leaves it as it is; what was under way in the machine goes on to its end.
 */
export class SimHost implements Host {
  readonly kind = "simulated";
  readonly machine: Machine;
  readonly faults: Faults;
  readonly #options: SimHostOptions;
  readonly #latencies: Latencies;
  readonly #effects: Effect[] = [];
  readonly #rebootListeners = new Set<(bootId: string) => void>();
  #isOff = false;

  constructor(options: SimHostOptions) {
    this.machine = options.machine;
    this.faults = options.faults ?? createFaults();
    this.#options = options;
    this.#latencies = { ...NO_LATENCY, ...options.latencies };
    this.machine.bmc.onReset = (type) => this.#reset(type);
  }

  get name(): string {
    return this.machine.spec.name;
  }

  /** What changed on the machine so far, oldest first. */
  get effects(): readonly Effect[] {
    return this.#effects;
  }

  get bootId(): string {
    return this.machine.boot.id;
  }

  /** vDPA devices whose removal waits in the kernel for a VM to let go. */
  get stuckDevices(): readonly string[] {
    return [...this.machine.boot.stuck];
  }

  /** Plugs a cable into a port of the card, or pulls it out; what is so already stays. */
  setCable(port: number, isPlugged: boolean): void {
    if (isPlugged) plugCable(this.machine, port);
    else pullCable(this.machine, port);
  }

  get #clock(): Clock {
    return this.machine.clock;
  }

  async run(command: Command): Promise<CommandResult> {
    const startedMs = this.#clock.monotonicMs();
    const [path, ...args] = command.argv;
    const program = findProgram({ machine: this.machine }, path);
    if (program === undefined) {
      throw new CommandError("COMMAND_NOT_STARTED", `${path} is not installed`, {
        argv: command.argv.join(" "),
        found: "ENOENT",
      });
    }
    const { argv } = command;
    const work = () =>
      this.#inAct({ kind: "run", argv }, async (act) =>
        program({
          act,
          machine: this.machine,
          args,
          stdin: command.stdin ?? "",
          memoryLockBytes: DEFAULT_MEMORY_LOCK_BYTES,
        }),
      );
    const latencyMs = this.#latencies.programs[baseName(path)] ?? this.#latencies.commandMs;
    const ended = await this.#bounded(
      {
        latencyMs,
        timeoutMs: command.timeoutMs ?? COMMAND_DEFAULTS.timeoutMs,
        signal: command.signal,
      },
      { operation: { kind: "run", argv }, work, what: argv.join(" ") },
    );
    return this.#toResult(ended, command, startedMs);
  }

  #toResult(ended: Ended, command: Command, startedMs: number): CommandResult {
    const max = command.maxOutputBytes ?? COMMAND_DEFAULTS.maxOutputBytes;
    const cut = (text: string) => (Buffer.byteLength(text) > max ? text.slice(0, max) : text);
    const stdout = cut(ended.stdout);
    const stderr = cut(ended.stderr);
    const isTruncated = stdout.length < ended.stdout.length || stderr.length < ended.stderr.length;
    const durationMs = this.#clock.monotonicMs() - startedMs;
    return { exitCode: ended.exitCode, stdout, stderr, durationMs, isTruncated };
  }

  readFile(path: string): Promise<string> {
    return this.#onFile("read", path, () => {
      if (!isComputedPath(path)) return this.machine.files.read(path);
      const node = findNode(this.machine, path, true);
      if (node.kind !== "file") throw new Refusal("EISDIR");
      if (node.read === undefined) throw new Refusal("EACCES");
      return node.read();
    });
  }

  async writeFile(path: string, text: string, timeoutMs = WRITE_TIMEOUT_MS): Promise<void> {
    const work = () =>
      this.#inAct({ kind: "write", path, text }, async (act) => {
        await this.#write(act, path, text);
        return undefined;
      });
    await this.#bounded(
      { latencyMs: this.#latencies.fileMs, timeoutMs, signal: undefined },
      { operation: { kind: "file", operation: "write", path }, work, what: `write ${path}` },
    ).catch((error: unknown) => {
      throw toFileError(error, path);
    });
  }

  async #write(act: Act, path: string, text: string): Promise<void> {
    if (!isComputedPath(path)) {
      this.machine.files.read(path);
      this.machine.files.write(path, text);
      return;
    }
    const node = findNode(this.machine, path, true);
    if (node.kind !== "file") throw new Refusal("EISDIR");
    if (node.write === undefined) throw new Refusal("EACCES");
    await node.write(act, text);
  }

  replaceFile(path: string, text: string): Promise<void> {
    return this.#onFile("replace", path, () => {
      if (isComputedPath(path)) throw new Refusal("EPERM");
      this.machine.files.write(path, text);
    });
  }

  remove(path: string): Promise<void> {
    return this.#onFile("remove", path, () => {
      if (isComputedPath(path)) throw new Refusal("EPERM");
      this.machine.files.remove(path);
    });
  }

  readRange(path: string, offset: number, length: number): Promise<Uint8Array> {
    return this.#onFile("read", path, () => {
      requireRange(offset, length);
      if (isComputedPath(path)) throw new Refusal("EINVAL");
      return this.machine.files.readBytes(path).slice(offset, offset + length);
    });
  }

  writeRange(path: string, offset: number, bytes: Uint8Array): Promise<void> {
    return this.#onFile("replace", path, () => {
      requireRange(offset, bytes.length);
      if (isComputedPath(path)) throw new Refusal("EINVAL");
      writeAt(this.machine, path, { offset, bytes });
    });
  }

  makeFolder(path: string): Promise<void> {
    return this.#onFile("replace", path, () => {
      if (isComputedPath(path)) throw new Refusal("EPERM");
      this.machine.files.makeFolder(path);
    });
  }

  listFolder(path: string): Promise<readonly string[]> {
    return this.#onFile("list", path, () => {
      if (!isComputedPath(path)) return this.machine.files.list(path);
      const node = findNode(this.machine, path, true);
      if (node.kind !== "folder") throw new Refusal("ENOTDIR");
      return Object.keys(node.entries()).sort();
    });
  }

  readLink(path: string): Promise<string> {
    return this.#onFile("read", path, () => {
      if (!isComputedPath(path)) {
        const target = this.machine.files.findLink(path);
        if (target !== undefined) return target;
        this.machine.files.list(path.slice(0, path.lastIndexOf("/")) || "/");
        throw new Refusal(this.machine.files.isFile(path) ? "EINVAL" : "ENOENT");
      }
      const node = findNode(this.machine, path, false);
      if (node.kind !== "link") throw new Refusal("EINVAL");
      return node.target;
    });
  }

  exists(path: string): Promise<boolean> {
    return this.#onFile("read", path, () => {
      const { files } = this.machine;
      if (!isComputedPath(path)) return files.isFile(path) || files.isFolder(path);
      findNode(this.machine, path, true);
      return true;
    }).catch((error: unknown) => {
      if (error instanceof HostFileError) return false;
      throw error;
    });
  }

  async connectSocket(path: string): Promise<LineSocket> {
    const { qemu, process } = await this.#connect(path);
    const finish = (act: Act, what: string) => this.#record({ kind: "machine", what }, act);
    if (qemu.options.isOfLibvirt && qemu.options.guestAgentSocket === path) {
      return unansweredSocket(this.#clock);
    }
    const connect = qemu.options.qmpSocket === path ? connectQmp : connectGuestAgent;
    return connect(this.machine, { ...process, qemu }, finish);
  }

  async connectByteSocket(path: string): Promise<ByteSocket> {
    const { qemu } = await this.#connect(path);
    if (qemu.options.serialSocket === path) return qemu.serial.connect();
    throw new HostFileError("EPROTOTYPE", path);
  }

  /** @throws HostFileError ENOENT; ECONNREFUSED where the file is there and nobody listens */
  async #connect(path: string): Promise<{ readonly process: Process; readonly qemu: Qemu }> {
    await this.#disturb({ kind: "socket", path }, this.#latencies.fileMs).catch(
      (error: unknown) => {
        throw toFileError(error, path);
      },
    );
    if (!this.machine.files.isFile(path)) throw new HostFileError("ENOENT", path);
    const process = this.#listenerOf(path);
    if (process === undefined) throw new HostFileError("ECONNREFUSED", path);
    return { process, qemu: process.qemu };
  }

  /** Boots the machine anew and tells whoever listens; the caller is gone then. */
  async reboot(reason: string): Promise<void> {
    this.#shutDown(reason);
    this.#comeUp("warm");
  }

  /** What the BMC does to the machine's power. */
  #reset(type: ResetType): void {
    const { bmc } = this.machine;
    switch (type) {
      case "ForceRestart":
      case "GracefulRestart":
        void this.reboot(`BMC: ${type}`);
        return;
      case "PowerCycle":
        this.#shutDown(`BMC: ${type}`);
        this.#comeUp("cold");
        return;
      case "ForceOff":
      case "GracefulShutdown":
        this.#shutDown(`BMC: ${type}`);
        bmc.powerState = "Off";
        return;
      case "On":
        if (bmc.powerState === "Off") this.#comeUp("cold");
        return;
      case "PushPowerButton":
        this.#reset(bmc.powerState === "On" ? "GracefulShutdown" : "On");
        return;
      case "Nmi":
        return;
    }
  }

  #shutDown(reason: string): void {
    logKernel(this.machine, `reboot: Restarting system: ${reason}`);
    this.#record({ kind: "machine", what: `reboot: ${reason}` }, startAct(this.machine));
    this.#isOff = true;
  }

  /** As the option `onReboot`, for those who come later. @returns ends it */
  subscribeReboots(listener: (bootId: string) => void): () => void {
    this.#rebootListeners.add(listener);
    return () => this.#rebootListeners.delete(listener);
  }

  #comeUp(kind: "warm" | "cold"): void {
    const { rebootMs } = this.machine.spec;
    if (rebootMs > 0) void this.#clock.sleep(rebootMs).then(() => this.#powerOn(kind));
    else this.#powerOn(kind);
  }

  #powerOn(kind: "warm" | "cold"): void {
    powerCycle(this.machine, kind);
    this.#isOff = false;
    this.#options.onReboot?.(this.machine.boot.id);
    for (const listener of this.#rebootListeners) listener(this.machine.boot.id);
  }

  /** Burns firmware into the card; it runs after the next reboot. */
  storeFirmware(version: Machine["firmware"]["stored"]): void {
    this.machine.firmware.stored = version;
  }

  /** Kills a VM's process from outside, without a word. */
  killVm(name: string): boolean {
    return this.befallVm(name, { kind: "killed" });
  }

  /** Lets something happen to a VM that nobody asked for. @returns whether it runs here */
  befallVm(name: string, fate: VmFate): boolean {
    const found = [...this.machine.boot.processes.values()].find(
      ({ qemu }) => qemu !== undefined && vmNameOf(qemu) === name,
    );
    if (found === undefined) return false;
    const act = startAct(this.machine);
    befall(act, found, fate);
    this.#record({ kind: "machine", what: `${fate.kind} ${name}` }, act);
    return true;
  }

  /** Whether what the host sends reaches the management network, and the bus behind it. */
  get reachesManagement(): boolean {
    return !this.#isOff && reachesManagement(this.machine);
  }

  /** Names of the VMs that run. */
  get vms(): readonly string[] {
    return virtualMachines(this.machine).map(vmNameOf);
  }

  #listenerOf(path: string): (Process & { readonly qemu: Qemu }) | undefined {
    for (const process of this.machine.boot.processes.values()) {
      const { qemu } = process;
      if (qemu?.options.sockets.some((socket) => socket.path === path)) return { ...process, qemu };
    }
    return undefined;
  }

  async #onFile<T>(
    operation: "read" | "replace" | "remove" | "list",
    path: string,
    work: () => T,
  ): Promise<T> {
    try {
      const action = await this.#disturb({ kind: "file", operation, path }, this.#latencies.fileMs);
      const result = work();
      if (action?.kind === "crash-after")
        return await this.#crash({ kind: "file", operation, path });
      return result;
    } catch (error) {
      throw toFileError(error, path);
    }
  }

  #crash<T>(operation: Operation): Promise<T> {
    this.#options.onCrash?.(operation);
    return never();
  }

  /** Applies latency and those rules that act before the machine is touched. */
  async #disturb(operation: Operation, latencyMs: number): Promise<FaultAction | undefined> {
    if (this.#isOff) return never();
    if (latencyMs > 0) await this.#clock.sleep(latencyMs);
    const action = this.faults.take(operation);
    if (action?.kind === "delay") await this.#clock.sleep(action.delayMs);
    if (action?.kind === "crash-before") return this.#crash(operation);
    if (action?.kind === "refuse") throw new Refusal(action.errno as Refusal["errno"]);
    return action;
  }

  /** Runs an operation and writes down what it changed, even when the caller has stopped waiting. */
  async #inAct<T>(source: Effect["source"], work: (act: Act) => Promise<T>): Promise<T> {
    const act = startAct(this.machine);
    const { id } = this.machine.boot;
    try {
      return await work(act);
    } catch (error) {
      if (error instanceof MachineGone) return await never();
      throw error;
    } finally {
      if (this.machine.boot.id === id) this.#record(source, act);
    }
  }

  #record(source: Effect["source"], act: Act): void {
    const isReboot = source.kind === "machine" && source.what.startsWith("reboot");
    if (act.changes.length === 0 && !isReboot) return;
    const atMs = this.#clock.nowMs();
    const effect = { atMs, boot: this.machine.boot.id, source, changed: [...act.changes] };
    this.#effects.push(effect);
    if (this.#effects.length > EFFECTS_MAX) this.#effects.shift();
    this.#options.onEffect?.(effect);
  }

  async #bounded<T extends Ended | undefined>(
    bounds: { latencyMs: number; timeoutMs: number; signal: AbortSignal | undefined },
    job: { operation: Operation; work: () => Promise<T>; what: string },
  ): Promise<T> {
    const cancel = new AbortController();
    const abort = () => cancel.abort();
    bounds.signal?.addEventListener("abort", abort, { once: true });
    if (bounds.signal?.aborted) cancel.abort();
    const timedOut = this.#clock.sleep(bounds.timeoutMs, cancel.signal).then(() => "late" as const);
    try {
      const first = await Promise.race([this.#attempt(bounds.latencyMs, job), timedOut]);
      if (first !== "late") return first as T;
    } finally {
      bounds.signal?.removeEventListener("abort", abort);
      cancel.abort();
    }
    throw new CommandError(
      "COMMAND_TIMED_OUT",
      `${job.what} did not end within ${bounds.timeoutMs} ms; its outcome is unknown`,
      { argv: job.what, timeoutMs: String(bounds.timeoutMs) },
      { retry: "observe-first" },
    );
  }

  async #attempt<T extends Ended | undefined>(
    latencyMs: number,
    job: { operation: Operation; work: () => Promise<T> },
  ): Promise<T> {
    const { boot } = this.machine;
    const action = await this.#disturb(job.operation, latencyMs);
    if (this.machine.boot !== boot) return never();
    if (action?.kind === "fail") {
      return { exitCode: action.exitCode, stdout: action.stdout ?? "", stderr: action.stderr } as T;
    }
    if (action?.kind === "timeout") {
      if (action.isApplied) await job.work();
      return never();
    }
    const result = await job.work();
    if (action?.kind === "crash-after") return this.#crash(job.operation);
    return result;
  }
}
