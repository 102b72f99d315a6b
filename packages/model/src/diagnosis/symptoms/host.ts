import { symptom } from "./symptom.ts";

/** Catalogue A: machine, BIOS, kernel. B: firmware and drivers. H: management controller. */
export const HOST_SYMPTOMS = {
  A01: symptom(
    /Could not access KVM kernel module|failed to initialize kvm|\/dev\/kvm.*(no such file|missing)|disabled by bios/i,
    "VT-x or AMD-V is off in BIOS, or the kvm module is not loaded",
    { fix: "Enable ProcVirtualization in BIOS, reboot, modprobe kvm_intel.", checks: ["A01"] },
  ),
  A02: symptom(
    /no iommu_group found|iommu_groups.*empty|no iommu/i,
    "VT-d is off, or intel_iommu=on is missing",
    { fix: "Enable VT-d in BIOS, boot with intel_iommu=on iommu=pt.", checks: ["A02", "A03"] },
  ),
  A04: symptom(
    /sriov_totalvfs.*(no such file|missing|\b0\b)|SR-?IOV.*not supported/i,
    "SR-IOV is off in the card or in BIOS",
    {
      fix: "Set SRIOV_EN and NUM_OF_VFS with mlxconfig, SriovGlobalEnable in BIOS, reboot.",
      checks: ["A04", "A09"],
    },
  ),
  A05: symptom(
    /VFs already enabled\. Disable before enabling|sriov_numvfs.*(EBUSY|Device or resource busy)/i,
    "a VF count other than zero can't be changed to another one directly",
    { fix: "Stop what uses the VFs, write 0, then the new count.", checks: ["VF-COUNT", "D11"] },
  ),
  A06: symptom(/numvfs.*(ERANGE|Numerical result out of range)/i, "more VFs than sriov_totalvfs", {
    fix: "Lower the VF count or raise NUM_OF_VFS.",
    checks: ["A06"],
  }),
  A07: symptom(
    /not enough MMIO resources for SR-IOV|BAR \d+.*no space for|IOV BARS not allocated|numvfs.*(ENOMEM|Cannot allocate memory)/i,
    "BIOS left too little room for memory-mapped I/O",
    { fix: "Enable MmioAbove4Gb, boot with pci=realloc.", checks: ["A07"] },
  ),
  A08: symptom(/can't enable \d+ VFs \(bus/i, "the slot's bridge has too few bus numbers", {
    fix: "Boot with pci=realloc,assign-busses or make fewer VFs.",
    checks: ["A08"],
    confidence: "medium",
  }),
  A09: symptom(
    /no driver bound to device; cannot configure SR-IOV|numvfs.*(ENOENT|No such file)/i,
    "the PF has no driver",
    { fix: "modprobe mlx5_core; mend the driver's installation.", checks: ["A09", "B13"] },
  ),
  A10: symptom(
    /blocked for more than \d+ seconds|vhost_vdpa_remove|waiting for the device to be released|(vdpa dev del|unbind|numvfs).*hang/i,
    "a VM still holds the vDPA device that is being removed",
    { fix: "Stop the VM; never repeat the removal.", checks: ["A10", "D11"] },
  ),
  A11: symptom(
    /avc: +denied|Permission denied.*(svirt|selinux)/i,
    "SELinux denied an image or device",
    {
      fix: "restorecon, or give the file its proper label.",
      checks: ["A11"],
      confidence: "medium",
    },
  ),
  B01: symptom(
    /No matching image found/i,
    "the board's PSID is the server vendor's, not NVIDIA's",
    {
      fix: "Use the server vendor's firmware package for this PSID.",
      checks: ["C01"],
    },
  ),
  B02: symptom(
    /firmware for this device is not distributed inside Mellanox driver/i,
    "the driver's installer has no firmware for the server vendor's PSID; harmless",
    { fix: "Ignore it, or install with --without-fw-update.", checks: ["C01"] },
  ),
  B03: symptom(/You must use the -f option/i, "the same or a newer firmware is there already", {
    fix: "Nothing: it is satisfied.",
    checks: ["C01"],
  }),
  B05: symptom(
    /not compatible with any of the devices/i,
    "the firmware package is for another card",
    {
      fix: "Take the package for the card's PSID.",
      checks: ["C01", "HOST-NIC"],
    },
  ),
  B07: symptom(
    /No match for argument: kernel-devel/i,
    "the repository has moved on from the running kernel",
    {
      fix: "Reboot to the newest kernel, or add the vault repository.",
      checks: ["B13"],
    },
  ),
  B08: symptom(
    /Failed to build MLNX_OFED_LINUX|ERROR: Failed executing .*install\.pl/i,
    "the kernel is newer than the driver supports, or kernel-devel and gcc are missing",
    { fix: "Use the driver for this kernel, or a kernel it supports.", checks: ["B13"] },
  ),
  B09: symptom(
    /Cannot unload the Infiniband driver stack|mlx_compat is in use by/i,
    "other modules use the driver",
    { fix: "Stop what uses it, or reboot instead of restarting openibd.", checks: ["B12"] },
  ),
  B10: symptom(
    /Unknown symbol|disagrees about version of symbol/i,
    "modules of the distribution and of MLNX_OFED are mixed",
    { fix: "dracut -f and reboot; else uninstall and install anew.", checks: ["B10", "B12"] },
  ),
  B11: symptom(
    /Key was rejected by service|Required key not available/i,
    "Secure Boot refuses unsigned modules",
    { fix: "Enrol the key with mokutil or turn Secure Boot off.", checks: ["B11"] },
  ),
  B13: symptom(
    /Module (mlx5_\w+|vhost_vdpa|vdpa) not found in directory/i,
    "the driver was not built for the running kernel",
    { fix: "Install the driver for the running kernel.", checks: ["B13", "D02"] },
  ),
  B15: symptom(/mst might be stopped/i, "the MST modules are not loaded", {
    fix: "Use the PCI address as the device, or mst start.",
  }),
  H01: symptom(
    /Base\.[\d.]+\.AccessDenied|Redfish.*\b401\b/i,
    "the credentials of the BMC are wrong or locked",
    {
      fix: "Correct or unlock the BMC account.",
    },
  ),
  H02: symptom(
    /Base\.[\d.]+\.GeneralError/i,
    "a proxy changed the Host header on the way to the BMC",
    {
      fix: "Call the BMC directly, with its own name in the Host header.",
      confidence: "medium",
    },
  ),
  H03: symptom(
    /pending.*config(uration)? job|job.*already.*(pending|exists)/i,
    "the BMC has a pending configuration job",
    {
      fix: "Let it run, or clear pending settings.",
      confidence: "medium",
    },
  ),
} as const;
