import { BOOTS_OF_JOB_MAX, HostError, type Step } from "@switchyard/model";
import type { JobRun } from "./job-run.ts";

/** What the journal keeps of the boot in which a reboot was asked for. */
interface Before {
  readonly bootId: string;
}

export const beforeReboot = (run: JobRun): Before => ({ bootId: run.bootId });

/** Whether the machine has booted since the journal says that a boot was to be asked for. */
export const hasBootedSince = (run: JobRun, before: unknown): boolean =>
  (before as Before).bootId !== run.bootId;

/**
 * Writes down that the job goes on in another boot than before, and stops one under which the host boots
 * again and again, whoever causes it.
 *
 * @throws HostError REBOOT_BUDGET_SPENT
 */
export async function countBoot(run: JobRun): Promise<void> {
  const { journal, bootId } = run;
  const { job, boots } = journal.entry();
  if (boots.at(-1) === bootId) return;
  await journal.commit([{ kind: "resumed", job: job.id, bootId }]);
  const count = journal.entry().boots.length - 1;
  if (count <= BOOTS_OF_JOB_MAX) return;
  throw new HostError("REBOOT_BUDGET_SPENT", `the host booted ${count} times during the job`, {
    found: `${count} boots`,
    needs: `${BOOTS_OF_JOB_MAX} or fewer`,
  });
}

/** What was done before a boot that brought it into force stays: going back would take another boot. */
export function lastReboot(run: JobRun): Step | undefined {
  const { plan = [], steps } = run.journal.entry();
  return plan.findLast(
    ({ id, kind }) => kind === "ensureRebooted" && steps.get(id)?.outcome?.changed === true,
  );
}
