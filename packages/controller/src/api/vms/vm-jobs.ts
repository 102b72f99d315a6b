import { type JobId, type PortSettings, portSettingsOf, type VmDesired } from "@switchyard/model";
import { newUuid } from "@switchyard/runtime";
import type { JobRecord, Transaction, VmRecord } from "@switchyard/store";
import { JOB_TTL_MS } from "../jobs/job-ttl.ts";
import type { ApiParts } from "../parts.ts";
import { vmName } from "../validation/names.ts";

/** What the networks of the VM's NICs ask of their ports. They can't change while the VM is on them. */
async function portSettings(
  tx: Transaction,
  { allocation }: VmRecord,
): Promise<NonNullable<VmDesired["portSettings"]>> {
  const settings = new Map<string, PortSettings>();
  for (const { network } of allocation.nics) {
    if (!settings.has(network)) {
      settings.set(network, portSettingsOf((await tx.networks.get(network)).spec));
    }
  }
  return Object.fromEntries(settings);
}

/** The VM as its host is told of it. */
export async function toDesired(tx: Transaction, vm: VmRecord): Promise<VmDesired> {
  const { boot } = vm.spec;
  const image = boot.kind === "image" ? await tx.images.get(boot.image) : undefined;
  return {
    vm: vm.id,
    generation: vm.generation,
    spec: vm.spec,
    allocation: vm.allocation,
    portSettings: await portSettings(tx, vm),
    ...(image !== undefined && { image: { image: image.id, spec: image.spec } }),
  };
}

/** What a job does to a VM on its host. */
export type VmWork =
  | { readonly kind: "start-vm" | "delete-vm" }
  | { readonly kind: "stop-vm" | "reboot-vm"; readonly gracePeriodMs: number };

/** Makes the job that does the work on the VM's host. */
export const createVmJob = async (
  parts: Pick<ApiParts, "clock" | "random">,
  tx: Transaction,
  wanted: VmWork & { readonly vm: VmRecord },
): Promise<JobRecord> =>
  tx.jobs.create({
    id: newUuid(parts.clock, parts.random) as JobId,
    host: wanted.vm.allocation.host,
    spec: { ...wanted, vm: await toDesired(tx, wanted.vm) },
    subject: vmName.format(wanted.vm.id),
    ttlMs: JOB_TTL_MS,
  });
