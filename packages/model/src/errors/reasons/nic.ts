import type { ReasonEntry } from "./reason-entry.ts";

/** Kernel, NIC and Open vSwitch. */
export const NIC_REASONS = {
  ESWITCH_FIRMWARE_TOO_OLD: {
    code: "FAILED_PRECONDITION",
    summary: "The NIC's firmware is too old for switchdev mode (C01).",
    fix: "Update the firmware to 22.39.10.02 or newer.",
  },
  ESWITCH_BUSY: {
    code: "FAILED_PRECONDITION",
    summary: "TC offload rules are still on the card, or a mode change is in flight (C04).",
    fix: "Remove the uplink and representors from OVS, then try again.",
  },
  ESWITCH_VFS_PRESENT: {
    code: "FAILED_PRECONDITION",
    summary: "VFs existed while the mode was switched (C02).",
    fix: "Set the VF count to 0, switch, then create the VFs.",
  },
  ESWITCH_UNSUPPORTED: {
    code: "FAILED_PRECONDITION",
    summary: "The function is not an eswitch manager (C06).",
    fix: "Use the PF and make sure its link type is Ethernet.",
  },
  ESWITCH_CHANGE_FAILED: {
    code: "INTERNAL",
    summary: "The kernel refused the eswitch mode.",
    fix: "Read the kernel's message in the job's log.",
  },
  VF_COUNT_TOO_LARGE: {
    code: "FAILED_PRECONDITION",
    summary: "More VFs than sriov_totalvfs (A06).",
    fix: "Lower the VF count or raise NUM_OF_VFS in firmware.",
  },
  VF_CREATION_FAILED: {
    code: "INTERNAL",
    summary: "The VFs did not appear.",
    fix: "Read the kernel log of the host.",
  },
  SRIOV_UNSUPPORTED: {
    code: "FAILED_PRECONDITION",
    summary: "The PF has no driver, or no SR-IOV (A04, A09).",
    fix: "Enable SR-IOV in BIOS and firmware and load the driver.",
  },
  DEVICE_ABSENT: {
    code: "FAILED_PRECONDITION",
    summary: "A device the step needs is not there.",
    fix: "Compare the inventory with the plan.",
  },
  DEVICE_BUSY: {
    code: "FAILED_PRECONDITION",
    summary: "The device is in use (A05, D11).",
    fix: "Stop what uses the device.",
  },
  MODULE_MISSING: {
    code: "FAILED_PRECONDITION",
    summary: "A kernel module can't be loaded (D01).",
    fix: "Install the driver package for the running kernel.",
  },
  VDPA_ATTRIBUTE_UNSUPPORTED: {
    code: "FAILED_PRECONDITION",
    summary: "The management device does not take an attribute of the vDPA device.",
    fix: "Ask `vdpa mgmtdev show` what it supports.",
  },
  VDPA_SLOT_TAKEN: {
    code: "FAILED_PRECONDITION",
    summary: "The VF has a vDPA device already (D04).",
    fix: "Delete the existing device first.",
  },
  VDPA_MAC_FIXED: {
    code: "FAILED_PRECONDITION",
    summary: "The device's MAC is fixed by hardware and differs from the one asked for.",
    fix: "Use the device's own MAC.",
  },
  VDPA_ADD_FAILED: {
    code: "INTERNAL",
    summary: "The kernel refused the vDPA device.",
    fix: "Read the kernel's message in the job's log.",
  },
  OVS_NOT_RUNNING: {
    code: "FAILED_PRECONDITION",
    summary: "Open vSwitch does not answer (E10).",
    fix: "Start the openvswitch service on the host.",
  },
  OVS_PORT_BROKEN: {
    code: "INTERNAL",
    summary: "OVS recorded the port but could not open its device (E09, E12).",
    fix: "Check that the netdev exists, then add the port again.",
  },
  OVS_CHANGE_FAILED: {
    code: "INTERNAL",
    summary: "OVS refused the change.",
    fix: "Read OVS's message in the job's log.",
  },
  BRIDGE_NOT_OURS: {
    code: "FAILED_PRECONDITION",
    summary: "The bridge was not made by Switchyard.",
    fix: "Choose another bridge name or remove the bridge by hand.",
  },
  LINK_CHANGE_FAILED: {
    code: "INTERNAL",
    summary: "The kernel refused a link or address change.",
    fix: "Read the kernel's message in the job's log.",
  },
} as const satisfies Record<string, ReasonEntry>;
