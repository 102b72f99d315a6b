import {
  type ByteSocket,
  COMMAND_DEFAULTS,
  type Command,
  type CommandResult,
  type Host,
  HostFileError,
  type LineSocket,
} from "@switchyard/host";
import { CommandError, vmOfDomain } from "@switchyard/model";
import type { Effect } from "./effects.ts";
import { createFaults, type Faults, type Operation } from "./faults.ts";
import { reachesManagement } from "./l2/management.ts";
import { startAct } from "./machine/act.ts";
import { plugCable, pullCable } from "./machine/create.ts";
import type { Machine } from "./machine/machine.ts";
import { virtualMachines } from "./machine/process.ts";
import type { Qemu } from "./machine/qemu.ts";
import { befall, type VmFate } from "./machine/vm-fate.ts";
import { findProgram } from "./programs/catalogue.ts";
import type { Ended } from "./programs/program.ts";
import {
  isPresent,
  listEntries,
  readTarget,
  readText,
  requireRange,
  requireStored,
  writeAt,
  writeText,
} from "./sim-host/machine-files.ts";
import {
  createOperations,
  type Latencies,
  type Operations,
  toFileError,
} from "./sim-host/operations.ts";
import { createPower, type Power } from "./sim-host/power.ts";
import { connectLines, listenerOn } from "./sim-host/sockets.ts";

const NO_LATENCY: Latencies = { commandMs: 0, fileMs: 0, programs: {} };

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

const baseName = (path: string): string => path.slice(path.lastIndexOf("/") + 1);

/** A VM's domain bears its name after a prefix. */
const vmNameOf = ({ name, options }: Qemu): string =>
  (options.isOfLibvirt ? vmOfDomain(name) : undefined) ?? name;

/** What the port gives of a program's output: so many bytes of each stream. */
function cutOutput(ended: Ended, maxBytes: number): Omit<CommandResult, "durationMs"> {
  const cut = (text: string) =>
    Buffer.byteLength(text) > maxBytes ? text.slice(0, maxBytes) : text;
  const stdout = cut(ended.stdout);
  const stderr = cut(ended.stderr);
  const isTruncated = stdout.length < ended.stdout.length || stderr.length < ended.stderr.length;
  return { exitCode: ended.exitCode, stdout, stderr, isTruncated };
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
  readonly #operations: Operations;
  readonly #power: Power;
  readonly #rebootListeners = new Set<(bootId: string) => void>();

  constructor(options: SimHostOptions) {
    this.machine = options.machine;
    this.faults = options.faults ?? createFaults();
    this.#options = options;
    this.#latencies = { ...NO_LATENCY, ...options.latencies };
    this.#operations = createOperations({
      machine: this.machine,
      faults: this.faults,
      fileMs: this.#latencies.fileMs,
      isOff: () => this.#power.isOff,
      onEffect: options.onEffect,
      onCrash: options.onCrash,
    });
    this.#power = createPower({
      machine: this.machine,
      onDown: (reason) =>
        this.#operations.record(
          { kind: "machine", what: `reboot: ${reason}` },
          startAct(this.machine),
        ),
      onUp: (bootId) => this.#tellOfBoot(bootId),
    });
    this.machine.bmc.onReset = (type) => this.#power.reset(type);
  }

  get name(): string {
    return this.machine.spec.name;
  }

  /** What changed on the machine so far, oldest first. */
  get effects(): readonly Effect[] {
    return this.#operations.effects;
  }

  get bootId(): string {
    return this.machine.boot.id;
  }

  /** vDPA devices whose removal waits in the kernel for a VM to let go. */
  get stuckDevices(): readonly string[] {
    return [...this.machine.boot.stuck];
  }

  /** Names of the VMs that run. */
  get vms(): readonly string[] {
    return virtualMachines(this.machine).map(vmNameOf);
  }

  /** Whether what the host sends reaches the management network, and the bus behind it. */
  get reachesManagement(): boolean {
    return !this.#power.isOff && reachesManagement(this.machine);
  }

  async run(command: Command): Promise<CommandResult> {
    const { clock } = this.machine;
    const startedMs = clock.monotonicMs();
    const { argv } = command;
    const [path, ...args] = argv;
    const program = findProgram({ machine: this.machine }, path);
    if (program === undefined) {
      throw new CommandError("COMMAND_NOT_STARTED", `${path} is not installed`, {
        argv: argv.join(" "),
        found: "ENOENT",
      });
    }
    const work = () =>
      this.#operations.inAct({ kind: "run", argv }, async (act) =>
        program({
          act,
          machine: this.machine,
          args,
          stdin: command.stdin ?? "",
          memoryLockBytes: DEFAULT_MEMORY_LOCK_BYTES,
        }),
      );
    const ended = await this.#operations.bounded(
      {
        latencyMs: this.#latencies.programs[baseName(path)] ?? this.#latencies.commandMs,
        timeoutMs: command.timeoutMs ?? COMMAND_DEFAULTS.timeoutMs,
        signal: command.signal,
      },
      { operation: { kind: "run", argv }, work, what: argv.join(" ") },
    );
    return {
      ...cutOutput(ended, command.maxOutputBytes ?? COMMAND_DEFAULTS.maxOutputBytes),
      durationMs: clock.monotonicMs() - startedMs,
    };
  }

  readFile(path: string): Promise<string> {
    return this.#operations.onFile("read", path, () => readText(this.machine, path));
  }

  async writeFile(path: string, text: string, timeoutMs = WRITE_TIMEOUT_MS): Promise<void> {
    const work = () =>
      this.#operations.inAct({ kind: "write", path, text }, async (act) => {
        await writeText(this.machine, { act, path, text });
        return undefined;
      });
    const bounds = { latencyMs: this.#latencies.fileMs, timeoutMs, signal: undefined };
    const operation = { kind: "file", operation: "write", path } as const;
    await this.#operations
      .bounded(bounds, { operation, work, what: `write ${path}` })
      .catch((error: unknown) => {
        throw toFileError(error, path);
      });
  }

  replaceFile(path: string, text: string): Promise<void> {
    return this.#operations.onFile("replace", path, () => {
      requireStored(path);
      this.machine.files.write(path, text);
    });
  }

  remove(path: string): Promise<void> {
    return this.#operations.onFile("remove", path, () => {
      requireStored(path);
      this.machine.files.remove(path);
    });
  }

  readRange(path: string, offset: number, length: number): Promise<Uint8Array> {
    return this.#operations.onFile("read", path, () => {
      requireRange(path, offset, length);
      return this.machine.files.readBytes(path).slice(offset, offset + length);
    });
  }

  writeRange(path: string, offset: number, bytes: Uint8Array): Promise<void> {
    return this.#operations.onFile("replace", path, () => {
      requireRange(path, offset, bytes.length);
      writeAt(this.machine, path, { offset, bytes });
    });
  }

  makeFolder(path: string): Promise<void> {
    return this.#operations.onFile("replace", path, () => {
      requireStored(path);
      this.machine.files.makeFolder(path);
    });
  }

  listFolder(path: string): Promise<readonly string[]> {
    return this.#operations.onFile("list", path, () => listEntries(this.machine, path));
  }

  readLink(path: string): Promise<string> {
    return this.#operations.onFile("read", path, () => readTarget(this.machine, path));
  }

  exists(path: string): Promise<boolean> {
    return this.#operations
      .onFile("read", path, () => isPresent(this.machine, path))
      .catch((error: unknown) => {
        if (error instanceof HostFileError) return false;
        throw error;
      });
  }

  async connectSocket(path: string): Promise<LineSocket> {
    await this.#reachSocket(path);
    return connectLines(this.machine, path, (act, what) =>
      this.#operations.record({ kind: "machine", what }, act),
    );
  }

  async connectByteSocket(path: string): Promise<ByteSocket> {
    await this.#reachSocket(path);
    const { qemu } = listenerOn(this.machine, path);
    if (qemu.options.serialSocket === path) return qemu.serial.connect();
    throw new HostFileError("EPROTOTYPE", path);
  }

  async #reachSocket(path: string): Promise<void> {
    try {
      await this.#operations.disturb({ kind: "socket", path }, this.#latencies.fileMs);
    } catch (error) {
      throw toFileError(error, path);
    }
  }

  /** Boots the machine anew and tells whoever listens; the caller is gone then. */
  async reboot(reason: string): Promise<void> {
    this.#power.reboot(reason);
  }

  /** As the option `onReboot`, for those who come later. @returns ends it */
  subscribeReboots(listener: (bootId: string) => void): () => void {
    this.#rebootListeners.add(listener);
    return () => this.#rebootListeners.delete(listener);
  }

  #tellOfBoot(bootId: string): void {
    this.#options.onReboot?.(bootId);
    for (const listener of this.#rebootListeners) listener(bootId);
  }

  /** Plugs a cable into a port of the card, or pulls it out; what is so already stays. */
  setCable(port: number, isPlugged: boolean): void {
    if (isPlugged) plugCable(this.machine, port);
    else pullCable(this.machine, port);
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
    this.#operations.record({ kind: "machine", what: `${fate.kind} ${name}` }, act);
    return true;
  }
}
