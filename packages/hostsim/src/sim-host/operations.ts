import { HostFileError } from "@switchyard/host";
import { CommandError } from "@switchyard/model";
import type { Effect } from "../effects.ts";
import type { FaultAction, Faults, Operation } from "../faults.ts";
import { type Act, startAct } from "../machine/act.ts";
import type { Machine } from "../machine/machine.ts";
import { MachineGone, Refusal } from "../machine/refusal.ts";
import type { Ended } from "../programs/program.ts";

/** Told to a call's timer; without a reason of one's own each `abort` makes an error with its trace. */
const OVER = "the call is over";

/** How long the machine takes for things, on top of what rules add. All 0: tests are fast. */
export interface Latencies {
  readonly commandMs: number;
  readonly fileMs: number;
  /** By program name, instead of `commandMs`. */
  readonly programs: Readonly<Record<string, number>>;
}

export interface OperationsOptions {
  readonly machine: Machine;
  readonly faults: Faults;
  readonly fileMs: number;
  /** While it is, no call ends. */
  readonly isOff: () => boolean;
  readonly onEffect?: ((effect: Effect) => void) | undefined;
  readonly onCrash?: ((operation: Operation) => void) | undefined;
}

/** One call of the Host port: what it is to the fault rules, what it does, and how errors call it. */
export interface Call<T> {
  readonly operation: Operation;
  readonly work: () => Promise<T>;
  readonly what: string;
}

export interface Bounds {
  readonly latencyMs: number;
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
}

/** Calls of the port meet latency, faults and their bound here; what they changed is written down. */
export interface Operations {
  /** What changed on the machine so far, oldest first. */
  readonly effects: readonly Effect[];
  /**
   * Runs a call that a rule may delay, answer in its place, or cut off.
   *
   * @throws CommandError COMMAND_TIMED_OUT when it did not end in time; what it does goes on
   */
  bounded<T extends Ended | undefined>(bounds: Bounds, call: Call<T>): Promise<T>;
  /** @throws HostFileError with the errno that the machine or a rule gives */
  onFile<T>(
    operation: Extract<Operation, { kind: "file" }>["operation"],
    path: string,
    work: () => T,
  ): Promise<T>;
  /** Applies latency and those rules that act before the machine is touched. */
  disturb(operation: Operation, latencyMs: number): Promise<FaultAction | undefined>;
  /** Runs work and writes down what it changed, even when the caller has stopped waiting. */
  inAct<T>(source: Effect["source"], work: (act: Act) => Promise<T>): Promise<T>;
  record(source: Effect["source"], act: Act): void;
}

/** Effects kept in memory; the oldest go first. A sink sees them all. */
const EFFECTS_MAX = 100_000;

const never = <T>(): Promise<T> => new Promise(() => undefined);

export function toFileError(error: unknown, path: string): unknown {
  return error instanceof Refusal ? new HostFileError(error.errno, path, { cause: error }) : error;
}

export function createOperations(options: OperationsOptions): Operations {
  const { machine, faults } = options;
  const { clock } = machine;
  const effects: Effect[] = [];

  const crash = <T>(operation: Operation): Promise<T> => {
    options.onCrash?.(operation);
    return never();
  };

  const disturb = async (
    operation: Operation,
    latencyMs: number,
  ): Promise<FaultAction | undefined> => {
    if (options.isOff()) return never();
    if (latencyMs > 0) await clock.sleep(latencyMs);
    const action = faults.take(operation);
    if (action?.kind === "delay") await clock.sleep(action.delayMs);
    if (action?.kind === "crash-before") return crash(operation);
    if (action?.kind === "refuse") throw new Refusal(action.errno as Refusal["errno"]);
    return action;
  };

  const record = (source: Effect["source"], act: Act): void => {
    const isReboot = source.kind === "machine" && source.what.startsWith("reboot");
    if (act.changes.length === 0 && !isReboot) return;
    const atMs = clock.nowMs();
    const effect = { atMs, boot: machine.boot.id, source, changed: [...act.changes] };
    effects.push(effect);
    if (effects.length > EFFECTS_MAX) effects.shift();
    options.onEffect?.(effect);
  };

  const attempt = async <T extends Ended | undefined>(
    latencyMs: number,
    { operation, work }: Call<T>,
  ): Promise<T> => {
    const { boot } = machine;
    const action = await disturb(operation, latencyMs);
    if (machine.boot !== boot) return never();
    if (action?.kind === "fail") {
      return { exitCode: action.exitCode, stdout: action.stdout ?? "", stderr: action.stderr } as T;
    }
    if (action?.kind === "timeout") {
      if (action.isApplied) await work();
      return never();
    }
    const result = await work();
    if (action?.kind === "crash-after") return crash(operation);
    return result;
  };

  return {
    effects,
    disturb,
    record,
    bounded: async <T extends Ended | undefined>(bounds: Bounds, call: Call<T>): Promise<T> => {
      const cancel = new AbortController();
      const abort = () => cancel.abort(OVER);
      bounds.signal?.addEventListener("abort", abort, { once: true });
      if (bounds.signal?.aborted) cancel.abort(OVER);
      const timedOut = clock.sleep(bounds.timeoutMs, cancel.signal).then(() => "late" as const);
      try {
        const first = await Promise.race([attempt(bounds.latencyMs, call), timedOut]);
        if (first !== "late") return first as T;
      } finally {
        bounds.signal?.removeEventListener("abort", abort);
        cancel.abort(OVER);
      }
      throw timeout(call.what, bounds.timeoutMs);
    },
    onFile: async (kind, path, work) => {
      const operation = { kind: "file", operation: kind, path } as const;
      try {
        const action = await disturb(operation, options.fileMs);
        const result = work();
        if (action?.kind === "crash-after") return await crash(operation);
        return result;
      } catch (error) {
        throw toFileError(error, path);
      }
    },
    inAct: async (source, work) => {
      const act = startAct(machine);
      const { id } = machine.boot;
      try {
        return await work(act);
      } catch (error) {
        if (error instanceof MachineGone) return await never();
        throw error;
      } finally {
        if (machine.boot.id === id) record(source, act);
      }
    },
  };
}

const timeout = (what: string, timeoutMs: number): CommandError =>
  new CommandError(
    "COMMAND_TIMED_OUT",
    `${what} did not end within ${timeoutMs} ms; its outcome is unknown`,
    { argv: what, timeoutMs: String(timeoutMs) },
    { retry: "observe-first" },
  );
