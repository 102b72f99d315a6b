import type { Host } from "@switchyard/host";
import type { Clock } from "@switchyard/runtime";

/**
 * One incarnation of a process. Once it is killed nothing it does comes back: calls in flight never
 * return, and calls made later do nothing, which is what kill -9 looks like from inside.
 */
export interface Life {
  readonly isOver: boolean;
  /** Aborted when it is over. */
  readonly signal: AbortSignal;
  kill(): void;
  /** Lets a call through while alive; `onCall` may kill before it is made or before it returns. */
  through<Result>(call: () => Promise<Result>): Promise<Result>;
}

/** Told before and after every call; killing in it ends the life right there. */
export type Watch = (moment: "before" | "after", life: Life) => void;

const never = <Result>(): Promise<Result> => new Promise<Result>(() => undefined);

export function createLife(watch: Watch = () => undefined): Life {
  const death = new AbortController();
  let isOver = false;
  const life: Life = {
    get isOver() {
      return isOver;
    },
    signal: death.signal,
    kill: () => {
      isOver = true;
      death.abort();
    },
    through: async <Result>(call: () => Promise<Result>) => {
      if (!isOver) watch("before", life);
      if (isOver) return await never<Result>();
      try {
        const result = await call();
        if (!isOver) watch("after", life);
        if (isOver) return await never<Result>();
        return result;
      } catch (error) {
        if (isOver) return await never<Result>();
        throw error;
      }
    },
  };
  return life;
}

/** A host as seen by one incarnation: the machine stays, the process goes. */
export function mortalHost(host: Host, life: Life): Host {
  return {
    kind: host.kind,
    run: (command) => life.through(() => host.run(command)),
    readFile: (path) => life.through(() => host.readFile(path)),
    writeFile: (path, text, timeoutMs) => life.through(() => host.writeFile(path, text, timeoutMs)),
    replaceFile: (path, text) => life.through(() => host.replaceFile(path, text)),
    remove: (path) => life.through(() => host.remove(path)),
    listFolder: (path) => life.through(() => host.listFolder(path)),
    readLink: (path) => life.through(() => host.readLink(path)),
    exists: (path) => life.through(() => host.exists(path)),
    readRange: (path, offset, length) => life.through(() => host.readRange(path, offset, length)),
    writeRange: (path, offset, bytes) => life.through(() => host.writeRange(path, offset, bytes)),
    makeFolder: (path) => life.through(() => host.makeFolder(path)),
    connectSocket: (path) => life.through(() => host.connectSocket(path)),
    connectByteSocket: (path) => life.through(() => host.connectByteSocket(path)),
    reboot: (reason) => life.through(() => host.reboot(reason)),
  };
}

/** A clock on which a dead process never wakes. */
export function mortalClock(clock: Clock, life: Life): Clock {
  return {
    nowMs: clock.nowMs,
    monotonicMs: clock.monotonicMs,
    sleep: async (ms, signal) => {
      const either = signal === undefined ? life.signal : AbortSignal.any([signal, life.signal]);
      await clock.sleep(ms, either);
      if (life.isOver) await never();
    },
  };
}
