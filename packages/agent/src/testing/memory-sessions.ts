import { openSessionChannel, type SessionChannel, type SessionWire } from "@switchyard/bus";
import { systemClock } from "@switchyard/runtime";

/** Live sessions in memory: both ends are the real ones, and no frame is lost between them. */
export interface MemorySessions {
  openAgentEnd(id: string): SessionChannel;
  openControllerEnd(id: string): SessionChannel;
}

export function createMemorySessions(): MemorySessions {
  const listeners = new Map<string, (frame: Uint8Array) => void>();
  const wire = (own: string, other: string): SessionWire => ({
    publish: (frame) => queueMicrotask(() => listeners.get(other)?.(frame)),
    subscribe: (handler) => {
      listeners.set(own, handler);
      return { stop: async () => void listeners.delete(own) };
    },
    isConnected: () => true,
    onDisconnect: () => () => undefined,
  });
  return {
    openAgentEnd: (id) =>
      openSessionChannel(wire(`${id}.in`, `${id}.out`), { clock: systemClock, speaksFirst: true }),
    openControllerEnd: (id) =>
      openSessionChannel(wire(`${id}.out`, `${id}.in`), { clock: systemClock, speaksFirst: false }),
  };
}
