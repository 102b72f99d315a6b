import { readOvsDatabase, startOvs } from "@switchyard/host";
import { ensure } from "../executor.ts";

/** Not taken back: others may have begun to use Open vSwitch since. */
export const ensureOvsRunning = ensure<"ensureOvsRunning", { readonly isRunning: boolean }>({
  read: async ({ host }) => ({ isRunning: (await readOvsDatabase(host))?.isRunning ?? false }),
  isSatisfied: ({ isRunning }) => isRunning,
  apply: ({ host }) => startOvs(host),
  undo: undefined,
  failure: "OVS_NOT_RUNNING",
});
