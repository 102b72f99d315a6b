import type { Host, VmProcess } from "@switchyard/host";
import type { QemuOptions, VmProcessState, VmRuntimeKind } from "@switchyard/model";
import type { Clock } from "@switchyard/runtime";
import type { StepContext } from "../executors/executor.ts";

export type VmState = "running" | "paused" | "stopped";

/** What looking needs. */
export interface Look {
  readonly host: Host;
  readonly clock: Clock;
}

export interface VmHealth {
  readonly state: VmProcessState;
  /** Why it is not simply running or stopped. */
  readonly reason: string | undefined;
}

/** What runs VMs' QEMU on a host. Every call but `start` may run twice. */
export interface VmRuntime {
  readonly kind: VmRuntimeKind;
  /**
   * `running` only when the process is the VM's own and its runtime says so; a VM nobody knows is stopped.
   *
   * @throws HostError LIBVIRT_UNREACHABLE; CommandError COMMAND_TIMED_OUT
   */
  readState(context: StepContext, vm: string): Promise<VmState>;
  /**
   * Starts a VM so that it outlives the agent; returns when its devices are set up.
   *
   * @throws HostError VM_START_FAILED, LIBVIRT_UNREACHABLE, LIBVIRT_DOMAIN_TAKEN
   */
  start(context: StepContext, options: QemuOptions): Promise<void>;
  /** Lets a paused VM go on. */
  resume(context: StepContext, vm: string): Promise<void>;
  /** Presses the power button; the guest decides. */
  powerDown(context: StepContext, vm: string): Promise<void>;
  /** Ends QEMU without asking the guest; the end is seen by its process. */
  end(context: StepContext, vm: string): Promise<void>;
  /**
   * How the VM is, for the inventory; changes nothing and never fails for a runtime that does not answer.
   *
   * @param process by its pid file; undefined where there is none
   */
  observe(look: Look, vm: string, process: VmProcess | undefined): Promise<VmHealth>;
}
