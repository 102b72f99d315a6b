import { fork } from "node:child_process";
import { once } from "node:events";
import type { Service } from "@switchyard/runtime";

/** A program of this folder as a process of its own; it ends with its parent. */
export interface Child extends Service {
  /** The next message it sends. @throws Error when it ends instead */
  next(): Promise<unknown>;
  /** Sends it a message, and answers with the next one it sends. */
  ask(message: object): Promise<unknown>;
}

/** 200 agents share one heap here; on hosts of their own none has so much that is short-lived. */
const SEMI_SPACE_MIB = 64;

export function startChild(program: string, environment: Readonly<Record<string, string>>): Child {
  const child = fork(new URL(program, import.meta.url), {
    execArgv: [
      "--disable-warning=ExperimentalWarning",
      `--max-semi-space-size=${SEMI_SPACE_MIB}`,
      "--expose-gc",
    ],
    env: { PATH: process.env["PATH"], ...environment },
  });
  const ended = once(child, "exit");
  const failed = ended.then(([code]) => {
    throw new Error(`${program} ended with ${code}`);
  });
  failed.catch(() => undefined);
  const next = () => Promise.race([once(child, "message").then(([message]) => message), failed]);
  return {
    next,
    ask: (message) => {
      const answer = next();
      child.send(message);
      return answer;
    },
    stop: async () => {
      if (child.connected) child.disconnect();
      await ended;
    },
  };
}
