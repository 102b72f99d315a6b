import {
  boundErrorLog,
  boundSerialLog,
  type Host,
  HostFileError,
  readSerialLog,
  type SerialLogRequest,
} from "@switchyard/host";
import { SwitchyardError, VM_LOG_LIMITS, type VmLogPiece, vmPaths } from "@switchyard/model";
import type { Clock, Logger } from "@switchyard/runtime";
import { listVmFolders } from "../inventory/vms.ts";
import { createKeyedLocks } from "../jobs/keyed-locks.ts";

const BOUNDS = { maxBytes: VM_LOG_LIMITS.bytesMax, keepBytes: VM_LOG_LIMITS.keptBytes };

/** The serial logs of the host's VMs: read in pieces, and kept from growing. */
export interface SerialLogs {
  /** @throws CommandError COMMAND_FAILED */
  read(vm: string, request: SerialLogRequest): Promise<VmLogPiece>;
  /** Cuts what grew beyond its bound, again and again. */
  run(signal: AbortSignal): Promise<void>;
}

export function createSerialLogs(parts: {
  readonly host: Host;
  readonly clock: Clock;
  readonly log: Logger;
  readonly intervalMs: number;
}): SerialLogs {
  const { host, clock, log, intervalMs } = parts;
  // Nobody reads a log while it is cut.
  const turns = createKeyedLocks();

  const bound = async (vm: string) => {
    try {
      await turns.run(vm, () => boundSerialLog(host, vmPaths(vm), BOUNDS));
      await boundErrorLog(host, vm);
    } catch (error) {
      if (!(error instanceof SwitchyardError)) throw error;
      log.warn({ err: error, vm }, "the VM's logs were not cut");
    }
  };

  const list = async () => {
    try {
      return await listVmFolders(host);
    } catch (error) {
      if (!(error instanceof HostFileError)) throw error;
      log.warn({ err: error }, "the folders of VMs were not read");
      return [];
    }
  };

  return {
    read: (vm, request) => turns.run(vm, () => readSerialLog(host, vmPaths(vm), request)),
    run: async (signal) => {
      while (!signal.aborted) {
        await clock.sleep(intervalMs, signal);
        if (signal.aborted) return;
        for (const vm of await list()) await bound(vm);
      }
    },
  };
}
