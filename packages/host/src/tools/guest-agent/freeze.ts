import { CommandError, HostError, vmPaths } from "@switchyard/model";
import type { Clock } from "@switchyard/runtime";
import type { Host } from "../../port/host.ts";
import { numberOf } from "../json.ts";
import { readOptional } from "../tool.ts";
import { withGuest } from "./session.ts";

/** Flushing a busy guest's file systems takes a while. */
const FREEZE_TIMEOUT_MS = 30_000;
const THAW_TIMEOUT_MS = 5_000;
const THAW_ATTEMPTS_MAX = 5;
const THAW_PAUSE_MS = 1_000;
/** Beyond the time that the work was given, for the thaw itself. */
const MARGIN_MS = THAW_ATTEMPTS_MAX * (THAW_TIMEOUT_MS + THAW_PAUSE_MS);

export interface FrozenGuest {
  readonly host: Host;
  readonly vm: string;
  readonly clock: Clock;
}

/**
 * Does something while the guest's file systems are frozen, and thaws them whatever comes of it. A mark on the host
 * says so before, so that {@link thawIfOverdue} thaws what an agent that was killed left frozen.
 *
 * @param options.maxMs bound on the work; when it is over its signal aborts and the guest is thawed
 * @throws what the work threw; CommandError COMMAND_TIMED_OUT; HostError VM_NOT_RUNNING, GUEST_AGENT_SILENT,
 *   GUEST_COMMAND_FAILED (the guest can't be frozen), GUEST_NOT_THAWED
 * @see qemu/qemu qga/qapi-schema.json, guest-fsfreeze-freeze: a frozen agent takes little but the thaw
 */
export async function withFrozenGuest<Result>(
  guest: FrozenGuest,
  { maxMs }: { readonly maxMs: number },
  work: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const { host, vm, clock } = guest;
  const { guestAgentSocket: socketPath, frozenMark } = vmPaths(vm);
  const thawByMs = clock.nowMs() + FREEZE_TIMEOUT_MS + maxMs + MARGIN_MS;
  await host.replaceFile(frozenMark, `${thawByMs}\n`);
  const over = new AbortController();
  try {
    await withGuest({ host, socketPath, timeoutMs: FREEZE_TIMEOUT_MS, clock }, ({ call }) =>
      call("guest-fsfreeze-freeze"),
    );
    const late = clock.sleep(maxMs, over.signal).then(() => {
      throw new CommandError("COMMAND_TIMED_OUT", `${vm} was frozen for ${maxMs} ms`);
    });
    const working = work(over.signal);
    working.catch(() => undefined);
    late.catch(() => undefined);
    return await Promise.race([working, late]);
  } finally {
    over.abort();
    await thawGuest(guest);
  }
}

/**
 * Thaws a guest, frozen or not, and takes its mark away. May run twice.
 *
 * @returns how many file systems were frozen; 0 as well where the VM does not run
 * @throws HostError GUEST_NOT_THAWED, the mark then stays
 */
export async function thawGuest({ host, vm, clock }: FrozenGuest): Promise<number> {
  const { guestAgentSocket: socketPath, frozenMark } = vmPaths(vm);
  let cause: unknown;
  for (let attempt = 1; attempt <= THAW_ATTEMPTS_MAX; attempt += 1) {
    try {
      const thawed = await withGuest(
        { host, socketPath, timeoutMs: THAW_TIMEOUT_MS, clock },
        (to) => to.call("guest-fsfreeze-thaw"),
      );
      await host.remove(frozenMark);
      return numberOf(thawed) ?? 0;
    } catch (error) {
      if (!(error instanceof HostError)) throw error;
      if (error.reason === "VM_NOT_RUNNING") {
        await host.remove(frozenMark);
        return 0;
      }
      cause = error;
      await clock.sleep(THAW_PAUSE_MS);
    }
  }
  throw new HostError("GUEST_NOT_THAWED", `${vm} could not be thawed`, {}, { cause });
}

/** Thaws a guest whose mark says that it should have been thawed by now. @returns whether it had to */
export async function thawIfOverdue(guest: FrozenGuest): Promise<boolean> {
  const mark = await readOptional(guest.host, vmPaths(guest.vm).frozenMark);
  if (mark === undefined || Number(mark) > guest.clock.nowMs()) return false;
  await thawGuest(guest);
  return true;
}
