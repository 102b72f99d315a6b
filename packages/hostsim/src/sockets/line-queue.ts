import type { LineSocket } from "@switchyard/host";
import type { Clock } from "@switchyard/runtime";

/** Lines a peer may leave unread; a real socket's buffer ends, too. */
const UNREAD_LINES_MAX = 1000;

/** The side of a socket that the simulated program holds. */
export interface LinePeer {
  /** Queues a line for whoever connected. */
  push(line: string): void;
  /** Ends the connection; what is queued can still be read. */
  end(): void;
}

/** Joins a caller's {@link LineSocket} to a program that answers lines. */
export function createLineSocket(
  clock: Clock,
  program: { readonly onLine: (line: string) => void; readonly onClose: () => void },
): { readonly socket: LineSocket; readonly peer: LinePeer } {
  const lines: string[] = [];
  let isEnded = false;
  let wake: (() => void) | undefined;
  const signal = () => {
    wake?.();
    wake = undefined;
  };
  const close = () => {
    if (isEnded) return;
    isEnded = true;
    signal();
    program.onClose();
  };
  const receive = async (timeoutMs: number): Promise<string | undefined> => {
    if (lines.length === 0 && !isEnded) {
      const cancel = new AbortController();
      const arrived = new Promise<void>((resolve) => {
        wake = resolve;
      });
      await Promise.race([arrived, clock.sleep(timeoutMs, cancel.signal)]);
      cancel.abort();
    }
    return lines.shift();
  };
  return {
    socket: {
      send: (line) => {
        if (!isEnded) program.onLine(line);
      },
      receive,
      close,
    },
    peer: {
      push: (line) => {
        if (isEnded) return;
        lines.push(line);
        if (lines.length > UNREAD_LINES_MAX) lines.shift();
        signal();
      },
      end: close,
    },
  };
}

/** A socket on which another client is served: what is sent waits for ever. */
export const unansweredSocket = (clock: Clock): LineSocket =>
  createLineSocket(clock, { onLine: () => undefined, onClose: () => undefined }).socket;
