import type { SessionChannel } from "@switchyard/bus";
import { type ByteSocket, HostFileError } from "@switchyard/host";
import {
  type ConsoleRequest,
  DispatchError,
  HostError,
  type SessionEnd,
  SwitchyardError,
  type VmId,
  vmPaths,
} from "@switchyard/model";
import { createKeyedLocks } from "../jobs/keyed-locks.ts";
import type { VmSessionsParts } from "./vm-sessions.ts";

/*
 * One session at a time has a VM's console: QEMU serves one connection, and two people who type into one login
 * help nobody.
 *
 *   (none) ── open ──────────────────────> held
 *   held ──── open, without taking ──────> held      CONSOLE_BUSY names the holder
 *   held ──── open, taking ──────────────> held      by the other; the first ends with CONSOLE_TAKEN
 *   held ──── either end closes, silence, stall, no byte for IDLE_MS, the VM's process ends ──> (none)
 */

/** Of a host; each holds two windows of a session. */
const CONSOLES_MAX = 32;
/** A forgotten terminal keeps others out for so long. */
export const CONSOLE_IDLE_MS = 30 * 60_000;
const IDLE_LOOK_MS = 60_000;

interface Held {
  readonly who: string;
  readonly sinceMs: number;
  readonly channel: SessionChannel;
  /** Resolves when the VM's serial port is free again. */
  readonly freed: Promise<void>;
}

export interface Consoles {
  /**
   * Connects the session to the VM's serial port.
   *
   * @throws HostError VM_NOT_RUNNING; DispatchError CONSOLE_BUSY, SESSIONS_TOO_MANY
   */
  open(id: string, request: ConsoleRequest): Promise<void>;
  stop(): Promise<void>;
}

type Parts = Pick<VmSessionsParts, "host" | "bus" | "clock" | "log">;

const ended = (reason: SessionEnd["reason"], message: string): SessionEnd => ({ reason, message });

export function createConsoles(parts: Parts): Consoles {
  const held = new Map<VmId, Held>();
  const turns = createKeyedLocks();

  const makeRoom = async ({ vm, who, isTaking }: ConsoleRequest): Promise<void> => {
    const holder = held.get(vm);
    if (holder === undefined) {
      if (held.size < CONSOLES_MAX) return;
      const message = `${held.size} consoles of the host are open`;
      throw new DispatchError("SESSIONS_TOO_MANY", message, { found: String(held.size) });
    }
    if (!isTaking) {
      const since = new Date(holder.sinceMs).toISOString();
      const message = `${holder.who} has the console of ${vm}`;
      throw new DispatchError("CONSOLE_BUSY", message, { found: `${holder.who} since ${since}` });
    }
    holder.channel.end(ended("CONSOLE_TAKEN", `${who} took the console of ${vm}`));
    await holder.freed;
  };

  return {
    open: (id, request) =>
      turns.run(request.vm, async () => {
        const { vm, who } = request;
        await makeRoom(request);
        const socket = await connect(parts, vm);
        const channel = parts.bus.openSession(id);
        const freed = serve(parts, { vm, socket, channel }).then(() => {
          if (held.get(vm)?.channel === channel) held.delete(vm);
        });
        held.set(vm, { who, channel, freed, sinceMs: parts.clock.nowMs() });
      }),
    stop: async () => {
      const all = [...held.values()];
      for (const { channel } of all) channel.end(ended("SESSION_LOST", "the agent was stopped"));
      await Promise.all(all.map(({ freed }) => freed));
    },
  };
}

async function connect({ host }: Parts, vm: VmId): Promise<ByteSocket> {
  const path = vmPaths(vm).serialSocket;
  try {
    return await host.connectByteSocket(path);
  } catch (cause) {
    if (!(cause instanceof HostFileError)) throw cause;
    const facts = { path, errno: cause.errno };
    throw new HostError("VM_NOT_RUNNING", `${vm} does not run, or has no console`, facts, {
      cause,
    });
  }
}

interface Ends {
  readonly vm: VmId;
  readonly socket: ByteSocket;
  readonly channel: SessionChannel;
}

/** Carries bytes between the two until one of them is at its end; resolves when both are. */
async function serve(parts: Parts, { vm, socket, channel }: Ends): Promise<void> {
  const stopping = new AbortController();
  const toUser = async () => {
    for (;;) {
      const bytes = await socket.read();
      if (bytes === undefined) break;
      await channel.send(bytes);
    }
    channel.end(ended(undefined, `the console of ${vm} closed: its process ended`));
  };
  const toGuest = async () => {
    for (;;) {
      const bytes = await channel.receive();
      if (bytes === undefined) return;
      await socket.write(bytes);
    }
  };
  const whileUsed = async () => {
    while (!stopping.signal.aborted) {
      await parts.clock.sleep(IDLE_LOOK_MS, stopping.signal);
      if (parts.clock.monotonicMs() - channel.lastBytesMs() < CONSOLE_IDLE_MS) continue;
      channel.end(
        ended("CONSOLE_IDLE", `nothing was typed or shown for ${CONSOLE_IDLE_MS / 60_000} min`),
      );
      return;
    }
  };
  const expected = (error: unknown) => {
    if (error instanceof SwitchyardError || error instanceof HostFileError) return;
    parts.log.error({ err: error, vm }, "a console session failed");
    channel.end(ended("SESSION_LOST", "the agent failed; see its log"));
  };
  const carrying = [toUser(), toGuest(), whileUsed()].map((each) => each.catch(expected));
  const { reason, message } = await channel.ended;
  parts.log.info({ vm, reason, message }, "a console session ended");
  stopping.abort();
  socket.close();
  await Promise.all(carrying);
}
