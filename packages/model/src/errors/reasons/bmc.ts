import type { ReasonEntry } from "./reason-entry.ts";

/** The machine's BMC and BIOS. */
export const BMC_REASONS = {
  BMC_SETTINGS_INVALID: {
    code: "FAILED_PRECONDITION",
    summary: "What the host says about its BMC can't be used.",
    fix: "Correct /etc/switchyard/bmc.json on the host; docs/bmc.md shows one.",
  },
  BMC_FILE_EXPOSED: {
    code: "FAILED_PRECONDITION",
    summary:
      "Others than the agent can read or change the file with the BMC's settings or password.",
    fix: "chmod 600 the file named, on the host.",
  },
  BMC_UNREACHABLE: {
    code: "UNAVAILABLE",
    summary: "The BMC does not answer.",
    fix: "From the host, try: curl -k ADDRESS/redfish/v1/",
  },
  BMC_IDENTITY_WRONG: {
    code: "PERMISSION_DENIED",
    summary: "Something answers at the BMC's address and does not prove to be the BMC.",
    fix: "Compare the key with the BMC's certificate, then correct publicKey in /etc/switchyard/bmc.json.",
  },
  // H01
  BMC_CREDENTIALS_REFUSED: {
    code: "UNAUTHENTICATED",
    summary: "The BMC does not take the user and password.",
    fix: "Check the account at the BMC (locked, rotated), then the password file on the host.",
  },
  BMC_BUSY: {
    code: "UNAVAILABLE",
    summary: "The BMC is not ready: it starts, or its Lifecycle Controller is in use.",
    fix: "Wait some minutes and try again.",
  },
  // H03
  BMC_JOB_PENDING: {
    code: "FAILED_PRECONDITION",
    summary: "Another configuration job of the BMC waits for a boot, and only one may.",
    fix: "Boot the host so that the job runs, or delete it from the BMC's job queue.",
  },
  // H02
  BMC_REQUEST_REFUSED: {
    code: "FAILED_PRECONDITION",
    summary: "The BMC refused a request, in its own words.",
    fix: "Read what the BMC said, above.",
  },
  BMC_ANSWER_UNREADABLE: {
    code: "INTERNAL",
    summary: "What answers at the BMC's address does not speak Redfish as known.",
    fix: "Check address and firmware of the BMC.",
  },
  BIOS_ATTRIBUTE_UNKNOWN: {
    code: "FAILED_PRECONDITION",
    summary: "The machine's BIOS has no setting of this name.",
    fix: "Remove it from the profile, or select other hosts.",
  },
  BIOS_VALUE_REFUSED: {
    code: "FAILED_PRECONDITION",
    summary: "The machine's BIOS does not take this value.",
    fix: "Use one of the values named.",
  },
  BIOS_SETTINGS_FAILED: {
    code: "FAILED_PRECONDITION",
    summary: "The BMC took BIOS settings and has no job that applies them.",
    fix: "Look at the BMC's job queue.",
  },
  BIOS_NEEDS_BMC: {
    code: "FAILED_PRECONDITION",
    summary: "BIOS settings must change and the agent may not use the BMC.",
    fix: "Write /etc/switchyard/bmc.json on the host, or set them by hand in System Setup (F2).",
  },
  BIOS_VIRTUALIZATION_OFF: {
    code: "FAILED_PRECONDITION",
    summary: "The CPUs' virtualisation (VT-x, VT-d) is off in BIOS.",
    fix: "Set ProcVirtualization=Enabled in the profile, or in System Setup: Processor Settings.",
  },
  BIOS_SRIOV_OFF: {
    code: "FAILED_PRECONDITION",
    summary: "SR-IOV is off for the whole machine in BIOS.",
    fix: "Set SriovGlobalEnable=Enabled in the profile, or in System Setup: Integrated Devices.",
  },
  NIC_SRIOV_OFF: {
    code: "FAILED_PRECONDITION",
    summary: "SR-IOV is off in the NIC's own setup.",
    fix: "Set nic_virtualization to SRIOV in the profile's bios, or in System Setup: Device Settings.",
  },
  NIC_FUNCTION_UNKNOWN: {
    code: "FAILED_PRECONDITION",
    summary: "The BMC knows no virtualization mode of this port.",
    fix: "Set it in System Setup (F2): Device Settings, or leave nic_virtualization out.",
  },
  NIC_VIRTUALIZATION_FAILED: {
    code: "FAILED_PRECONDITION",
    summary: "The BMC took a NIC's virtualization mode and has no job that applies it.",
    fix: "Look at the BMC's job queue.",
  },
  BMC_UNVERIFIED: {
    code: "FAILED_PRECONDITION",
    summary: "The agent sends the BMC's password to whoever answers at its address.",
    fix: "Put the BMC's publicKey into /etc/switchyard/bmc.json; docs/bmc.md says how to get it.",
  },
} as const satisfies Record<string, ReasonEntry>;
