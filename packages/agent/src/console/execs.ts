import type { SessionChannel } from "@switchyard/bus";
import { guestExec } from "@switchyard/host";
import {
  DispatchError,
  EXEC_LIMITS,
  type ExecOutcome,
  type ExecRequest,
  SwitchyardError,
  vmPaths,
} from "@switchyard/model";
import type { VmSessionsParts } from "./vm-sessions.ts";

/** Of a host; a guest agent runs one program after the other anyway. */
const EXECS_MAX = 16;

/** Programs that run in guests, each in a session that ends with what came of it. */
export interface Execs {
  /** @throws DispatchError SESSIONS_TOO_MANY */
  open(id: string, request: ExecRequest): void;
  stop(): Promise<void>;
}

/** Cut at a whole character. */
function bounded(text: string): { readonly text: string; readonly isTruncated: boolean } {
  const bytes = Buffer.from(text);
  if (bytes.length <= EXEC_LIMITS.outputBytesMax) return { text, isTruncated: false };
  const cut = new TextDecoder().decode(bytes.subarray(0, EXEC_LIMITS.outputBytesMax), {
    stream: true,
  });
  return { text: cut, isTruncated: true };
}

export function createExecs({ host, bus, clock, log }: VmSessionsParts): Execs {
  const running = new Map<SessionChannel, Promise<void>>();

  const run = async ({ vm, argv, timeoutMs }: ExecRequest): Promise<ExecOutcome> => {
    const path = vmPaths(vm).guestAgentSocket;
    const { exitCode, stdout, stderr, isTruncated } = await guestExec(host, path, argv, {
      timeoutMs,
      clock,
    });
    const out = bounded(stdout);
    const err = bounded(stderr);
    return {
      exitCode,
      stdout: out.text,
      stderr: err.text,
      isTruncated: isTruncated === true || out.isTruncated || err.isTruncated,
    };
  };

  const serve = async (channel: SessionChannel, request: ExecRequest): Promise<void> => {
    try {
      const result = await run(request);
      channel.end({ reason: undefined, message: `${request.argv[0]} ended`, result });
    } catch (error) {
      if (!(error instanceof SwitchyardError)) log.error({ err: error }, "a program was not run");
      const known = error instanceof SwitchyardError ? error : undefined;
      channel.end({
        reason: known?.reason ?? "INVARIANT_BROKEN",
        message: known?.message ?? "the agent failed; see its log",
        metadata: known?.metadata ?? {},
      });
    } finally {
      running.delete(channel);
    }
  };

  return {
    open: (id, request) => {
      if (running.size >= EXECS_MAX) {
        const message = `${running.size} programs run in guests of the host`;
        throw new DispatchError("SESSIONS_TOO_MANY", message, { found: String(running.size) });
      }
      const channel = bus.openSession(id);
      running.set(channel, serve(channel, request));
    },
    // What runs in a guest goes on; nobody hears of its end.
    stop: async () => {
      for (const channel of running.keys()) {
        channel.end({ reason: "SESSION_LOST", message: "the agent was stopped" });
      }
    },
  };
}
