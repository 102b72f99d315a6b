import { HostError, vmPaths } from "@switchyard/model";
import type { Clock } from "@switchyard/runtime";
import type { Host } from "../../port/host.ts";
import { numberOf } from "../json.ts";
import { readVmProcess } from "../qemu/qemu.ts";
import { withGuest } from "./session.ts";

/** Flushing a busy guest's file systems takes a while. */
const FREEZE_TIMEOUT_MS = 30_000;
const THAW_TIMEOUT_MS = 5_000;
const THAW_ATTEMPTS_MAX = 5;
const THAW_PAUSE_MS = 1_000;

export interface FrozenGuest {
  readonly host: Host;
  readonly vm: string;
  readonly clock: Clock;
}

/**
 * Flushes and freezes a guest's file systems; at most 30 s. A mark on the host says so before, and stays until
 * {@link thawGuest}: where this fails and the mark is there, the guest may be frozen.
 *
 * @param thawAtMs when it is to be thawed, wall clock; written into the mark for people
 * @returns how many file systems are frozen, at least 1
 * @throws HostError VM_NOT_RUNNING, GUEST_AGENT_SILENT, GUEST_COMMAND_FAILED (the guest can't be frozen)
 * @see qemu/qemu qga/qapi-schema.json, guest-fsfreeze-freeze: a frozen agent takes little but the thaw;
 *   qga/commands-posix.c, qmp_guest_fsfreeze_freeze_list: with none to freeze it is not frozen
 */
export async function freezeGuest(guest: FrozenGuest, thawAtMs: number): Promise<number> {
  const { host, vm, clock } = guest;
  const { guestAgentSocket: socketPath, frozenMark } = vmPaths(vm);
  const options = { host, socketPath, timeoutMs: FREEZE_TIMEOUT_MS, clock };
  const frozen = await withGuest(options, async ({ call }) => {
    // Nothing is marked of a guest whose agent is not there: nobody could thaw it.
    await call("guest-ping");
    await host.replaceFile(frozenMark, `${new Date(thawAtMs).toISOString()}\n`);
    return await call("guest-fsfreeze-freeze");
  });
  const count = numberOf(frozen) ?? 0;
  if (count > 0) return count;
  throw new HostError("GUEST_COMMAND_FAILED", `${vm} has no file system that can be frozen`, {
    argv: "guest-fsfreeze-freeze",
    found: "0 file systems",
    needs: "at least one, of a kind that can be frozen",
  });
}

/**
 * Thaws a guest, frozen or not, and takes its mark away; at most 30 s. May run twice.
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
  if ((await readVmProcess(host, vm))?.isAlive !== true) {
    await host.remove(frozenMark);
    return 0;
  }
  throw new HostError("GUEST_NOT_THAWED", `${vm} could not be thawed`, {}, { cause });
}

/** Whether a guest is frozen, or was left so: its mark is there. */
export const isMarkedFrozen = (host: Host, vm: string): Promise<boolean> =>
  host.exists(vmPaths(vm).frozenMark);
