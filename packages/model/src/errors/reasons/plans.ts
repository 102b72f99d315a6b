import type { ReasonEntry } from "./reason-entry.ts";

/** Hosts, their plans and boots. */
export const PLAN_REASONS = {
  HOST_NOT_READY: {
    code: "FAILED_PRECONDITION",
    summary: "The host has not reported in, or is busy with another exclusive job.",
    fix: "swy host get HOST",
  },
  HOST_HAS_NO_PROFILE: {
    code: "FAILED_PRECONDITION",
    summary: "No profile's selector matches the host.",
    fix: "Create a profile whose selector matches the host's labels.",
  },
  PROFILE_AMBIGUOUS: {
    code: "FAILED_PRECONDITION",
    summary: "More than one profile's selector matches the host.",
    fix: "Make the selectors disjoint.",
  },
  HOST_UNREACHABLE: {
    code: "UNAVAILABLE",
    summary: "The host's agent does not answer.",
    fix: "Check the agent's service on the host and its connection to NATS.",
  },
  PLAN_BLOCKED: {
    code: "FAILED_PRECONDITION",
    summary: "The plan has findings that must be mended first.",
    fix: "swy plan get PLAN",
  },
  PLAN_STALE: {
    code: "ABORTED",
    summary: "The host is no longer as it was when the plan was made.",
    fix: "Create a new plan and review it.",
  },
  PLAN_ALREADY_APPLIED: {
    code: "FAILED_PRECONDITION",
    summary: "The plan was applied before.",
    fix: "Create a new plan.",
  },
  VMS_WOULD_BREAK: {
    code: "FAILED_PRECONDITION",
    summary: "Running VMs would lose their NIC, or their host's power.",
    fix: "Move the VMs away first (swy host evacuate), or plan with --vms stop.",
  },
  HOST_NOT_DESCRIBABLE: {
    code: "FAILED_PRECONDITION",
    summary: "Something of the host can't be put into a profile.",
    fix: "Change what the finding names on the host, or write the profile by hand.",
  },
  REBOOT_WITHOUT_EFFECT: {
    code: "FAILED_PRECONDITION",
    summary: "The host booted, and what the boot was for is not in force.",
    fix: "Look at the effects named on the host; a firmware that stays old may need a power cycle.",
  },
  REBOOT_DID_NOT_HAPPEN: {
    code: "DEADLINE_EXCEEDED",
    summary: "The host was asked to boot and went on running.",
    fix: "Look for what holds up the shutdown: systemctl list-jobs.",
  },
  REBOOT_BUDGET_SPENT: {
    code: "FAILED_PRECONDITION",
    summary: "The host booted more often during one job than a job may.",
    fix: "Look at the host's console and its boot log before planning again.",
  },
  COLD_CYCLE_NEEDS_BMC: {
    code: "FAILED_PRECONDITION",
    summary: "The power must go off and on, and the agent knows no BMC that could do it.",
    fix: "Power-cycle the server by hand, then plan again.",
  },
  MODE_UNSUPPORTED: {
    code: "UNIMPLEMENTED",
    summary: "This datapath mode is not supported by this release.",
    fix: "Use mode vdpa.",
  },
  MODE_NOT_DESCRIBED: {
    code: "FAILED_PRECONDITION",
    summary: "The host's profile does not say how the datapath is in this mode.",
    fix: "Give the host a profile in mode vdpa: it describes both modes.",
  },
  VFS_RECREATED: {
    code: "FAILED_PRECONDITION",
    summary: "The kernel changes a VF count only through zero: every VF of the port is made anew.",
    fix: "Nothing, unless somebody uses the VFs without Switchyard.",
  },
  BOND_UNFIT: {
    code: "FAILED_PRECONDITION",
    summary: "The ports can't be joined in a bond that the NIC carries as VF-LAG.",
    fix: "Choose two ports of one NIC that nothing else uses, and at most 64 VFs on each.",
  },
  BOND_CHANGE_FAILED: {
    code: "INTERNAL",
    summary: "The kernel refused a change of a bond.",
    fix: "Read the kernel's message in the job's log.",
  },
  IOMMU_GROUP_UNUSABLE: {
    code: "FAILED_PRECONDITION",
    summary: "A VF has no IOMMU group to itself, so that vfio can't give it to a VM.",
    fix: "Enable VT-d, SR-IOV and ACS in BIOS and boot with intel_iommu=on iommu=pt.",
  },
  NIC_NOT_FOUND: {
    code: "FAILED_PRECONDITION",
    summary: "The host has no NIC port that the profile asks for.",
    fix: "swy host get HOST",
  },
  MANAGEMENT_PATH_AT_RISK: {
    code: "FAILED_PRECONDITION",
    summary: "The step would cut the host's management path.",
    fix: "Choose a port that does not carry the default route.",
  },
  MANAGEMENT_PATH_LOST: {
    code: "FAILED_PRECONDITION",
    summary: "After the step the host did not reach the bus in time, so it was taken back.",
    fix: "Look at the routes and ports that the failure shows, and keep the profile off them.",
  },
  MANAGEMENT_PATH_UNCONFIRMED: {
    code: "UNAVAILABLE",
    summary: "The bus did not answer before a step that may cut the way to it: it was not begun.",
    fix: "Bring NATS and the network to it up, then plan again.",
  },
} as const satisfies Record<string, ReasonEntry>;
