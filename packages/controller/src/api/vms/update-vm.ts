import { PlanningError, type VmSpec } from "@switchyard/model";
import {
  libvirtMisfit,
  lintVm,
  memoryForVms,
  type NicSurroundings,
  ordinaryMemoryBytes,
} from "@switchyard/planner";
import type { NicSpec, VmSpec as ProtoVmSpec } from "@switchyard/proto";
import type { HostRecord, Transaction, VmRecord } from "@switchyard/store";
import { toProtoVmSpec } from "../convert/vm-spec.ts";
import { observedInventory } from "../hosts/slots.ts";
import { vmName } from "../validation/names.ts";
import { createViolations, type Violations } from "../validation/violations.ts";
import { readVmSpec } from "../validation/vm.ts";
import { chooseVm, requireState, type VmChoice } from "./work-on-vm.ts";

type Merge = (old: ProtoVmSpec, wanted: ProtoVmSpec, violations: Violations) => ProtoVmSpec;

/** What an update may name, and how it is taken over. */
const FIELDS = {
  "spec.prevent_destroy": (old, { preventDestroy }) => ({ ...old, preventDestroy }),
  "spec.autostart": (old, { autostart }) => ({ ...old, autostart }),
  "spec.runtime": (old, { runtime }) => ({ ...old, runtime }),
  "spec.vcpu_count": (old, { vcpuCount }) => ({ ...old, vcpuCount }),
  "spec.memory_bytes": (old, { memoryBytes }) => ({ ...old, memoryBytes }),
  "spec.nics": changeQueues,
  "spec.image.disk_bytes": growDisk,
} as const satisfies Readonly<Record<string, Merge>>;

export type VmField = keyof typeof FIELDS;

export const VM_FIELDS = Object.keys(FIELDS) as readonly VmField[];

/** These say what others may do with a VM, and change nothing of its process. */
const AT_ANY_TIME: readonly VmField[] = ["spec.prevent_destroy", "spec.autostart"];

export interface VmUpdate extends VmChoice {
  /** Only what `fields` names is looked at. */
  readonly spec: ProtoVmSpec;
  readonly fields: readonly VmField[];
}

/** NICs stay what they were when the VM was placed; their queue pairs may change. */
function changeQueues(old: ProtoVmSpec, wanted: ProtoVmSpec, violations: Violations): ProtoVmSpec {
  const isSame = ({ network, kind }: NicSpec, at: number) =>
    old.nics[at]?.network === network && old.nics[at].kind === kind;
  violations.check(
    wanted.nics.length === old.nics.length && wanted.nics.every(isSame),
    "nics",
    `must be the ${old.nics.length} it has: only their queue_pairs can be changed`,
  );
  const queuesOf = (at: number) => wanted.nics[at]?.queuePairs ?? 0;
  return { ...old, nics: old.nics.map((nic, at) => ({ ...nic, queuePairs: queuesOf(at) })) };
}

/** A disk shrinks by no tool without loss; one that is larger than the guest's filesystem harms nobody. */
function growDisk(old: ProtoVmSpec, wanted: ProtoVmSpec, violations: Violations): ProtoVmSpec {
  const field = "image.disk_bytes";
  if (old.boot?.$case !== "image" || wanted.boot?.$case !== "image") {
    violations.add(field, "is of a VM that boots from an image: no other has a disk of its own");
    return old;
  }
  const { diskBytes } = wanted.boot.value;
  const least = old.boot.value.diskBytes;
  violations.check(
    diskBytes > 0n && diskBytes >= least,
    field,
    `is ${diskBytes}; a disk of ${least} bytes can grow only`,
  );
  return { ...old, boot: { $case: "image", value: { ...old.boot.value, diskBytes } } };
}

/** @throws InvalidInputError FIELD_INVALID */
function mergeSpec(old: VmSpec, { spec, fields }: VmUpdate): VmSpec {
  const violations = createViolations();
  const at = violations.at("vm.spec");
  const merged = fields.reduce((sum, field) => FIELDS[field](sum, spec, at), toProtoVmSpec(old));
  const read = readVmSpec(merged, at);
  violations.assertNone();
  return read!; // no violations: it was read
}

/** What the host offers in all. @throws PlanningError HOST_NOT_READY before its first inventory */
function capacityOf(host: HostRecord, { hugepageBytes }: VmSpec) {
  const inventory = observedInventory(host);
  if (inventory === undefined) {
    throw new PlanningError("HOST_NOT_READY", `host ${host.id} has not reported`, {
      found: "no inventory",
      needs: "an inventory to compare the new size with",
    });
  }
  const memory = {
    memoryBytes: ordinaryMemoryBytes(inventory),
    hugepages: inventory.system?.hugepages ?? [],
  };
  return {
    vcpuCount: inventory.cpu.threadCount,
    memoryBytes: memoryForVms(memory, hugepageBytes),
  };
}

/** What the host shows of the VM's slots, in the order of its NICs; what it does not show is not known. */
function slotsOf(host: HostRecord, { allocation }: VmRecord): readonly NicSurroundings[] {
  const pfs = observedInventory(host)?.nics.flatMap((nic) => nic.pfs) ?? [];
  return allocation.nics.map(({ pf, vfIndex }) => {
    const { vfs = [] } = pfs.find(({ pciAddress }) => pciAddress === pf) ?? {};
    const { vdpa } = vfs.find(({ index }) => index === vfIndex) ?? {};
    return vdpa?.maxVqp === undefined ? {} : { maxVqp: vdpa.maxVqp };
  });
}

/** Queue pairs that were left open are as many as vCPUs and slot allow. */
const withQueues = (spec: VmSpec, slots: readonly NicSurroundings[]): VmSpec => ({
  ...spec,
  nics: spec.nics.map((nic, at) =>
    nic.kind === "vdpa" && nic.queuePairs === 0
      ? { ...nic, queuePairs: Math.min(spec.vcpuCount, slots[at]?.maxVqp ?? 1) }
      : nic,
  ),
});

/** @throws PlanningError LINT_FAILED */
function lint(vm: VmRecord, spec: VmSpec, slots: readonly NicSurroundings[]): void {
  const worst = lintVm(vm.id, spec, { nics: slots }).find(({ severity }) => severity === "error");
  if (worst === undefined) return;
  const { message, found, needs, fix } = worst;
  const subject = vmName.format(vm.id);
  throw new PlanningError("LINT_FAILED", message, { subject, found, needs, try: fix });
}

/** @throws PlanningError LIBVIRT_TOO_OLD */
function requireRuntime(vm: VmRecord, spec: VmSpec, host: HostRecord): void {
  const misfit = libvirtMisfit(spec, observedInventory(host)?.virtualization?.libvirtVersion);
  if (misfit === undefined) return;
  throw new PlanningError("LIBVIRT_TOO_OLD", `${host.id} can't run ${vm.id} by libvirt`, {
    subject: vmName.format(vm.id),
    ...misfit,
  });
}

/**
 * Changes what the update names, in one transaction with what the VM takes of its host. What can't be changed under
 * a guest asks for a VM that is stopped.
 *
 * @throws StoreError VM_NOT_FOUND, ETAG_STALE, VM_STATE_CONFLICT, NO_CAPACITY; PlanningError LINT_FAILED,
 *   LIBVIRT_TOO_OLD, HOST_NOT_READY; InvalidInputError FIELD_INVALID
 */
export async function updateVm(tx: Transaction, update: VmUpdate): Promise<VmRecord> {
  const vm = await chooseVm(tx, update);
  const { id, etag } = vm;
  const merged = mergeSpec(vm.spec, update);
  if (update.fields.every((field) => AT_ANY_TIME.includes(field))) {
    return tx.vms.updateSpec({ id, etag, spec: merged });
  }
  requireState(vm, ["stopped"], "resized");
  const host = await tx.hosts.get(vm.allocation.host);
  const slots = slotsOf(host, vm);
  const spec = withQueues(merged, slots);
  lint(vm, spec, slots);
  requireRuntime(vm, spec, host);
  return tx.vms.updateSpec({ id, etag, spec, capacity: capacityOf(host, spec) });
}
