import {
  type ImageSpec,
  InvariantError,
  type JobId,
  type NetworkId,
  type NetworkSpec,
  portSettingsOf,
  type VmDesired,
} from "@switchyard/model";
import { newUuid } from "@switchyard/runtime";
import type { JobDraft, JobRecord, Transaction, VmRecord } from "@switchyard/store";
import { JOB_TTL_MS } from "../jobs/job-ttl.ts";
import type { ApiParts } from "../parts.ts";
import { vmName } from "../validation/names.ts";

/** Records that a VM's host is told of with it. */
export interface VmSurroundings {
  /** The image it boots from; undefined where it boots from none. */
  readonly image: ImageSpec | undefined;
  /** Those of its NICs at least. What they ask of ports can't change while the VM is on them. */
  readonly networks: ReadonlyMap<NetworkId, NetworkSpec>;
}

function desiredOf(vm: VmRecord, { image, networks }: VmSurroundings): VmDesired {
  const { boot } = vm.spec;
  const settings = vm.allocation.nics.flatMap(({ network }) => {
    const spec = networks.get(network);
    return spec === undefined ? [] : [[network, portSettingsOf(spec)] as const];
  });
  return {
    vm: vm.id,
    generation: vm.generation,
    spec: vm.spec,
    allocation: vm.allocation,
    portSettings: Object.fromEntries(settings),
    ...(image !== undefined &&
      boot.kind === "image" && { image: { image: boot.image, spec: image } }),
  };
}

/** The VM as its host is told of it. */
export async function toDesired(tx: Transaction, vm: VmRecord): Promise<VmDesired> {
  const { boot } = vm.spec;
  const image = boot.kind === "image" ? (await tx.images.get(boot.image)).spec : undefined;
  const networks = new Map<NetworkId, NetworkSpec>();
  for (const { network } of vm.allocation.nics) {
    if (!networks.has(network)) networks.set(network, (await tx.networks.get(network)).spec);
  }
  return desiredOf(vm, { image, networks });
}

/** The job that starts a VM for the first time, of which the record names the id. */
export function startJobOf(vm: VmRecord, around: VmSurroundings): JobDraft {
  if (vm.job === undefined) throw new InvariantError(`VM ${vm.id} was placed without a job`);
  return {
    id: vm.job,
    host: vm.allocation.host,
    spec: { kind: "start-vm", vm: desiredOf(vm, around) },
    subject: vmName.format(vm.id),
    ttlMs: JOB_TTL_MS,
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
