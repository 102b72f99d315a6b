import { type Host, HostFileError, readGuestFacts } from "@switchyard/host";
import { type GuestFacts, SwitchyardError, vmPaths } from "@switchyard/model";
import { type Clock, type Logger, Semaphore } from "@switchyard/runtime";
import { listVmFolders } from "../inventory/vms.ts";

/** For all questions to one guest; it may be busy, or its agent in another's hands. */
const READ_TIMEOUT_MS = 3_000;
const READ_AT_ONCE_MAX = 4;

/** What the host's guests said of themselves lately, apart from the inventory, which never waits for a guest. */
export interface GuestFactsReader {
  find(vm: string): GuestFacts | undefined;
  run(signal: AbortSignal): Promise<void>;
}

export function createGuestFactsReader(parts: {
  readonly host: Host;
  readonly clock: Clock;
  readonly log: Logger;
  readonly intervalMs: number;
  /** A frozen guest says nothing; what it said before is kept. */
  readonly isFrozen: (vm: string) => boolean;
}): GuestFactsReader {
  const { host, clock, log, intervalMs, isFrozen } = parts;
  let known: ReadonlyMap<string, GuestFacts> = new Map();

  const read = async (vm: string): Promise<GuestFacts | undefined> => {
    const path = vmPaths(vm).guestAgentSocket;
    try {
      if (!(await host.exists(path))) return undefined;
      return await readGuestFacts(host, path, { timeoutMs: READ_TIMEOUT_MS, clock });
    } catch (error) {
      if (error instanceof SwitchyardError) return undefined;
      throw error;
    }
  };
  const readAll = async () => {
    const slots = new Semaphore(READ_AT_ONCE_MAX);
    const found = new Map<string, GuestFacts>();
    const one = async (vm: string) => {
      const facts = isFrozen(vm) ? known.get(vm) : await slots.run(() => read(vm));
      if (facts !== undefined) found.set(vm, facts);
    };
    await Promise.all((await listVmFolders(host)).map(one));
    known = found;
  };

  return {
    find: (vm) => known.get(vm),
    run: async (signal) => {
      for (;;) {
        await clock.sleep(intervalMs, signal);
        if (signal.aborted) return;
        await readAll().catch((error: unknown) => {
          if (!(error instanceof HostFileError)) throw error;
          log.warn({ err: error }, "the folders of VMs were not read");
        });
      }
    },
  };
}
