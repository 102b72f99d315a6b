import {
  assertNever,
  type Inventory,
  type JobFailure,
  type ObservedVm,
  type Reason,
  type VmEnd,
  type VmState,
} from "@switchyard/model";
import { isLive } from "../host/affected-vms.ts";

/** A VM as it is on record, beside what its host shows. */
export interface VmOnRecord {
  readonly vm: string;
  readonly state: VmState;
  /** The boot of its host in which it was last seen to run; undefined where it never was. */
  readonly bootId: string | undefined;
  readonly isAutostarted: boolean;
}

/** What follows for the record from what the host shows. */
export type VmVerdict =
  | { readonly kind: "keep" }
  /** It runs; the boot is to be kept, and the state where it was another. */
  | { readonly kind: "runs"; readonly isNews: boolean }
  | { readonly kind: "stopped"; readonly reason: string }
  | { readonly kind: "failed"; readonly failure: JobFailure }
  /** It ran, is not to blame for its end, and shall run again. */
  | { readonly kind: "start"; readonly reason: string };

const KEEP: VmVerdict = { kind: "keep" };

/** How an end of its own is told, by what it was; undefined: the VM has not failed and is stopped. */
const FAILURES: Readonly<Record<VmEnd["kind"], Reason | undefined>> = {
  "shut-down": undefined,
  terminated: undefined,
  "out-of-memory": "VM_OUT_OF_MEMORY",
  crashed: "VM_PROCESS_ENDED",
  killed: "VM_PROCESS_ENDED",
  panicked: "VM_GUEST_PANICKED",
  halted: "VM_HALTED",
};

const MESSAGES: Readonly<Partial<Record<Reason, string>>> = {
  VM_OUT_OF_MEMORY: "was killed by its host's kernel because memory ran out",
  VM_PROCESS_ENDED: "lost its process",
  VM_GUEST_PANICKED: "has a guest whose kernel panicked",
  VM_HALTED: "is held by QEMU after an error of its host",
};

function failed(vm: string, reason: Reason, found: string): VmVerdict {
  const message = `${vm} ${MESSAGES[reason]}`;
  return { kind: "failed", failure: { reason, message, metadata: { found }, step: undefined } };
}

/** What its host still shows of a VM that does not run. */
function judgeEnded({ vm }: VmOnRecord, observed: ObservedVm): VmVerdict {
  const end = observed.end ?? {
    kind: observed.state === "stopped" ? "shut-down" : "killed",
    detail: observed.reason ?? "its process is gone",
  };
  const reason = FAILURES[end.kind];
  return reason === undefined
    ? { kind: "stopped", reason: end.detail }
    : failed(vm, reason, end.detail);
}

/** A boot takes away run folders, and so does a job that stops VMs for a change of their host. */
function judgeAbsent(record: VmOnRecord, { bootId }: Inventory): VmVerdict {
  const hasBooted = record.bootId !== bootId;
  const reason = hasBooted ? "its host booted" : "it was stopped on its host";
  return { kind: record.isAutostarted ? "start" : "stopped", reason };
}

/** libvirt remembers a domain over a boot that ended it. */
const isOfEarlierBoot = ({ bootId }: VmOnRecord, inventory: Inventory, lives: boolean): boolean =>
  !lives && bootId !== undefined && bootId !== inventory.bootId;

/**
 * What a host's inventory says of a VM that no job is at work on. An inventory that could not read VMs says nothing,
 * and neither does one that is older than what the record knows: whoever asks sees to that.
 */
export function judgeVm(record: VmOnRecord, inventory: Inventory): VmVerdict {
  if (inventory.findings.some(({ unread }) => unread === "VMs")) return KEEP;
  const observed = inventory.vms.find(({ vm }) => vm === record.vm);
  const lives = observed !== undefined && isLive(observed);
  switch (record.state) {
    case "running":
    case "lost":
      if (observed === undefined || isOfEarlierBoot(record, inventory, lives)) {
        return judgeAbsent(record, inventory);
      }
      if (!lives) return judgeEnded(record, observed);
      if (record.state === "running" && record.bootId === inventory.bootId) return KEEP;
      return { kind: "runs", isNews: record.state !== "running" };
    case "stopped":
    case "failed":
      return lives ? { kind: "runs", isNews: true } : KEEP;
    case "starting":
    case "stopping":
    case "deleting":
    case "moving":
      return KEEP;
    default:
      return assertNever(record.state);
  }
}
