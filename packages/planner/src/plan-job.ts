import { assertNever, type HostPlan, type Inventory, type JobSpec } from "@switchyard/model";
import { planHost } from "./host/plan-host.ts";
import { finishPlan } from "./steps/draft.ts";
import { ensurePoweredOff } from "./steps/fence-steps.ts";
import { planImageFetch } from "./vm/plan-image.ts";
import { planVmAwait, planVmKeep, planVmMigrate, planVmResume } from "./vm/plan-migration.ts";
import { planVmReceive, planVmSeal } from "./vm/plan-move.ts";
import { planNoop, planPing, planVmDelete, planVmStart } from "./vm/plan-vm.ts";
import { planVmReboot, planVmStop } from "./vm/plan-vm-stop.ts";

/** The plan for a job on the host as it is now: what the agent executes, step by step. */
export function planJob(spec: JobSpec, observed: Inventory): HostPlan {
  switch (spec.kind) {
    case "apply-host":
      return planHost(spec.desired, observed);
    case "start-vm":
      return planVmStart(spec.vm, observed);
    case "seal-vm":
      return planVmSeal(spec.vm);
    case "receive-vm":
      return planVmReceive(spec.vm, spec.disk, observed);
    case "await-vm":
      return planVmAwait(spec.vm, spec, observed);
    case "migrate-vm":
      return planVmMigrate(spec.vm, spec.channel);
    case "resume-vm":
      return planVmResume(spec.vm, spec.move);
    case "keep-vm":
      return planVmKeep(spec.vm, observed);
    case "stop-vm":
      return planVmStop(spec, observed);
    case "reboot-vm":
      return planVmReboot(spec, observed);
    case "delete-vm":
    case "clear-vm":
      return planVmDelete(spec.vm, observed);
    case "ping-vm":
      return planPing(spec, observed);
    case "fence-host":
      return finishPlan({ drafts: [ensurePoweredOff(spec.host, spec.bmc)], findings: [] });
    case "fetch-image":
      return planImageFetch(spec.image);
    case "noop":
      return planNoop();
    default:
      return assertNever(spec);
  }
}
