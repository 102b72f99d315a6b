import type { AgentBus, CommandAnswer, ReceivedCommand, SignedVerb } from "@switchyard/bus";
import { type Host, HostFileError } from "@switchyard/host";
import {
  assertNever,
  parseConsoleRequest,
  parseExecRequest,
  parseFreezeRequest,
  parseThawRequest,
  parseVmLogRequest,
  type Reason,
  SwitchyardError,
  VM_LOG_LIMITS,
} from "@switchyard/model";
import type { Clock, Logger } from "@switchyard/runtime";
import type { Freezes } from "../guest/freezes.ts";
import { createConsoles } from "./consoles.ts";
import { createExecs } from "./execs.ts";
import type { SerialLogs } from "./serial-logs.ts";

/** Answers what controllers ask about VMs: their consoles, their logs, programs in their guests, freezes. */
export interface VmSessions {
  answer(command: ReceivedCommand & { readonly verb: SignedVerb }): Promise<CommandAnswer>;
  /** Ends every session. */
  stop(): Promise<void>;
}

export interface VmSessionsParts {
  readonly host: Host;
  readonly bus: AgentBus;
  readonly clock: Clock;
  readonly log: Logger;
  readonly serialLogs: SerialLogs;
  readonly freezes: Freezes;
}

const done = (message: string): CommandAnswer => ({ isDone: true, reason: undefined, message });
const refused = (reason: Reason, message: string): CommandAnswer => ({
  isDone: false,
  reason,
  message,
});

export function createVmSessions(parts: VmSessionsParts): VmSessions {
  const consoles = createConsoles(parts);
  const execs = createExecs(parts);

  const open = async ({ verb, request }: Parameters<VmSessions["answer"]>[0]) => {
    const { id = "", params } = request ?? {};
    switch (verb) {
      case "console": {
        const wanted = parseConsoleRequest(params);
        if (wanted === undefined) return undefined;
        await consoles.open(id, wanted);
        return done("the console is open");
      }
      case "exec": {
        const wanted = parseExecRequest(params);
        if (wanted === undefined) return undefined;
        parts.freezes.refuseFrozen(wanted.vm);
        execs.open(id, wanted);
        return done("the program is started");
      }
      case "vm-log": {
        const wanted = parseVmLogRequest(params);
        if (wanted === undefined) return undefined;
        const { vm, fromByte, tailBytes } = wanted;
        const maxBytes = VM_LOG_LIMITS.pieceBytesMax;
        const vmLog = await parts.serialLogs.read(vm, { fromByte, tailBytes, maxBytes });
        return { ...done("a piece of the log"), vmLog };
      }
      case "freeze": {
        const wanted = parseFreezeRequest(params);
        if (wanted === undefined) return undefined;
        return { ...done("the guest is frozen"), frozen: await parts.freezes.freeze(wanted) };
      }
      case "thaw": {
        const wanted = parseThawRequest(params);
        if (wanted === undefined) return undefined;
        return { ...done("the guest is not frozen"), frozen: await parts.freezes.thaw(wanted) };
      }
      default:
        return assertNever(verb);
    }
  };

  return {
    answer: async (command) => {
      try {
        const answer = await open(command);
        return answer ?? refused("FIELD_INVALID", "the agent does not understand the request");
      } catch (error) {
        if (error instanceof SwitchyardError) {
          return { ...refused(error.reason, error.message), metadata: error.metadata };
        }
        if (error instanceof HostFileError) return refused("FILE_ACCESS_FAILED", error.message);
        throw error;
      }
    },
    stop: async () => {
      await Promise.all([consoles.stop(), execs.stop()]);
    },
  };
}
