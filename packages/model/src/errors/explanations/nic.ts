import type { NIC_REASONS } from "../reasons/nic.ts";
import { because, type ExplanationsOf } from "./explanation.ts";

export const NIC_EXPLANATIONS: ExplanationsOf<typeof NIC_REASONS> = {
  ESWITCH_FIRMWARE_TOO_OLD: because(
    ["the firmware is older than 22.39.10.02", "a newer one is stored and waits for a reboot"],
    "C01",
    "B06",
  ),
  ESWITCH_BUSY: because(
    ["ports are still in a bridge", "Open vSwitch was stopped without cleaning up"],
    "C04",
  ),
  ESWITCH_VFS_PRESENT: because(["VFs were made before the mode was changed"], "C02", "C06"),
  ESWITCH_UNSUPPORTED: because(
    ["a VF was named instead of the PF", "the port is InfiniBand"],
    "HOST-NIC",
  ),
  ESWITCH_CHANGE_FAILED: because(
    ["the firmware is too old", "VFs existed", "a known kernel bug that comes and goes"],
    "C01",
    "C02",
    "C06",
  ),
  VF_COUNT_TOO_LARGE: because(["NUM_OF_VFS in the card is lower"], "A06"),
  VF_CREATION_FAILED: because(
    ["no room for the VFs' memory windows", "no bus numbers", "the driver failed"],
    "A07",
    "A08",
    "VF-READY",
  ),
  SRIOV_UNSUPPORTED: because(["SR-IOV is off in BIOS or in the card", "no driver"], "A04", "A09"),
  DEVICE_ABSENT: because(["it was removed or renamed since it was seen"], "VF-READY", "VDPA-SLOTS"),
  DEVICE_BUSY: because(
    ["a VM or a stale QEMU holds it", "a VF count other than zero is set"],
    "D11",
    "A10",
  ),
  MODULE_MISSING: because(["the driver was not built for the running kernel"], "B13", "D02"),
  VDPA_ATTRIBUTE_UNSUPPORTED: because(["an older driver or another kind of NIC"], "D06", "B12"),
  VDPA_SLOT_TAKEN: because(["a device was made by hand"], "VDPA-SLOTS"),
  VDPA_MAC_FIXED: because(["the hardware fixes the MAC (vp_vdpa)"], "VDPA-SLOTS"),
  VDPA_ADD_FAILED: because(
    ["max_vqp is too high", "the firmware lacks features"],
    "D06",
    "D16",
    "C01",
  ),
  OVS_NOT_RUNNING: because(["the service is stopped or failed", "it is not installed"], "E10"),
  OVS_PORT_BROKEN: because(["the netdev is gone: VFs were made anew"], "E09", "VF-READY"),
  OVS_CHANGE_FAILED: because(["the port is on another bridge"], "LINT-ONE-BRIDGE", "E09"),
  BRIDGE_NOT_OURS: because(["a bridge of that name was made by hand"], "BRIDGE-OURS"),
  LINK_CHANGE_FAILED: because(["the netdev is gone", "the address is taken"], "C10"),
};
