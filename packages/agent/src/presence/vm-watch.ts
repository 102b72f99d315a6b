import { type Host, HostFileError } from "@switchyard/host";
import type { Inventory } from "@switchyard/model";
import type { Clock, Logger } from "@switchyard/runtime";

/** Sees within seconds that a VM's process is gone, for one look at a file per VM. */
export interface VmWatch {
  run(signal: AbortSignal): Promise<void>;
}

/**
 * Looks whether the processes of VMs that ran at the last inventory are still there, and asks for another inventory
 * where one is not. A pid that was given away meanwhile is told by the next inventory, which compares names.
 */
export function createVmWatch(parts: {
  readonly host: Host;
  readonly clock: Clock;
  readonly log: Logger;
  readonly latest: () => Inventory | undefined;
  /** Asks for a look at the whole host. */
  readonly onEnd: () => void;
  readonly intervalMs: number;
}): VmWatch {
  const { host, clock, log, latest, onEnd, intervalMs } = parts;
  /** Those that were told already: the inventory that no longer has them may take its time. */
  const told = new Set<number>();

  const look = async () => {
    const pids = latest()?.vms.flatMap(({ pid }) => pid ?? []) ?? [];
    for (const pid of told) if (!pids.includes(pid)) told.delete(pid);
    for (const pid of pids) {
      if (told.has(pid) || (await host.exists(`/proc/${pid}`))) continue;
      told.add(pid);
      log.info({ pid }, "the process of a VM is gone");
      onEnd();
    }
  };

  return {
    run: async (signal) => {
      while (!signal.aborted) {
        await clock.sleep(intervalMs, signal);
        if (signal.aborted) return;
        await look().catch((error: unknown) => {
          if (!(error instanceof HostFileError)) throw error;
          log.warn({ err: error }, "the processes of VMs were not looked at");
        });
      }
    },
  };
}
