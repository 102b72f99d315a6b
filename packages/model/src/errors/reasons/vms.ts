import type { ReasonEntry } from "./reason-entry.ts";

/** VMs, QEMU and libvirt. */
export const VM_REASONS = {
  VM_START_FAILED: {
    code: "INTERNAL",
    summary: "QEMU did not start.",
    fix: "Read QEMU's message in the job's log.",
  },
  START_CUT_BY_BOOT: {
    code: "ABORTED",
    summary: "The host booted while the VM was being started.",
    fix: "swy vm start VM",
  },
  VM_NOT_RUNNING: {
    code: "FAILED_PRECONDITION",
    summary: "The VM is not running.",
    fix: "swy vm get VM",
  },
  VM_STATE_CONFLICT: {
    code: "FAILED_PRECONDITION",
    summary: "The VM is in a state from which this can't be done.",
    fix: "Wait for its job to end, or bring it to a state that is named: swy vm get VM",
  },
  VM_PROTECTED: {
    code: "FAILED_PRECONDITION",
    summary: "The VM is kept from being deleted.",
    fix: "swy vm update VM --no-prevent-destroy",
  },
  VM_OUT_OF_MEMORY: {
    code: "RESOURCE_EXHAUSTED",
    summary: "The host's kernel killed the VM's process because memory ran out.",
    fix: "See what else takes memory on the host; then swy vm start VM",
  },
  VM_PROCESS_ENDED: {
    code: "INTERNAL",
    summary: "The VM's process ended by itself.",
    fix: "Read what QEMU and the kernel said; then swy vm start VM",
  },
  VM_GUEST_PANICKED: {
    code: "INTERNAL",
    summary: "The guest's kernel panicked.",
    fix: "swy vm logs VM, then swy vm start VM",
  },
  VM_HALTED: {
    code: "INTERNAL",
    summary: "QEMU holds the guest after an error of the host, such as a full disk.",
    fix: "Mend what failed on the host; then swy vm start VM",
  },
  VM_STOP_TIMED_OUT: {
    code: "DEADLINE_EXCEEDED",
    summary: "The VM did not stop in time.",
    fix: "Try again; then look at the process on the host.",
  },
  HUGEPAGES_SHORT: {
    code: "RESOURCE_EXHAUSTED",
    summary: "The host has too few free huge pages for the VM.",
    fix: "Set more aside in the profile's kernel arguments, or place the VM elsewhere.",
  },
  CPUS_SHORT: {
    code: "RESOURCE_EXHAUSTED",
    summary: "The host has too few CPUs that no VM is pinned to.",
    fix: "Give the VM fewer vCPUs, do without pinning, or place it elsewhere.",
  },
  NUMA_NODE_SHORT: {
    code: "FAILED_PRECONDITION",
    summary: "The VM does not fit on the NUMA node of its NIC.",
    fix: "Ask for numa preferred, or for a smaller VM.",
  },
  VCPU_PINNING_FAILED: {
    code: "INTERNAL",
    summary: "vCPUs could not be bound to CPUs.",
    fix: "Look whether the CPUs are online and in the agent's cpuset.",
  },
  VF_NOT_FOR_VMS: {
    code: "FAILED_PRECONDITION",
    summary: "No vfio driver has the VF that the VM was given.",
    fix: "Apply the host's profile again: in mode sriov it binds VFs to vfio.",
  },
  GUEST_AGENT_SILENT: {
    code: "DEADLINE_EXCEEDED",
    summary: "The guest agent did not answer in time.",
    fix: "Check that the image runs qemu-guest-agent.",
  },
  GUEST_FROZEN: {
    code: "FAILED_PRECONDITION",
    summary: "The guest's file systems are frozen.",
    fix: "Wait until they are thawed, see swy vm get VM, or end it: swy vm thaw VM",
  },
  GUEST_NOT_THAWED: {
    code: "INTERNAL",
    summary:
      "The guest's file systems were frozen and could not be thawed yet; the agent goes on trying.",
    fix: "Look at the guest with swy vm console VM, or reboot it.",
  },
  GUEST_COMMAND_FAILED: {
    code: "INTERNAL",
    summary: "A command in the guest failed.",
    fix: "Read its output in the job's log.",
  },
  LINT_FAILED: {
    code: "FAILED_PRECONDITION",
    summary: "The intent breaks a cross-layer rule.",
    fix: "Change the values named.",
  },
  QEMU_TOO_OLD: {
    code: "FAILED_PRECONDITION",
    summary: "QEMU is missing, or too old for vhost-vdpa.",
    fix: "Let the profile install the distribution's QEMU, or build a newer one from source.",
  },
  QEMU_LINK_TAKEN: {
    code: "FAILED_PRECONDITION",
    summary: "The path of QEMU's link holds something Switchyard did not put there.",
    fix: "Move it away by hand if it is not wanted.",
  },
  QEMU_BUILD_FAILED: {
    code: "INTERNAL",
    summary: "QEMU could not be built from its source.",
    fix: "Read the build's log on the host.",
  },
  LIBVIRT_TOO_OLD: {
    code: "FAILED_PRECONDITION",
    summary: "libvirt is missing, or too old for vDPA interfaces.",
    fix: "Update libvirt, or let the VM run without it: swy vm update VM --runtime qemu.",
  },
  VM_RUNTIME_OTHER: {
    code: "FAILED_PRECONDITION",
    summary: "The VM is run by another runtime than it asks for.",
    fix: "Stop it and start it again.",
  },
  LIBVIRT_UNREACHABLE: {
    code: "UNAVAILABLE",
    summary: "libvirt's daemon does not answer.",
    fix: "Start libvirtd, or virtqemud, on the host; VMs that run go on without it.",
  },
  LIBVIRT_REFUSED: {
    code: "INTERNAL",
    summary: "libvirt refused a command.",
    fix: "Read its message in the job's log.",
  },
  LIBVIRT_DOMAIN_TAKEN: {
    code: "FAILED_PRECONDITION",
    summary: "libvirt has a domain of the VM's name that Switchyard did not define.",
    fix: "Rename it or undefine it by hand if it is not wanted.",
  },
  LIBVIRT_CONFIG_UNWRITABLE: {
    code: "FAILED_PRECONDITION",
    summary: "libvirt's configuration of QEMU can't be changed.",
    fix: "Install libvirt first, and compare the file with what the profile asks for.",
  },
} as const satisfies Record<string, ReasonEntry>;
