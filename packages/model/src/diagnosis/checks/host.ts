import type { CheckEntry } from "../check-entry.ts";

/** Machine, kernel and drivers. Ids of one letter and two digits are the diagnosis catalogue's. */
export const HOST_CHECKS = {
  A01: {
    group: "host",
    title: "hardware virtualisation is on and the kernel offers it",
    causes: ["VT-x or AMD-V is off in BIOS", "kvm_intel or kvm_amd is not loaded"],
    fix: "Set ProcVirtualization to Enabled in BIOS and reboot; then modprobe kvm_intel.",
  },
  A02: {
    group: "host",
    title: "the IOMMU is on, which vDPA needs as much as passthrough",
    causes: ["intel_iommu=on is missing on the kernel's command line", "VT-d is off in BIOS"],
    fix: "Enable VT-d in BIOS and boot with intel_iommu=on iommu=pt.",
  },
  A03: {
    group: "host",
    title: "the running kernel has the arguments that an IOMMU and VFs need",
    causes: ["a reboot is pending", "another boot entry was started", "they were never set"],
    fix: "Add intel_iommu=on iommu=pt to all kernels with grubby, then reboot.",
  },
  A04: {
    group: "host",
    title: "every port of the NIC offers VFs",
    causes: ["SRIOV_EN is off in the card", "SR-IOV is off in BIOS (SriovGlobalEnable)"],
    fix: "mlxconfig -d ADDRESS set SRIOV_EN=1 NUM_OF_VFS=16, enable SR-IOV in BIOS, reboot.",
  },
  A06: {
    group: "host",
    title: "the profile asks for no more VFs than the card offers",
    causes: ["NUM_OF_VFS in the card's configuration is lower than the profile's VF count"],
    fix: "Lower the profile's VF count or raise NUM_OF_VFS and reboot.",
  },
  A07: {
    group: "host",
    title: "the kernel found room for the VFs' memory windows",
    causes: ["memory-mapped I/O above 4 GiB is off in BIOS", "pci=realloc is missing"],
    fix: "Enable MmioAbove4Gb in BIOS and boot with pci=realloc.",
  },
  A08: {
    group: "host",
    title: "the kernel found bus numbers for the VFs",
    causes: ["the slot's bridge has too few bus numbers"],
    fix: "Boot with pci=realloc,assign-busses, or ask for fewer VFs.",
  },
  A09: {
    group: "driver",
    title: "every port of a SmartNIC has its driver",
    causes: ["MLNX_OFED is half installed", "mlx5_core is not loaded or was unloaded"],
    fix: "modprobe mlx5_core; where that fails install the driver for the running kernel.",
  },
  A10: {
    group: "host",
    title: "no process waits in the kernel without end",
    causes: ["a VM still holds a vDPA device that is being removed", "storage does not answer"],
    fix: "Stop the VM that holds the device; never repeat the removal.",
  },
  A11: {
    group: "host",
    title: "SELinux denies nothing to QEMU",
    causes: ["an image or a device has a wrong label"],
    fix: "restorecon -Rv /var/lib/switchyard; read `ausearch -m avc` for the rest.",
  },
  A12: {
    group: "performance",
    title: "the machine is of a class that reaches the NIC's rate",
    causes: ["an older CPU and PCIe generation limit the rate"],
    fix: "Compare figures only with hosts of the same class; use an R740 or newer.",
  },
  "HOST-CLOCK": {
    group: "host",
    title: "the host's clock agrees with the controller's",
    causes: ["no time service runs", "the time service can't reach its source"],
    fix: "Start chronyd and look at `chronyc tracking`.",
  },
  "HOST-TIME": {
    group: "host",
    title: "the clock is kept by a time service",
    causes: ["chronyd does not run", "its sources can't be reached"],
    fix: "systemctl enable --now chronyd",
  },
  "HOST-DISK": {
    group: "host",
    title: "the disks that hold the ledger and the images have room",
    causes: ["VM images fill the disk", "old kernels or logs fill the disk"],
    fix: "Free space or move images; a full disk stops the agent from taking jobs.",
  },
  "HOST-MEMORY": {
    group: "host",
    title: "the host has the memory that its VMs were promised",
    causes: ["memory was removed or failed", "other programs use it"],
    fix: "Delete or move VMs, or add memory.",
  },
  "HOST-REBOOT": {
    group: "host",
    title: "no update waits for a reboot",
    causes: ["kernel, glibc or systemd were updated since the boot"],
    fix: "Reboot the host in a maintenance window.",
  },
  "QEMU-VERSION": {
    group: "host",
    title: "QEMU is installed and new enough for vhost-vdpa",
    causes: ["QEMU is not installed", "the distribution's QEMU is old"],
    fix: "Install qemu-kvm of a newer release, or let the profile build QEMU.",
  },
  "HOST-NIC": {
    group: "host",
    title: "a SmartNIC was found",
    causes: ["its driver is not loaded", "the card is not seated or is off in BIOS"],
    fix: "Look at `lspci -nnk -d 15b3:` on the host.",
  },
  "MGMT-PATH": {
    group: "host",
    title: "the uplink for VMs does not carry the host's management path",
    causes: ["the profile's uplink is the port with the default route"],
    fix: "Choose another port in the profile, or move the management path.",
  },
  B06: {
    group: "firmware",
    title: "the firmware that runs is the one that is stored",
    causes: ["a reboot or a reset of the card is pending after an update"],
    fix: "Reboot the host; where it stays, switch the power off and on.",
  },
  B10: {
    group: "driver",
    title: "the loaded driver modules fit the kernel and each other",
    causes: [
      "modules of the distribution and of MLNX_OFED are mixed",
      "the initramfs holds older modules (dracut -f was not run)",
    ],
    fix: "dracut -f and reboot; where it stays, uninstall and install the driver anew.",
  },
  B11: {
    group: "driver",
    title: "Secure Boot refused no module",
    causes: ["Secure Boot is on and the driver's modules are not signed with an enrolled key"],
    fix: "Enrol the module's key with mokutil, or turn Secure Boot off.",
  },
  B12: {
    group: "driver",
    title: "the modules that run are the ones that are installed",
    causes: ["the driver was updated and not restarted", "the distribution's driver is loaded"],
    fix: "Reboot, or /etc/init.d/openibd restart where the management path allows it.",
  },
  B13: {
    group: "driver",
    title: "the driver's modules are there for the running kernel",
    causes: ["the kernel was updated and the driver not built for it"],
    fix: "Install the driver for the running kernel, or boot the kernel it was built for.",
  },
} as const satisfies Record<string, CheckEntry>;
