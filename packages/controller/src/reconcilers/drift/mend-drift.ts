import type { HostId, JobId } from "@switchyard/model";
import { type Logger, type Service, startLoop } from "@switchyard/runtime";
import type { Transaction } from "@switchyard/store";
import type { ApiParts } from "../../api/parts.ts";
import { applyNewPlan } from "../../api/plans/apply-plan.ts";
import { createPlan } from "../../api/plans/create-plan.ts";
import type { Rounds } from "../../gateway/metrics/instruments.ts";

const LOOK_INTERVAL_MS = 2_000;
/** Between two tries on one host: what comes back at once is somebody's will, not an accident. */
const TRY_INTERVAL_MS = 10_000;
const HOSTS_AT_ONCE_MAX = 16;

const ACTOR = "controller/drift";

type Parts = Pick<ApiParts, "store" | "clock" | "random" | "dispatch" | "brake"> & {
  readonly log: Logger;
  readonly rounds: Rounds;
};

/**
 * Mends drift where the profile as it was applied says `enforce`, and whatever it says where a boot took away what
 * was applied (kernel and NIC forget eswitch mode, VFs, vDPA devices and addresses): plans the way back to what was
 * applied and goes it, unless it is blocked, would break a VM, or would boot the host. Any number of controllers do so
 * side by side; each host is one caller's at a time.
 */
export function startMendingDrift(parts: Parts): Service {
  const { clock, log, rounds } = parts;
  return startLoop(
    async (signal) => {
      while (!signal.aborted) {
        await rounds("drift", () => mendOnce(parts)).catch((error: unknown) =>
          log.warn({ err: error }, "drift waits"),
        );
        await clock.sleep(LOOK_INTERVAL_MS, signal);
      }
    },
    (error) => log.error({ err: error }, "mending drift ended"),
  );
}

async function mendOnce(parts: Parts): Promise<void> {
  const { store, log } = parts;
  const hosts = await store.transaction({ actor: ACTOR }, async (tx) => {
    if ((await parts.brake.find(tx)) !== undefined) return [];
    return tx.hosts.claimDriftedHosts({ max: HOSTS_AT_ONCE_MAX, intervalMs: TRY_INTERVAL_MS });
  });
  for (const host of hosts) {
    await mend(parts, host).catch((error: unknown) => {
      log.warn({ err: error, host }, "drift was not mended");
    });
  }
}

async function mend(parts: Parts, host: HostId): Promise<void> {
  const { store, dispatch, log } = parts;
  const job = await store.transaction({ actor: ACTOR }, (tx) => restoreHost(parts, tx, host));
  if (job === undefined) return;
  dispatch.wake();
  log.info({ host, job }, "drift is being mended");
}

/**
 * Back to what was applied, and not to what the profile is by now: hosts that wait for their wave in a rollout, or that none
 * goes over, get a newer version by nothing that they did themselves.
 *
 * @returns undefined where there is no way that breaks nothing
 * @throws PlanningError HOST_HAS_NO_PROFILE, HOST_NOT_READY
 * @throws StoreError HOST_NOT_READY, HOST_UNREACHABLE, HOST_IN_EXPERIMENT
 */
export async function restoreHost(
  parts: Pick<Parts, "clock" | "random">,
  tx: Transaction,
  id: HostId,
): Promise<JobId | undefined> {
  const host = await tx.hosts.lock(id);
  const wanted = { host: id, goal: "restore", vmPolicy: "refuse", reason: "" } as const;
  const plan = await createPlan(parts, tx, wanted, host);
  const isHarmless = plan.plan.affectedVms.length === 0 && plan.plan.disruption !== "reboot";
  if (plan.state !== "ready" || !isHarmless) return undefined;
  return (await applyNewPlan(parts, tx, { plan, host })).id;
}
