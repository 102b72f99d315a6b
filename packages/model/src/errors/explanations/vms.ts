import type { VM_REASONS } from "../reasons/vms.ts";
import { because, type ExplanationsOf } from "./explanation.ts";

export const VM_EXPLANATIONS: ExplanationsOf<typeof VM_REASONS> = {
  VM_START_FAILED: because(
    ["its vDPA device is gone or held", "memory can't be locked", "its image is in use"],
    "F01",
    "D11",
    "F02",
    "A01",
  ),
  START_CUT_BY_BOOT: because([
    "the host lost its power, or was booted, before the VM ran",
    "the host was fenced: the VM may run elsewhere by now",
  ]),
  VM_NOT_RUNNING: because(["QEMU ended", "it was never started"], "VM-STATE"),
  VM_STATE_CONFLICT: because([
    "a job of the VM is at work",
    "somebody else, or the VM's own end, was faster: the state shown is the one that holds",
  ]),
  VM_PROTECTED: because([
    "somebody asked for prevent_destroy, so that nobody deletes it by mistake",
  ]),
  VM_OUT_OF_MEMORY: because(
    [
      "something else on the host took memory that was promised to VMs",
      "hugepages were reserved after the VM was placed",
    ],
    "VM-STATE",
  ),
  VM_PROCESS_ENDED: because(
    ["somebody killed QEMU", "QEMU crashed: its last words and the kernel's are in the failure"],
    "VM-STATE",
  ),
  VM_GUEST_PANICKED: because(["the guest's kernel panicked: see its console's log"], "VM-STATE"),
  VM_HALTED: because(
    ["the disk under the VM's image is full or broken", "KVM reported an internal error"],
    "VM-STATE",
  ),
  VM_STOP_TIMED_OUT: because(["the guest ignores the power button", "the process hangs"], "A10"),
  HUGEPAGES_SHORT: because([
    "other VMs have the pages",
    "the kernel was booted without them",
    "they are on another node",
  ]),
  CPUS_SHORT: because(["other VMs are pinned to them"]),
  NUMA_NODE_SHORT: because(["the node has less memory", "firmware gives the slot no affinity"]),
  VCPU_PINNING_FAILED: because(["a CPU is offline", "a cpuset keeps QEMU from it"]),
  VF_NOT_FOR_VMS: because(["the host was switched to mode vdpa", "somebody bound the VF by hand"]),
  GUEST_AGENT_SILENT: because(
    ["the guest is still booting", "it has no guest agent"],
    "VM-AGENT",
    "D15",
  ),
  GUEST_FROZEN: because([
    "somebody takes a backup or a snapshot of the VM's disk",
    "what took one ended without thawing: the host does so at the limit it was given",
  ]),
  GUEST_NOT_THAWED: because(
    ["the guest agent ended or hangs while the guest was frozen"],
    "VM-AGENT",
  ),
  GUEST_COMMAND_FAILED: because(
    ["the guest lacks the program", "the network is down"],
    "C10",
    "OVS-FDB",
  ),
  LINT_FAILED: because(
    ["queues, MACs, addresses or pools contradict one another"],
    "LINT-QUEUES-DEVICE",
    "LINT-QUEUES-VCPUS",
    "LINT-BRIDGE-ADDRESS",
    "E14",
    "D14",
    "A02",
  ),
  QEMU_TOO_OLD: because(["the distribution's QEMU is too old for vhost-vdpa"]),
  QEMU_LINK_TAKEN: because(["a file of that name is no link of ours"]),
  QEMU_BUILD_FAILED: because(["build tools or libraries are missing"]),
  LIBVIRT_TOO_OLD: because(["the distribution's libvirt is too old for vDPA interfaces"]),
  VM_RUNTIME_OTHER: because(["the runtime was changed while the VM ran"]),
  LIBVIRT_UNREACHABLE: because(["libvirtd or virtqemud is stopped", "it hangs"]),
  LIBVIRT_REFUSED: because([
    "the domain changed meanwhile",
    "libvirt is too old for what was asked",
  ]),
  LIBVIRT_DOMAIN_TAKEN: because(["someone defined a domain of that name by hand"]),
  LIBVIRT_CONFIG_UNWRITABLE: because(["qemu.conf has a form that is not edited"]),
};
