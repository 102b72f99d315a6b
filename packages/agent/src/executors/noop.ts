import type { Executor } from "./executor.ts";

export const noop: Executor<"noop"> = { kind: "observe", observe: async () => ({}) };
