import type { AgentBus, HostKey } from "@switchyard/bus";
import type { BmcSettings, Host } from "@switchyard/host";
import {
  type CommandRecord,
  type DiskSeal,
  type ErrorMetadata,
  HostError,
  type Inventory,
  type JobId,
  type MigrationNote,
  type PciAddress,
  type PingResult,
  type Reason,
  type StepArguments,
  type StepKind,
  type VfRef,
} from "@switchyard/model";
import type { Clock } from "@switchyard/runtime";
import type { Devices } from "../inventory/read-devices.ts";

/** The host's devices, so that names can be found from hardware facts. */
export interface Topology {
  /**
   * As last read in this job; read now if it was not, or if a step since may have changed names. vDPA devices
   * in it may be out of date: whoever needs one asks the host.
   */
  current(): Promise<Devices>;
  /** Read now. */
  renewed(): Promise<Devices>;
  /** Undefined when the VF is not known; does not read. Drivers may change without changing it. */
  knownVfAddress(vf: VfRef): PciAddress | undefined;
  /** All of the host, read now. */
  inventory(): Promise<Inventory>;
}

/** What an executor works with. */
export interface StepContext {
  /** Every command and write through it is in the job's audit. */
  readonly host: Host;
  /** The same host without the audit, for looking again and again. */
  readonly observer: Host;
  readonly topology: Topology;
  readonly clock: Clock;
  /** What several jobs of the host share, one at a time. */
  readonly locks: { run<T>(key: string, work: () => Promise<T>): Promise<T> };
  /** The BMC as the agent's configuration names it; left out: the host may say. */
  readonly bmc?: BmcSettings;
  /** Asks the agent of another host for a piece of a VM's disk. */
  readonly fetchDiskPiece: AgentBus["fetchDiskPiece"];
  /** Opens what was sealed to this host's key. */
  readonly unseal: HostKey["unseal"];
  readonly job: JobId;
  readonly epoch: number;
  /** Aborted when the job shall stop: long waits end. */
  readonly signal: AbortSignal;
  /** Adds to the audit what did not go through `host`: commands inside a guest, QMP. */
  readonly record: (command: CommandRecord) => void;
  /** Adds a line to the job's log. */
  readonly say: (line: string) => void;
}

/** A change of the host: read, compare, change; the runner reads back. Each part may run twice. */
export interface EnsureDefinition<Kind extends StepKind, State> {
  readonly read: (context: StepContext, args: StepArguments[Kind]) => Promise<State>;
  readonly isSatisfied: (state: State, args: StepArguments[Kind]) => boolean;
  readonly apply: (context: StepContext, args: StepArguments[Kind], state: State) => Promise<void>;
  /**
   * Brings back what `read` found before; a device that is gone is success. Undefined where nothing is
   * to be taken back, or can't be.
   */
  readonly undo:
    | ((context: StepContext, args: StepArguments[Kind], before: State) => Promise<void>)
    | undefined;
  /** Reason of the failure when a change was made without error and does not show. */
  readonly failure: Reason;
  /** The change makes, removes or renames devices: the topology must be read anew. */
  readonly movesDevices?: boolean;
  /** The change gives a VF another driver: all but the VFs' addresses must be read anew. */
  readonly rebindsVfs?: boolean;
  /** What it does outlives a boot, so that a step done in an earlier one is not looked at again. */
  readonly isLasting?: boolean;
  /**
   * A change that was perhaps made does no harm, so that a host that can't be looked at fails the step
   * instead of calling for a person.
   */
  readonly isHarmless?: boolean;
}

/** What a step that only looks may leave for the job's result. */
export interface Observed {
  readonly ping?: PingResult;
  readonly disk?: DiskSeal;
  readonly migration?: MigrationNote;
}

/** An executor whose state is its own affair; the journal keeps it as it is. */
export type Executor<Kind extends StepKind> =
  | {
      readonly kind: "ensure";
      readonly probe: (
        context: StepContext,
        args: StepArguments[Kind],
      ) => Promise<{ readonly state: unknown; readonly isSatisfied: boolean }>;
      readonly apply: (
        context: StepContext,
        args: StepArguments[Kind],
        state: unknown,
      ) => Promise<void>;
      readonly undo:
        | ((context: StepContext, args: StepArguments[Kind], before: unknown) => Promise<void>)
        | undefined;
      readonly failure: Reason;
      readonly movesDevices: boolean;
      readonly rebindsVfs: boolean;
      readonly isLasting: boolean;
      readonly isHarmless: boolean;
    }
  | {
      /** Ends the boot in which it is done; the journal tells whether the machine has booted since. */
      readonly kind: "reboot";
      /** Asks for the boot; throws where it can't be had, and never returns where it can. */
      readonly request: (context: StepContext, args: StepArguments[Kind]) => Promise<never>;
      /** In the boot after. @throws HostError REBOOT_WITHOUT_EFFECT */
      readonly verify: (context: StepContext, args: StepArguments[Kind]) => Promise<void>;
    }
  | {
      /** Changes nothing, so that it needs no journal entry before it and may run any number of times. */
      readonly kind: "observe";
      readonly observe: (context: StepContext, args: StepArguments[Kind]) => Promise<Observed>;
    };

/** The journal gives a state back to the executor that made it; nobody else looks into it. */
export function ensure<Kind extends StepKind, State>(
  definition: EnsureDefinition<Kind, State>,
): Executor<Kind> {
  const { undo } = definition;
  return {
    kind: "ensure",
    probe: async (context, args) => {
      const state = await definition.read(context, args);
      return { state, isSatisfied: definition.isSatisfied(state, args) };
    },
    apply: (context, args, state) => definition.apply(context, args, state as State),
    undo: undo && ((context, args, before) => undo(context, args, before as State)),
    failure: definition.failure,
    movesDevices: definition.movesDevices ?? false,
    rebindsVfs: definition.rebindsVfs ?? false,
    isLasting: definition.isLasting ?? false,
    isHarmless: definition.isHarmless ?? false,
  };
}

/** Looks until it is so, the time is up or the job shall stop; returns what was seen last. */
export async function waitUntil<State>(
  context: StepContext,
  options: {
    readonly timeoutMs: number;
    readonly intervalMs: number;
    readonly read: () => Promise<State>;
    readonly isDone: (state: State) => boolean;
  },
): Promise<State> {
  const deadlineMs = context.clock.monotonicMs() + options.timeoutMs;
  for (;;) {
    const state = await options.read();
    const isLate = context.clock.monotonicMs() >= deadlineMs;
    if (options.isDone(state) || isLate || context.signal.aborted) return state;
    await context.clock.sleep(options.intervalMs, context.signal);
  }
}

/** A device the step needs is not there. */
export const deviceAbsent = (message: string, metadata: ErrorMetadata = {}): HostError =>
  new HostError("DEVICE_ABSENT", message, metadata);
