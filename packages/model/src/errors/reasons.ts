/** gRPC's closed list of codes, by name; the number is taken at the edge. */
export type StatusCode =
  | "INVALID_ARGUMENT"
  | "NOT_FOUND"
  | "ALREADY_EXISTS"
  | "FAILED_PRECONDITION"
  | "ABORTED"
  | "OUT_OF_RANGE"
  | "RESOURCE_EXHAUSTED"
  | "PERMISSION_DENIED"
  | "UNAUTHENTICATED"
  | "UNAVAILABLE"
  | "DEADLINE_EXCEEDED"
  | "UNIMPLEMENTED"
  | "INTERNAL";

export interface ReasonEntry {
  readonly code: StatusCode;
  /** What it means, one sentence. */
  readonly summary: string;
  /** One thing to try. */
  readonly fix: string;
}

/**
 * Every stable reason, once. A reason is added only if some program treats it differently; it is never
 * renamed. The catalogue ids in comments are those of the diagnosis catalogue.
 */
export const REASONS = {
  // Input
  FIELD_INVALID: {
    code: "INVALID_ARGUMENT",
    summary: "One or more fields are not valid.",
    fix: "Correct the fields named in the violations.",
  },
  NAME_MALFORMED: {
    code: "INVALID_ARGUMENT",
    summary: "A name does not have the grammar of a resource name.",
    fix: "Use lower-case letters, digits and dashes.",
  },
  ID_MALFORMED: {
    code: "INVALID_ARGUMENT",
    summary: "An id is not a UUID.",
    fix: "Copy the id from a list.",
  },
  PCI_ADDRESS_MALFORMED: {
    code: "INVALID_ARGUMENT",
    summary: "A PCI address is not DDDD:BB:DD.F.",
    fix: "Take it from `lspci -D`.",
  },
  MAC_ADDRESS_MALFORMED: {
    code: "INVALID_ARGUMENT",
    summary: "A MAC address is not six hex octets, or is multicast or zero.",
    fix: "Use a unicast address such as 52:54:00:cb:45:11.",
  },
  PSID_MALFORMED: {
    code: "INVALID_ARGUMENT",
    summary: "A PSID does not look like one.",
    fix: "Take it from `devlink dev info`.",
  },
  IP_ADDRESS_MALFORMED: {
    code: "INVALID_ARGUMENT",
    summary: "An IPv4 address or prefix is not valid.",
    fix: "Write it as 192.168.101.2 or 192.168.101.2/24.",
  },
  FIRMWARE_VERSION_MALFORMED: {
    code: "INVALID_ARGUMENT",
    summary: "A firmware version has another form than NN.NN.NNNN.",
    fix: "Take it from `devlink dev info`.",
  },
  ARTEFACT_MALFORMED: {
    code: "INVALID_ARGUMENT",
    summary: "An artefact's source or checksum is not valid.",
    fix: "Give an absolute path or an http(s) URL without credentials, and what sha256sum prints.",
  },
  PAGE_TOKEN_INVALID: {
    code: "INVALID_ARGUMENT",
    summary: "The page token is not one this server made for this list.",
    fix: "List again from the first page.",
  },
  RESUME_TOKEN_INVALID: {
    code: "INVALID_ARGUMENT",
    summary: "The resume token is not one this server made for this watch.",
    fix: "Watch again without a token.",
  },
  RESUME_TOKEN_TOO_OLD: {
    code: "OUT_OF_RANGE",
    summary: "The changes after this resume token are no longer kept.",
    fix: "List again, then watch from the new token.",
  },
  REQUEST_ID_REUSED: {
    code: "ALREADY_EXISTS",
    summary: "This request id was used before with another body.",
    fix: "Use a new request id for a new request.",
  },

  // Resources
  HOST_NOT_FOUND: { code: "NOT_FOUND", summary: "No host has this name.", fix: "swy host list" },
  PROFILE_NOT_FOUND: {
    code: "NOT_FOUND",
    summary: "No profile has this name.",
    fix: "swy profile list",
  },
  PLAN_NOT_FOUND: {
    code: "NOT_FOUND",
    summary: "No plan has this id.",
    fix: "swy plan create --host HOST",
  },
  JOB_NOT_FOUND: { code: "NOT_FOUND", summary: "No job has this id.", fix: "swy job list" },
  NETWORK_NOT_FOUND: {
    code: "NOT_FOUND",
    summary: "No network has this name.",
    fix: "swy network list",
  },
  VM_NOT_FOUND: { code: "NOT_FOUND", summary: "No VM has this name.", fix: "swy vm list" },
  NAME_TAKEN: {
    code: "ALREADY_EXISTS",
    summary: "Another resource has this name.",
    fix: "Choose another name.",
  },
  ETAG_STALE: {
    code: "ABORTED",
    summary: "The resource changed since it was read.",
    fix: "Read it again and decide anew.",
  },
  GENERATION_STALE: {
    code: "ABORTED",
    summary: "The desired state changed since this was made.",
    fix: "Read it again and decide anew.",
  },
  RESOURCE_IN_USE: {
    code: "FAILED_PRECONDITION",
    summary: "Something else still uses the resource.",
    fix: "Remove what uses it first.",
  },

  // Hosts and plans
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
    fix: "Delete or move the VMs named first, or plan with --vms stop.",
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

  // Placement
  NO_CAPACITY: {
    code: "RESOURCE_EXHAUSTED",
    summary: "No host passes all placement filters.",
    fix: "Read the reason given for each host.",
  },
  IP_POOL_EXHAUSTED: {
    code: "RESOURCE_EXHAUSTED",
    summary: "The network has no free IP address.",
    fix: "Widen the network's pool or delete VMs.",
  },
  MAC_POOL_EXHAUSTED: {
    code: "RESOURCE_EXHAUSTED",
    summary: "The network has no free MAC address.",
    fix: "Widen the network's MAC pool.",
  },
  BRIDGE_ADDRESS_POOL_EXHAUSTED: {
    code: "RESOURCE_EXHAUSTED",
    summary: "The profile has fewer bridge addresses than hosts.",
    fix: "Widen the profile's bridge address range.",
  },
  MAC_TAKEN: {
    code: "ALREADY_EXISTS",
    summary: "The MAC address is in use elsewhere in the fleet.",
    fix: "Use another MAC; duplicates break the network (D12).",
  },

  // Kernel, NIC
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

  // NIC driver
  DRIVER_PREREQUISITE_MISSING: {
    code: "FAILED_PRECONDITION",
    summary: "The host lacks what the driver's build needs.",
    fix: "Install the packages named, or enable a repository that has them.",
  },
  KERNEL_HEADERS_MISSING: {
    code: "FAILED_PRECONDITION",
    summary: "There are no headers of the kernel that the driver is built for (B07).",
    fix: "Boot the newest kernel, or enable a repository that still has this kernel's kernel-devel.",
  },
  DRIVER_KERNEL_OTHER: {
    code: "FAILED_PRECONDITION",
    summary: "The host runs another kernel than the one the driver is to be built for.",
    fix: "Create a new plan for the kernel that runs.",
  },
  DRIVER_ARCHIVE_UNSUITABLE: {
    code: "FAILED_PRECONDITION",
    summary: "The driver's archive is not for this host's distribution.",
    fix: "Name an archive and a distribution that match /etc/os-release.",
  },
  DRIVER_BUILD_FAILED: {
    code: "FAILED_PRECONDITION",
    summary: "The driver could not be built for the running kernel (B08).",
    fix: "Read the build's log; use a release made for this kernel, or a kernel it supports.",
  },
  DRIVER_INSTALL_FAILED: {
    code: "INTERNAL",
    summary: "The driver's installer ended with an error.",
    fix: "Read the installer's log on the host.",
  },
  DRIVER_IN_USE: {
    code: "FAILED_PRECONDITION",
    summary: "The driver can't be loaded anew while something uses it (B09).",
    fix: "Stop what uses it, or let the driver come with a reboot.",
  },
  DRIVER_LOAD_FAILED: {
    code: "INTERNAL",
    summary: "The driver on disk could not be loaded (B10).",
    fix: "Make the initramfs anew and reboot; then read the kernel log.",
  },
  SECURE_BOOT_REFUSES_DRIVER: {
    code: "FAILED_PRECONDITION",
    summary: "Secure Boot is on, and modules built on the host are not signed (B11).",
    fix: "Turn Secure Boot off, or enrol a key and sign the modules with it.",
  },
  DRIVER_NOT_IN_FORCE: {
    code: "FAILED_PRECONDITION",
    summary: "Another driver runs than the one that is installed (B12).",
    fix: "Apply the host's profile; it loads the driver or asks for a reboot.",
  },
  DRIVER_FOR_OTHER_KERNEL: {
    code: "FAILED_PRECONDITION",
    summary: "The vendor's driver was built for another kernel than the one that runs (B13).",
    fix: "Apply the host's profile to build it for this kernel, and pin the kernel.",
  },
  DISK_FULL: {
    code: "RESOURCE_EXHAUSTED",
    summary: "A file system of the host has too little free space.",
    fix: "Free space on the file system named.",
  },
  OVS_BUILDS_MIXED: {
    code: "FAILED_PRECONDITION",
    summary: "Open vSwitch's tools and its running daemon are of two builds (E11).",
    fix: "Remove the build that is not wanted, then restart Open vSwitch.",
  },

  // Firmware
  PSID_MISMATCH: {
    code: "FAILED_PRECONDITION",
    summary: "An image is made for boards with another PSID than the card has.",
    fix: "Name an image for the card's own PSID; nothing was written.",
  },
  FIRMWARE_IMAGE_MISSING: {
    code: "FAILED_PRECONDITION",
    summary: "The profile has no firmware image for the card's PSID (B01).",
    fix: "Add the board vendor's image for this PSID: NVIDIA's sets hold none for Dell's boards.",
  },
  FIRMWARE_IMAGE_UNSUITABLE: {
    code: "FAILED_PRECONDITION",
    summary: "An image does not fit the card or the host (B05).",
    fix: "Take the package that the board's vendor lists for this card and system.",
  },
  FIRMWARE_SECURE_CONFLICT: {
    code: "FAILED_PRECONDITION",
    summary: "The card takes only images signed for its own PSID (secure-fw).",
    fix: "Use the board vendor's own image: cross-flashing is not possible.",
  },
  FIRMWARE_DOWNGRADE_REFUSED: {
    code: "FAILED_PRECONDITION",
    summary: "The image is older than the card's firmware.",
    fix: "Name a newer image, or set firmware.allow_downgrade in the profile.",
  },
  FIRMWARE_PATH_MISSING: {
    code: "FAILED_PRECONDITION",
    summary: "No chain of images leads from the running firmware to the wanted one.",
    fix: "Add the image in between to the profile.",
  },
  FIRMWARE_PREREQUISITE_MISSING: {
    code: "FAILED_PRECONDITION",
    summary: "The update package misses something on the host.",
    fix: "Read the package's output in the job's log; install what it names.",
  },
  FIRMWARE_TOOLS_MISSING: {
    code: "FAILED_PRECONDITION",
    summary: "Neither mstflint nor NVIDIA's MFT is installed on the host.",
    fix: "Install the package mstflint.",
  },
  FIRMWARE_BUSY: {
    code: "FAILED_PRECONDITION",
    summary: "Another program holds the card's flash.",
    fix: "Wait until the other tool has ended, then plan again.",
  },
  FIRMWARE_UPDATE_FAILED: {
    code: "INTERNAL",
    summary: "The card's firmware could not be updated.",
    fix: "Read the tool's output in the job's log.",
  },
  FIRMWARE_UPDATE_INTERRUPTED: {
    code: "INTERNAL",
    summary: "The update did not end in time, and the card does not show the new firmware.",
    fix: "See on the host whether the update still runs; plan again only when it does not.",
  },
  FIRMWARE_NOT_ACTIVATED: {
    code: "FAILED_PRECONDITION",
    summary: "The new firmware is stored, and the old one still runs after a reboot (B06).",
    fix: "Switch the host off and on: a warm reboot leaves the card under power.",
  },
  FIRMWARE_CONFIG_UNSUPPORTED: {
    code: "FAILED_PRECONDITION",
    summary:
      "The card's firmware does not know a configuration parameter, or does not let it be set.",
    fix: "Remove the parameter from the profile, or update the firmware.",
  },
  FIRMWARE_CONFIG_UNREADABLE: {
    code: "FAILED_PRECONDITION",
    summary: "The configuration of the card's firmware could not be read.",
    fix: "Run `mlxconfig -d ADDRESS q` on the host and mend what it complains of.",
  },
  FIRMWARE_CONFIG_REFUSED: {
    code: "INTERNAL",
    summary: "The card did not take a configuration.",
    fix: "Read the tool's output in the job's log.",
  },

  // Artefacts
  ARTEFACT_UNAVAILABLE: {
    code: "FAILED_PRECONDITION",
    summary: "An artefact is neither on the host nor to be had from its source.",
    fix: "Put the file on the host under the path of its source, or make the server reachable.",
  },
  ARTEFACT_CHECKSUM_WRONG: {
    code: "FAILED_PRECONDITION",
    summary: "An artefact's content is not what its SHA-256 says.",
    fix: "Compare the checksum with the one its vendor publishes, then replace the file.",
  },
  ARTEFACT_TOO_LARGE: {
    code: "FAILED_PRECONDITION",
    summary: "An artefact is larger than artefacts of its kind may be.",
    fix: "Check that the source names the right file.",
  },
  ARTEFACT_STORE_FULL: {
    code: "RESOURCE_EXHAUSTED",
    summary: "The host's artefact store holds as many files as it may, or its disk is full.",
    fix: "Remove files no longer needed from /var/lib/switchyard/artefacts.",
  },

  // Distribution, packages, preflight
  DISTRIBUTION_UNSUPPORTED: {
    code: "UNIMPLEMENTED",
    summary: "Switchyard does not know the host's distribution.",
    fix: "Use a distribution of the RHEL or the Debian family.",
  },
  PACKAGE_UNAVAILABLE: {
    code: "FAILED_PRECONDITION",
    summary: "No enabled repository has the package (B07).",
    fix: "Enable a repository that has it; for kernel-devel boot the newest kernel first.",
  },
  PACKAGE_REPOSITORY_UNREACHABLE: {
    code: "UNAVAILABLE",
    summary: "A package repository does not answer.",
    fix: "Check the host's way to the repository, or name a local mirror in the profile.",
  },
  PACKAGE_MANAGER_BUSY: {
    code: "UNAVAILABLE",
    summary: "Another package manager holds the lock.",
    fix: "Wait for it to end, then try again.",
  },
  PACKAGE_CHANGE_FAILED: {
    code: "INTERNAL",
    summary: "The package manager refused the change.",
    fix: "Read its output in the job's log.",
  },
  SYSTEM_FACTS_MISSING: {
    code: "FAILED_PRECONDITION",
    summary: "The agent could not read what the profile asks about.",
    fix: "See on the host why rpm, grubby or dnf does not answer; update an old agent.",
  },
  SELINUX_WILL_BE_OFF: {
    code: "FAILED_PRECONDITION",
    summary: "The profile turns SELinux off; files written meanwhile carry no labels.",
    fix: "Leave out disable_selinux and give images the label virt_image_t instead.",
  },
  BOOTLOADER_CHANGE_FAILED: {
    code: "INTERNAL",
    summary: "The bootloader's configuration could not be changed.",
    fix: "Read the tool's message in the job's log; it must run as root.",
  },
  INITRAMFS_FAILED: {
    code: "INTERNAL",
    summary: "The initramfs could not be made anew.",
    fix: "Read the tool's message in the job's log; /boot must have room.",
  },
  KERNEL_NOT_INSTALLED: {
    code: "FAILED_PRECONDITION",
    summary: "The kernel that shall boot has no boot entry.",
    fix: "Install the kernel's package, then try again.",
  },
  REPOSITORY_UNKNOWN: {
    code: "FAILED_PRECONDITION",
    summary: "The distribution has no repository of this id.",
    fix: "Give the repository's url in the profile, or correct its id.",
  },

  // VMs
  VM_START_FAILED: {
    code: "INTERNAL",
    summary: "QEMU did not start.",
    fix: "Read QEMU's message in the job's log.",
  },
  VM_NOT_RUNNING: {
    code: "FAILED_PRECONDITION",
    summary: "The VM is not running.",
    fix: "swy vm get VM",
  },
  VM_STOP_TIMED_OUT: {
    code: "DEADLINE_EXCEEDED",
    summary: "The VM did not stop in time.",
    fix: "Try again; then look at the process on the host.",
  },
  GUEST_AGENT_SILENT: {
    code: "DEADLINE_EXCEEDED",
    summary: "The guest agent did not answer in time.",
    fix: "Check that the image runs qemu-guest-agent.",
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

  // QEMU, libvirt
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
    summary: "libvirt is too old for vDPA interfaces.",
    fix: "Update libvirt; VMs that Switchyard starts do not need it.",
  },
  LIBVIRT_CONFIG_UNWRITABLE: {
    code: "FAILED_PRECONDITION",
    summary: "libvirt's configuration of QEMU can't be changed.",
    fix: "Install libvirt first, and compare the file with what the profile asks for.",
  },

  // Commands and dispatch
  COMMAND_NOT_STARTED: {
    code: "INTERNAL",
    summary: "A program could not be started.",
    fix: "Install the program on the host.",
  },
  COMMAND_FAILED: {
    code: "INTERNAL",
    summary: "A program ended with an error.",
    fix: "Read its output in the job's log.",
  },
  COMMAND_TIMED_OUT: {
    code: "DEADLINE_EXCEEDED",
    summary: "A program did not end in time; its outcome is unknown.",
    fix: "Observe the host before trying again.",
  },
  COMMAND_OUTPUT_UNREADABLE: {
    code: "INTERNAL",
    summary: "A program's output was not understood.",
    fix: "Report the output with the tool's version.",
  },
  FILE_ACCESS_FAILED: {
    code: "INTERNAL",
    summary: "A file of the host could not be read or written.",
    fix: "Read the error number in the job's log.",
  },
  STEP_OUTCOME_UNKNOWN: {
    code: "INTERNAL",
    summary: "A step was interrupted and its outcome can't be determined.",
    fix: "Look at the host, then plan again.",
  },
  JOB_EXPIRED: {
    code: "DEADLINE_EXCEEDED",
    summary: "The job was not accepted before it expired.",
    fix: "Start it again when the host is reachable.",
  },
  JOB_STALE: {
    code: "ABORTED",
    summary: "The host has accepted a newer epoch or generation.",
    fix: "Nothing: the newer one counts.",
  },
  JOB_CANCELLED: {
    code: "ABORTED",
    summary: "The job was cancelled.",
    fix: "Start it again if it is still wanted.",
  },
  JOB_TOO_MANY_ATTEMPTS: {
    code: "INTERNAL",
    summary: "The job failed on every attempt its budget allows.",
    fix: "Read its log.",
  },
  ENVELOPE_REJECTED: {
    code: "PERMISSION_DENIED",
    summary: "A job envelope's signature, host or digest is wrong.",
    fix: "Check the controller's signing keys.",
  },
  LEDGER_CORRUPT: {
    code: "INTERNAL",
    summary: "The agent's ledger has a broken record before its end.",
    fix: "Move the ledger away and enrol the host again.",
  },
  LEDGER_FULL: {
    code: "RESOURCE_EXHAUSTED",
    summary: "The disk that holds the agent's ledger is full.",
    fix: "Free disk space on the host.",
  },

  // BMC and BIOS
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
  BMC_UNVERIFIED: {
    code: "FAILED_PRECONDITION",
    summary: "The agent sends the BMC's password to whoever answers at its address.",
    fix: "Put the BMC's publicKey into /etc/switchyard/bmc.json; docs/bmc.md says how to get it.",
  },

  // Access
  TOKEN_INVALID: {
    code: "UNAUTHENTICATED",
    summary: "The enrolment token is unknown, used or expired.",
    fix: "Create a new one: swy host enroll HOST",
  },
  CREDENTIALS_INVALID: {
    code: "UNAUTHENTICATED",
    summary: "The caller sent no bearer token, or one that is not known.",
    fix: "Send `authorization: Bearer TOKEN` with a token of the controller's table.",
  },
  PERMISSION_MISSING: {
    code: "PERMISSION_DENIED",
    summary: "The caller's role does not allow this.",
    fix: "Ask an admin for the role named.",
  },
  CALL_TIMED_OUT: {
    code: "DEADLINE_EXCEEDED",
    summary: "The controller did not answer in time; the change may have been made.",
    fix: "Send the call again with the same request id.",
  },
  DATABASE_UNAVAILABLE: {
    code: "UNAVAILABLE",
    summary: "The database does not answer.",
    fix: "Try again shortly.",
  },
  BUS_UNAVAILABLE: {
    code: "UNAVAILABLE",
    summary: "NATS does not answer.",
    fix: "Try again shortly.",
  },
  CONFIG_INVALID: {
    code: "FAILED_PRECONDITION",
    summary: "A process can't start with this configuration.",
    fix: "Correct the setting named.",
  },
  INVARIANT_BROKEN: {
    code: "INTERNAL",
    summary: "A bug in Switchyard.",
    fix: "Report it with the log.",
  },
} as const satisfies Record<string, ReasonEntry>;

export type Reason = keyof typeof REASONS;

export const isReason = (text: string): text is Reason => Object.hasOwn(REASONS, text);
