import { freezeGuest, type Host, HostFileError, isMarkedFrozen, thawGuest } from "@switchyard/host";
import {
  DispatchError,
  type FreezeRequest,
  type FrozenFileSystems,
  type GuestFreeze,
  type ThawRequest,
} from "@switchyard/model";
import type { Clock, Logger } from "@switchyard/runtime";
import { listVmFolders } from "../inventory/vms.ts";
import { createKeyedLocks } from "../jobs/keyed-locks.ts";

/*
 * A guest is frozen for one caller at a time, and its agent is who ends it. A mark beside the VM is there before
 * anything is frozen, so that the next agent thaws what this one did not live to thaw.
 *
 *   (none) ── freeze ──────────────────────────────────────────> held
 *   (none) ── the agent starts and finds a mark ───────────────> held     its time is over at once
 *   held ──── thaw, a job of the VM, its limit, the agent's stop ──> (none)
 *   held ──── it could not be thawed ──────────────────────────> held     tried again until it is, or the VM ended
 */

/** Between two rounds of a thaw that fails, which makes five attempts each. */
const RETRY_MS = 5_000;

export interface FreezesParts {
  readonly host: Host;
  readonly clock: Clock;
  readonly log: Logger;
  /** Whether a job of the VM was accepted and has not ended. */
  readonly isAtWorkOn: (vm: string) => boolean;
  readonly onChanged: () => void;
}

export interface Freezes {
  /**
   * @throws DispatchError GUEST_FROZEN, VM_STATE_CONFLICT (a job is at work); HostError VM_NOT_RUNNING,
   *   GUEST_AGENT_SILENT, GUEST_COMMAND_FAILED
   */
  freeze(request: FreezeRequest): Promise<FrozenFileSystems>;
  /** Count 0 where the freeze was over. May run twice. @throws HostError GUEST_NOT_THAWED, which is tried again */
  thaw(request: ThawRequest): Promise<FrozenFileSystems>;
  /** Ends a freeze because a job needs the guest. @throws HostError GUEST_NOT_THAWED */
  thawForJob(vm: string): Promise<void>;
  /** @throws DispatchError GUEST_FROZEN */
  refuseFrozen(vm: string): void;
  find(vm: string): GuestFreeze | undefined;
  /** Begins to thaw what an agent before left frozen. */
  adopt(): Promise<void>;
  /** Thaws all; what can't be thawed keeps its mark. */
  stop(): Promise<void>;
}

interface Held {
  readonly id: string;
  readonly freeze: GuestFreeze;
  /** Ends the wait for its limit. */
  readonly over: AbortController;
}

export function createFreezes({ host, clock, log, isAtWorkOn, onChanged }: FreezesParts): Freezes {
  const held = new Map<string, Held>();
  const watching = new Set<Promise<void>>();
  const turns = createKeyedLocks();
  const stopping = new AbortController();

  /** In the VM's turn. */
  const thawNow = async (vm: string): Promise<number> => {
    const count = await thawGuest({ host, vm, clock });
    held.get(vm)?.over.abort();
    if (held.delete(vm)) onChanged();
    return count;
  };

  const watch = async (vm: string, own: Held, limitMs: number): Promise<void> => {
    await clock.sleep(limitMs, own.over.signal);
    const thawOwn = async () => {
      if (held.get(vm) !== own) return;
      await thawNow(vm);
      log.warn({ vm, freeze: own.id }, "a guest was thawed that nobody had thawed");
    };
    while (held.get(vm) === own) {
      await turns.run(vm, thawOwn).catch((error: unknown) => {
        log.error({ err: error, vm }, "a frozen guest is not thawed yet");
      });
      if (stopping.signal.aborted) return;
      if (held.get(vm) === own) await clock.sleep(RETRY_MS, stopping.signal);
    }
  };

  /** @param limitMs by the monotonic clock: the wall clock may be set meanwhile */
  const hold = (vm: string, own: Held, limitMs: number): void => {
    held.set(vm, own);
    const watched = watch(vm, own, limitMs).finally(() => watching.delete(watched));
    watching.add(watched);
    onChanged();
  };
  const holdForThaw = (vm: string, id: string): void => {
    const freeze = { fileSystemCount: 0, thawAtMs: clock.nowMs() };
    hold(vm, { id, freeze, over: new AbortController() }, 0);
  };

  const refuseFrozen = (vm: string): void => {
    const freeze = held.get(vm)?.freeze;
    if (freeze === undefined) return;
    throw new DispatchError("GUEST_FROZEN", `the guest of ${vm} is frozen`, {
      found: `frozen until ${new Date(freeze.thawAtMs).toISOString()}`,
      needs: "a guest that is not frozen",
    });
  };
  const refuseAtWork = (vm: string): void => {
    if (!isAtWorkOn(vm)) return;
    throw new DispatchError("VM_STATE_CONFLICT", `a job is at work on ${vm}`, {
      found: "a job that has not ended",
      needs: "no job",
    });
  };

  return {
    refuseFrozen,
    find: (vm) => held.get(vm)?.freeze,
    freeze: ({ vm, id, maxMs }) =>
      turns.run(vm, async () => {
        refuseFrozen(vm);
        refuseAtWork(vm);
        try {
          const count = await freezeGuest({ host, vm, clock }, clock.nowMs() + maxMs);
          const thawAtMs = clock.nowMs() + maxMs;
          const freeze = { fileSystemCount: count, thawAtMs };
          hold(vm, { id, freeze, over: new AbortController() }, maxMs);
          log.info({ vm, freeze: id, maxMs, count }, "a guest is frozen");
          return { count, thawAtMs };
        } catch (error) {
          if (await isMarkedFrozen(host, vm)) holdForThaw(vm, id);
          throw error;
        }
      }),
    thaw: ({ vm, id }) =>
      turns.run(vm, async () => {
        const own = held.get(vm);
        if (id !== undefined && own?.id !== id) return { count: 0 };
        try {
          return { count: await thawNow(vm) };
        } catch (error) {
          own?.over.abort();
          throw error;
        }
      }),
    thawForJob: (vm) =>
      turns.run(vm, async () => {
        const own = held.get(vm);
        if (own === undefined) return;
        log.warn({ vm, freeze: own.id }, "a job of the VM ends its freeze");
        own.over.abort();
        await thawNow(vm);
      }),
    adopt: async () => {
      try {
        for (const vm of await listVmFolders(host)) {
          if (await isMarkedFrozen(host, vm)) holdForThaw(vm, "");
        }
      } catch (error) {
        if (!(error instanceof HostFileError)) throw error;
        log.error({ err: error }, "it is not known which guests were left frozen");
      }
    },
    stop: async () => {
      stopping.abort();
      for (const { over } of held.values()) over.abort();
      await Promise.all(watching);
    },
  };
}
