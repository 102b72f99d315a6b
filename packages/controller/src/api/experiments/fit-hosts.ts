import {
  type ExperimentMode,
  type ExperimentSpec,
  type HostKind,
  type NetworkSpec,
  PlanningError,
} from "@switchyard/model";
import type { HostRecord, Transaction } from "@switchyard/store";
import { observedMode } from "../hosts/slots.ts";
import { listAll } from "../list-all.ts";
import type { ApiParts } from "../parts.ts";
import { createPlan, observedHost } from "../plans/create-plan.ts";
import { inModeOf } from "../plans/datapath-mode.ts";
import { selectProfile } from "../plans/select-profile.ts";
import { hostName } from "../validation/names.ts";

/** VMs of one host; no NIC has more VFs than 127, and a host holds few NICs. */
const VMS_PER_HOST_MAX = 4096;

type Parts = Pick<ApiParts, "clock" | "random">;

/** What the hosts of an experiment are to be able to. */
export interface Wanted extends Pick<ExperimentSpec, "modes" | "allowsOtherVms"> {
  readonly network: NetworkSpec;
}

const unfit = (
  { id }: HostRecord,
  message: string,
  facts: { readonly found: string; readonly needs: string; readonly try?: string },
): PlanningError =>
  new PlanningError("EXPERIMENT_HOST_UNFIT", message, { subject: hostName.format(id), ...facts });

const datapathModeOf = (mode: ExperimentMode) => (mode === "sriov" ? "sriov" : "vdpa");

/** @throws PlanningError VMS_WOULD_BREAK */
async function refuseVms(tx: Transaction, host: HostRecord, wanted: Wanted): Promise<void> {
  const vms = await listAll((page) => tx.vms.list({ ...page, host: host.id }), VMS_PER_HOST_MAX);
  if (vms.length === 0) return;
  const now = observedMode(observedHost(host).inventory);
  const canStay = wanted.modes.every((mode) => datapathModeOf(mode) === now);
  if (canStay && wanted.allowsOtherVms) return;
  throw new PlanningError("VMS_WOULD_BREAK", `host ${host.id} has VMs`, {
    subject: hostName.format(host.id),
    found: `VMs ${vms.map(({ id }) => id).join(", ")}`,
    needs: canStay ? "no VM, or allow_other_vms" : "no VM: a mode takes their NIC away",
    try: `swy host evacuate ${host.id} --reason …`,
  });
}

/** @throws PlanningError MODE_NOT_DESCRIBED, EXPERIMENT_HOST_UNFIT */
async function refuseModes(tx: Transaction, host: HostRecord, wanted: Wanted): Promise<void> {
  const profile = selectProfile(host, await tx.profiles.listAll());
  for (const mode of wanted.modes) {
    const datapath = inModeOf({ ...host, lease: { mode } }, profile);
    if (datapath.mode === "sriov" || datapath.bridge.name === wanted.network.bridge) continue;
    throw unfit(host, `host ${host.id} does not carry the network's bridge`, {
      found: `bridge ${datapath.bridge.name} in profile ${profile.id}`,
      needs: `bridge ${wanted.network.bridge}`,
    });
  }
}

/**
 * Refuses a host that could not be brought back to exactly what it is now, or that can't be in one of the modes.
 *
 * @returns what it stands on
 * @throws StoreError HOST_NOT_FOUND
 * @throws PlanningError HOST_NOT_READY, HOST_HAS_NO_PROFILE, PROFILE_AMBIGUOUS, MODE_NOT_DESCRIBED,
 *   VMS_WOULD_BREAK, EXPERIMENT_HOST_UNFIT
 */
export async function fitHost(
  parts: Parts,
  tx: Transaction,
  { host, wanted }: { readonly host: HostRecord; readonly wanted: Wanted },
): Promise<HostKind> {
  const { inventory } = observedHost(host);
  if (host.state !== "ready") {
    throw new PlanningError("HOST_NOT_READY", `host ${host.id} does not report`, {
      subject: hostName.format(host.id),
      found: `state ${host.state}`,
      needs: "heartbeats",
    });
  }
  await refuseVms(tx, host, wanted);
  await refuseModes(tx, host, wanted);
  const goal = { goal: "apply-profile", vmPolicy: "refuse", reason: "" } as const;
  const plan = await createPlan(parts, tx, { host: host.id, ...goal });
  if (plan.state !== "empty") {
    throw unfit(host, `host ${host.id} is not at its profile`, {
      found: `a plan of ${plan.plan.steps.length} steps, ${plan.state}`,
      needs: "a host that is at its profile, to which it is brought back",
      try: `swy plan create --host ${host.id}`,
    });
  }
  return inventory.hostKind;
}
