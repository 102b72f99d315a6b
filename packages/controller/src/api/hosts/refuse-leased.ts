import { type ExperimentId, StoreError } from "@switchyard/model";
import type { HostRecord } from "@switchyard/store";

/**
 * Nobody changes a host that an experiment has, but the experiment.
 *
 * @param by the experiment that asks; undefined: somebody else
 * @throws StoreError HOST_IN_EXPERIMENT
 */
export function refuseLeased(
  { id, lease }: Pick<HostRecord, "id" | "lease">,
  by?: ExperimentId,
): void {
  if (lease === undefined || lease.experiment === by) return;
  throw new StoreError("HOST_IN_EXPERIMENT", `experiment ${lease.experiment} has host ${id}`, {
    subject: `hosts/${id}`,
    found: `experiments/${lease.experiment}`,
    needs: "a host that no experiment has",
    try: `swy bench cancel ${lease.experiment} --reason …`,
  });
}
