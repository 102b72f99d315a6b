import type { StepContext } from "../executors/executor.ts";

/** Changes whenever the agent has changed something at the BMC, so that nobody goes by an older answer. */
export const BMC_CHANGED_PATH = "/run/switchyard/bmc-changed";

/** May run twice. */
export const markBmcChanged = ({ observer, clock, job }: StepContext): Promise<void> =>
  observer.replaceFile(BMC_CHANGED_PATH, `${job} ${clock.nowMs()}\n`);
