import type { CheckId } from "../diagnosis/checks.ts";
import type { Reason } from "./reasons/reasons.ts";

/** What lies behind a reason, beyond its summary and fix. */
export interface Explanation {
  /** Likeliest first. */
  readonly causes: readonly [string, ...string[]];
  /** Checks of the doctor that look for it. */
  readonly checks: readonly CheckId[];
}

const because = (causes: Explanation["causes"], ...checks: readonly CheckId[]): Explanation => ({
  causes,
  checks,
});

/**
 * Causes of every reason. A reason without an entry fails a test: add it here when it is added there.
 */
export const EXPLANATIONS: Readonly<Partial<Record<Reason, Explanation>>> = {
  FIELD_INVALID: because(["a value in the request breaks the rules of its field"]),
  NAME_MALFORMED: because(["a name has capitals, underscores or another collection's prefix"]),
  ID_MALFORMED: because(["an id was cut off or typed by hand"]),
  PCI_ADDRESS_MALFORMED: because(["the domain is missing: 82:00.0 instead of 0000:82:00.0"]),
  MAC_ADDRESS_MALFORMED: because(["a multicast address, or not six octets"]),
  PSID_MALFORMED: because(["another identifier of the card was taken for the PSID"]),
  IP_ADDRESS_MALFORMED: because(["the prefix length is missing, or the address is IPv6"]),
  FIRMWARE_VERSION_MALFORMED: because(["a package's version was taken for the firmware's"]),
  ARTEFACT_MALFORMED: because([
    "the checksum is not 64 hex digits, or the source is neither a path nor a URL",
  ]),
  SNAPSHOT_MALFORMED: because([
    "the file was cut off or changed by hand",
    "a newer release wrote it, with areas that this one does not know",
  ]),
  PAGE_TOKEN_INVALID: because(["the token is of another list, filter or cluster"]),
  RESUME_TOKEN_INVALID: because(["the token is of another watch, filter or cluster"]),
  RESUME_TOKEN_TOO_OLD: because(["the watch was away longer than changes are kept"]),
  REQUEST_ID_REUSED: because(["a script sends one id with different requests"]),

  QUERY_TOO_LARGE: because([
    "raw samples of many hosts are read over a long range: a step of 1m or more reads rollups",
    "every object is a group of its own, where a sum was meant",
  ]),

  HOST_NOT_FOUND: because(["the name is misspelt", "the host was never enrolled"], "CTL-HOSTS"),
  PROFILE_NOT_FOUND: because(["the name is misspelt", "the profile was deleted"], "PROFILE-MATCH"),
  ROLLOUT_NOT_FOUND: because(["the name is misspelt, or of another cluster"]),
  ROLLOUT_STATE_WRONG: because(["it ended, or somebody else steered it in between"]),
  ROLLOUT_WITHOUT_HOSTS: because([
    "no host carries the labels of both selectors",
    "the hosts that the selector chooses have no profile",
  ]),
  ROLLOUT_CHECK_FAILED: because([
    "the change does not work on this class of hardware",
    "something else broke on the host at the same time",
  ]),
  EXPERIMENT_NOT_FOUND: because(["the name is misspelt", "the experiment was deleted"]),
  EXPERIMENT_STATE_WRONG: because(["it ended, or has not ended yet"]),
  EXPERIMENT_HOST_UNFIT: because([
    "its profile was changed and not applied since",
    "somebody changed the host by hand",
    "its profile does not describe the bridge that a mode needs",
  ]),
  EXPERIMENT_TIMED_OUT: because(["a job of its hosts waits, or a guest did not boot"]),
  EXPERIMENT_NOT_RESTORED: because([
    "the host is lost",
    "a VM of the experiment could not be deleted",
    "a step on the way back failed",
  ]),
  HOST_IN_EXPERIMENT: because(["an experiment has not ended yet"]),
  MEASUREMENT_FAILED: because([
    "the image holds no iperf3 or no ping",
    "a firewall in the guest lets nothing in",
    "the VMs do not reach each other",
  ]),
  PLAN_NOT_FOUND: because(["the id is of another cluster, or the plan was removed with its host"]),
  JOB_NOT_FOUND: because(["the id is of another cluster"]),
  SNAPSHOT_NOT_FOUND: because(
    [
      "the job is no host plan: only those have snapshots",
      "the job has no step of this number",
      "the host was away when its snapshots were to be fetched, and has forgotten them since",
    ],
    "CTL-HOSTS",
  ),
  NETWORK_NOT_FOUND: because(["the name is misspelt", "the network was deleted"]),
  IMAGE_NOT_FOUND: because(["the name is misspelt", "the image was deleted"]),
  VM_NOT_FOUND: because(["the name is misspelt", "the VM was deleted"], "VM-UNKNOWN"),
  IMAGE_FORMAT_WRONG: because([
    "a raw image was declared as qcow2",
    "the server answered with a page instead of the image",
  ]),
  IMAGE_EMPTY: because(["the file was made and never written"]),
  IMAGE_DAMAGED: because(["the file was cut off before its checksum was taken"]),
  IMAGE_TOO_LARGE: because([
    "the disk is larger than the default bound of 128 GiB",
    "a few KiB of qcow2 ask for a disk that no host has",
  ]),
  IMAGE_BACKING_FILE: because(["an overlay was published without what it stands on"]),
  IMAGE_DATA_FILE: because(["it was made with data_file, as for sharing a raw disk"]),
  IMAGE_CONVERT_FAILED: because(["the host's disk has errors", "qemu-img is broken"]),
  IMAGE_CACHE_FULL: because([
    "the file system below /var/lib/switchyard is full",
    "VMs use as many images as a host keeps",
  ]),
  VM_DISK_UNEXPECTED: because(["a disk of an earlier VM of this name was left behind"]),
  VM_DISK_TOO_SMALL: because(["the image's disk is larger than the disk that was asked for"]),
  SEED_BUILD_FAILED: because(["neither xorriso nor genisoimage is installed", "the disk is full"]),
  IMAGE_PACKAGES_FAILED: because([
    "a package is not in the repositories that the guest knows",
    "the host has no way to the repositories",
    "the image has no cloud-init",
  ]),
  DISK_EDIT_FAILED: because([
    "the host's kernel has no module nbd, or all its devices are taken",
    "the image's root is on LVM, encrypted, or no file system of Linux",
  ]),
  DISK_EDIT_UNSAFE: because([
    "the image was made to change its host",
    "a folder was moved and linked",
  ]),
  NAME_TAKEN: because(["the resource exists already", "a request was sent again with another id"]),
  ETAG_STALE: because(["somebody else changed it in between"]),
  GENERATION_STALE: because(["the profile or the host changed since the plan was made"]),
  RESOURCE_IN_USE: because([
    "VMs still use the network",
    "VMs still boot from the image",
    "hosts still have the profile",
  ]),

  SYSTEM_FACTS_MISSING: because([
    "rpm, dnf or grubby is broken or missing on the host",
    "dnf has no metadata cached yet: dnf makecache",
    "the agent is older than the controller",
  ]),
  SELINUX_WILL_BE_OFF: because(["disable_selinux is set in the profile"], "A11"),

  CLOCK_UNSYNCHRONIZED: because(
    ["chronyd does not run", "its sources can't be reached"],
    "HOST-TIME",
    "HOST-CLOCK",
  ),
  HOST_VIRTUALIZED: because(["the agent was installed in a VM or a container"], "HOST-NESTED"),
  PCIE_LINK_DEGRADED: because(
    ["the card is in a slot with fewer lanes or an older generation", "bifurcation in BIOS"],
    "G01",
  ),
  NUMA_NODE_UNSUITABLE: because(
    ["BIOS gives no affinity for the slot", "no memory is plugged in beside the NIC's socket"],
    "G02",
  ),
  KERNEL_LOCKED_DOWN: because(
    ["Secure Boot is on", "the kernel was booted with lockdown="],
    "HOST-SECURE-BOOT",
  ),

  HOST_NOT_READY: because(
    ["the agent has not reported yet", "another exclusive job runs on the host"],
    "AGENT-ALIVE",
    "AGENT-JOBS",
  ),
  HOST_HAS_NO_PROFILE: because(
    ["the host lacks a label", "there is no profile yet"],
    "PROFILE-MATCH",
  ),
  PROFILE_AMBIGUOUS: because(["two selectors overlap"], "PROFILE-MATCH"),
  HOST_UNREACHABLE: because(
    ["the agent is stopped", "the host is down", "the way from host to NATS is cut"],
    "AGENT-ALIVE",
    "AGENT-ANSWER",
    "CTL-BUS",
  ),
  PLAN_BLOCKED: because(["a finding of severity error stands in the way"], "PROFILE-PLAN"),
  PLAN_STALE: because(
    ["the host changed since: a reboot, a job, somebody's hand"],
    "PROFILE-DRIFT",
  ),
  PLAN_ALREADY_APPLIED: because(["it was applied before, perhaps by somebody else"]),
  VMS_WOULD_BREAK: because(["running VMs hold vDPA devices that the plan makes anew"], "VM-STATE"),
  MODE_UNSUPPORTED: because(["the profile asks for a mode that this release can't make"]),
  NIC_NOT_FOUND: because(
    ["the driver is not loaded", "the profile's uplink names a port that the host does not have"],
    "HOST-NIC",
    "A09",
    "C12",
  ),
  MANAGEMENT_PATH_AT_RISK: because(
    ["the port carries the default route or the way to the controller"],
    "MGMT-PATH",
  ),
  MANAGEMENT_PATH_LOST: because(
    [
      "the step took the port, address or route over which the agent reaches the bus",
      "NATS or the network to it failed just then, and not by the step",
    ],
    "MGMT-PATH",
  ),
  MANAGEMENT_PATH_UNCONFIRMED: because(
    ["NATS is down", "the network between host and NATS is down"],
    "MGMT-PATH",
  ),

  NO_CAPACITY: because(
    ["all slots are taken", "no host has the memory or vCPUs", "no host has the labels asked for"],
    "CTL-HOSTS",
    "VDPA-SLOTS",
  ),
  PLACEMENT_CONTENDED: because([
    "several controllers place many VMs on few hosts with room",
    "hosts' agents report new inventories all the time",
  ]),
  IP_POOL_EXHAUSTED: because(["as many VMs as the pool has addresses"]),
  MAC_POOL_EXHAUSTED: because(["as many VMs as the pool has addresses"]),
  BRIDGE_ADDRESS_POOL_EXHAUSTED: because([
    "more hosts match the profile than its range has addresses",
  ]),
  IP_TAKEN: because([
    "another VM of the segment has it",
    "a host's bridge has it",
    "it is reserved for another VM, or for none",
  ]),
  MAC_TAKEN: because(["another VM or slot of the fleet has it"], "D12"),

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

  DRIVER_PREREQUISITE_MISSING: because(["a package that the installer needs is not there"], "B13"),
  KERNEL_HEADERS_MISSING: because(
    ["the repository moved on from the running kernel"],
    "B13",
    "A03",
  ),
  DRIVER_KERNEL_OTHER: because(["the kernel changed since the plan was made"], "B13"),
  DRIVER_ARCHIVE_UNSUITABLE: because(["the archive is for another distribution or release"]),
  DRIVER_BUILD_FAILED: because(
    ["the kernel is newer than the driver supports", "gcc or headers are missing"],
    "B13",
  ),
  DRIVER_INSTALL_FAILED: because(["packages conflict", "the disk is full"], "HOST-DISK"),
  DRIVER_IN_USE: because(["VMs or storage use the NIC"], "D11"),
  DRIVER_LOAD_FAILED: because(
    ["modules of two drivers are mixed", "Secure Boot refuses them"],
    "B10",
    "B11",
  ),
  SECURE_BOOT_REFUSES_DRIVER: because(["the modules are not signed with an enrolled key"], "B11"),
  DRIVER_NOT_IN_FORCE: because(["the host was not rebooted since the installation"], "B12"),
  DRIVER_FOR_OTHER_KERNEL: because(["the kernel was updated after the driver"], "B13"),
  DRIVER_OTHER_INSTALLED: because(["the host was set up with MLNX_OFED before"], "B10"),
  DISK_FULL: because(["images, kernels or logs fill the disk"], "HOST-DISK"),
  OVS_BUILDS_MIXED: because(
    ["the distribution's and the vendor's Open vSwitch are both installed"],
    "E10",
  ),

  DISTRIBUTION_UNSUPPORTED: because(["no distribution profile matches os-release"]),
  PACKAGE_UNAVAILABLE: because([
    "no enabled repository has it",
    "the name is of another distribution",
  ]),
  PACKAGE_REPOSITORY_UNREACHABLE: because([
    "no way to the repository's server",
    "a proxy is not set",
  ]),
  PACKAGE_MANAGER_BUSY: because(["another installation runs, such as unattended upgrades"]),
  PACKAGE_CHANGE_FAILED: because(["packages conflict", "the disk is full"], "HOST-DISK"),
  REPOSITORY_UNKNOWN: because(["the repository is not defined on the host"]),

  PSID_MISMATCH: because(["the image is for another board"], "C01"),
  FIRMWARE_IMAGE_MISSING: because(["no artefact for this PSID was given"], "C01"),
  FIRMWARE_IMAGE_UNSUITABLE: because(["the image is for another family or release"], "C01"),
  FIRMWARE_SECURE_CONFLICT: because(["a signed card refuses an unsigned image"], "C01"),
  FIRMWARE_DOWNGRADE_REFUSED: because(["the wished version is older than what runs"], "C01"),
  FIRMWARE_PATH_MISSING: because(["no stepping stone leads from the running version"], "C01"),
  FIRMWARE_PREREQUISITE_MISSING: because(["the server vendor's package needs another one first"]),
  FIRMWARE_TOOLS_MISSING: because(["mstflint or MFT is not installed"]),
  FIRMWARE_BUSY: because(["another update or reset of the card is in flight"]),
  FIRMWARE_UPDATE_FAILED: because(["the tool refused the image or lost the card"], "C01"),
  FIRMWARE_UPDATE_INTERRUPTED: because(
    ["the agent or the host stopped during the burn"],
    "B06",
    "C01",
  ),
  FIRMWARE_NOT_ACTIVATED: because(["the card needs a cold cycle"], "B06"),
  FIRMWARE_CONFIG_UNSUPPORTED: because(["this card or firmware does not have the parameter"]),
  FIRMWARE_CONFIG_UNREADABLE: because(["another tool holds the card", "the card does not answer"]),
  FIRMWARE_CONFIG_REFUSED: because(["the value is out of range, or depends on another one"]),
  ARTEFACT_UNAVAILABLE: because(["the server or the path does not have it"]),
  ARTEFACT_CHECKSUM_WRONG: because(["another file lies there", "the transfer was damaged"]),
  ARTEFACT_TOO_LARGE: because(["the file is larger than it was declared"]),
  ARTEFACT_STORE_FULL: because(["old artefacts were not removed"], "HOST-DISK"),

  REBOOT_WITHOUT_EFFECT: because(
    ["the bootloader starts another entry", "firmware ignored the setting"],
    "A03",
    "B06",
  ),
  REBOOT_DID_NOT_HAPPEN: because([
    "the host did not go down",
    "the agent came back in the same boot",
  ]),
  REBOOT_BUDGET_SPENT: because(["each boot left something undone that asked for another one"]),
  COLD_CYCLE_NEEDS_BMC: because([
    "only the BMC can switch the power off and on, and none is known",
  ]),

  HOST_NOT_DESCRIBABLE: because(
    ["something on the host was made by hand in a way no profile can say"],
    "PROFILE-DRIFT",
  ),
  MODE_NOT_DESCRIBED: because(["the profile was written for the other mode only"], "PROFILE-MATCH"),
  VFS_RECREATED: because(["the VF count or the mode changes"], "VF-COUNT"),
  HUGEPAGES_SHORT: because([
    "other VMs have the pages",
    "the kernel was booted without them",
    "they are on another node",
  ]),
  CPUS_SHORT: because(["other VMs are pinned to them"]),
  NUMA_NODE_SHORT: because(["the node has less memory", "firmware gives the slot no affinity"]),
  VCPU_PINNING_FAILED: because(["a CPU is offline", "a cpuset keeps QEMU from it"]),
  VF_NOT_FOR_VMS: because(["the host was switched to mode vdpa", "somebody bound the VF by hand"]),
  IOMMU_GROUP_UNUSABLE: because(["the slot's bridge has no ACS", "the IOMMU is off"], "A02"),
  BOOTLOADER_CHANGE_FAILED: because(
    ["grubby or update-grub refused", "/boot is full or read-only"],
    "HOST-DISK",
  ),
  INITRAMFS_FAILED: because(
    ["/boot is full", "a module it shall hold is not there"],
    "HOST-DISK",
    "B13",
  ),
  KERNEL_NOT_INSTALLED: because(["the kernel was removed since the plan was made"], "B13"),
  BOND_UNFIT: because(
    ["the ports are of two cards", "a port has VFs or is in switchdev mode already"],
    "LINT-BOND",
  ),
  BOND_CHANGE_FAILED: because(["a port is up or in another bond or bridge"], "LINT-BOND"),
  BMC_SETTINGS_INVALID: because(["the BMC's address or its file of credentials is malformed"]),
  BMC_FILE_EXPOSED: because(["the file's mode lets others read it"]),
  BMC_UNREACHABLE: because(["the BMC is on another network", "it is restarting"]),
  BMC_IDENTITY_WRONG: because([
    "its certificate is another than the one given",
    "another machine has its address",
  ]),
  BMC_CREDENTIALS_REFUSED: because(["the password is wrong or the account locked (H01)"]),
  BMC_BUSY: because(["the Lifecycle Controller works on something else"]),
  BMC_JOB_PENDING: because(["a configuration job waits for a boot (H03, H04)"], "HOST-REBOOT"),
  BMC_REQUEST_REFUSED: because(["the BMC's release lacks the feature", "a licence is missing"]),
  BMC_ANSWER_UNREADABLE: because(["a proxy or another service answers (H02)"]),
  BIOS_ATTRIBUTE_UNKNOWN: because(["the name is of another machine or release (H05)"]),
  BIOS_VALUE_REFUSED: because(["the value is not among those the BIOS offers"]),
  BIOS_SETTINGS_FAILED: because(["the BMC dropped the job", "the host was not rebooted"]),
  BIOS_NEEDS_BMC: because(["no BMC is named for this host"]),
  BIOS_VIRTUALIZATION_OFF: because(["the BIOS was reset or never set"], "A01", "A02"),
  BIOS_SRIOV_OFF: because(["SriovGlobalEnable is Disabled"], "A04"),
  NIC_SRIOV_OFF: because(["the card was delivered or reset so"], "A04"),
  NIC_FUNCTION_UNKNOWN: because(["the BMC's release does not show it", "the card is not Dell's"]),
  NIC_VIRTUALIZATION_FAILED: because(["the BMC dropped the job", "the host was not rebooted"]),
  BMC_UNVERIFIED: because(["no certificate of the BMC was given"]),

  VM_START_FAILED: because(
    ["its vDPA device is gone or held", "memory can't be locked", "its image is in use"],
    "F01",
    "D11",
    "F02",
    "A01",
  ),
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
  GUEST_AGENT_SILENT: because(
    ["the guest is still booting", "it has no guest agent"],
    "VM-AGENT",
    "D15",
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

  COMMAND_NOT_STARTED: because(["the program is not installed"], "AGENT-INVENTORY"),
  COMMAND_FAILED: because(["the program refused; its message says why"], "AGENT-INVENTORY"),
  COMMAND_TIMED_OUT: because(["the kernel waits for a device", "the host is overloaded"], "A10"),
  COMMAND_OUTPUT_UNREADABLE: because(["the tool is newer or older than those known"]),
  FILE_ACCESS_FAILED: because(["the file is gone", "the kernel refused"], "AGENT-INVENTORY"),
  STEP_OUTCOME_UNKNOWN: because(
    ["the agent died during the step and the host can't tell"],
    "AGENT-JOBS",
  ),
  FLEET_FROZEN: because([
    "a switch, a power feed or a site went away, and with it many hosts",
    "NATS was away longer than a lease, and agents are still connecting again",
  ]),
  FLEET_NOT_FROZEN: because(["the hosts came back meanwhile, or somebody lifted the freeze"]),
  HOST_CORDONED: because(["somebody cordoned it for maintenance, or it was drained or fenced"]),
  MOVE_NOT_FOUND: because(["the id was cut off or typed by hand"]),
  START_CUT_BY_BOOT: because([
    "the host lost its power, or was booted, before the VM ran",
    "the host was fenced: the VM may run elsewhere by now",
  ]),
  VM_MOVING: because([
    "the VM is on its way, or what it left on its old host is not taken away yet",
    "the old host is down, and what is left there waits for it",
  ]),
  VM_NOT_MOVABLE: because([
    "it boots a disk image that is a file of its host",
    "its MAC is the hardware's, and would be another on another host",
  ]),
  HOST_NOT_LOST: because(["its agent still reports, so that it can be asked"]),
  HOST_NOT_FENCED: because(["the host may run on behind a network that is cut"], "AGENT-ALIVE"),
  HOST_FENCED: because(["the host has not come back since its VMs were started elsewhere"]),
  FENCE_FAILED: because([
    "the BMC does not answer, or the agent that asks has no password for it",
    "the lost host never told of its BMC",
  ]),
  VM_DISK_LEFT: because(["a VM's disk is on its own host, and nowhere else"]),
  DISK_TICKET_EXPIRED: because([
    "the copy took longer than a ticket is good for",
    "the clocks of controller and host differ by hours",
  ]),
  DISK_IN_USE: because(["the VM was started on its host by hand while it was moved"]),
  DISK_SOURCE_SILENT: because(
    ["the host went down or lost its management network in mid-copy", "its agent does not run"],
    "AGENT-ALIVE",
  ),
  DISK_COPY_WRONG: because([
    "the disk was written to while it was copied",
    "a disk or memory of one of the hosts is faulty",
  ]),
  DISK_NO_SPACE: because(["images and other VMs' disks fill the file system"], "HOST-DISK"),
  JOB_EXPIRED: because(
    ["the host was away for longer than the job lives"],
    "AGENT-ALIVE",
    "CTL-OUTBOX",
  ),
  JOB_STALE: because(["a newer job or enrolment took its place"]),
  JOB_CANCELLED: because(["somebody asked for it"]),
  JOB_TOO_MANY_ATTEMPTS: because(["the same step fails each time"], "AGENT-JOBS"),
  ENVELOPE_REJECTED: because(
    ["the controller's signing key changed", "a forged message"],
    "CTL-BUS",
  ),
  LEDGER_CORRUPT: because(["the disk lost or changed what was written"], "AGENT-LEDGER"),
  LEDGER_FULL: because(["the disk is full"], "AGENT-LEDGER", "HOST-DISK"),

  TOKEN_INVALID: because(["it was used before", "it expired"]),
  CREDENTIALS_INVALID: because(["no token was sent", "the token was withdrawn"]),
  PERMISSION_MISSING: because(["the token's role is lower than the method needs"]),
  CALL_TIMED_OUT: because(["the controller or its database is overloaded"], "CTL-DATABASE"),
  DATABASE_UNAVAILABLE: because(["Postgres is down or restarting"], "CTL-DATABASE"),
  BUS_UNAVAILABLE: because(["nats-server is down or restarting"], "CTL-BUS"),
  CONFIG_INVALID: because(["a setting is missing or contradicts another"]),
  INVARIANT_BROKEN: because(["a bug in Switchyard"]),
  FIRMWARE_RESET_FAILED: because([
    "a program or a driver held the card, so that it never became idle",
    "the card keeps its old firmware until its power is off",
  ]),
  CARD_RESET_UNFIT: because([
    "VFs, VMs or the management path are on the card",
    "the card offers no reset with the driver's restart (level 3)",
  ]),
  RESTORE_UNSAFE: because([
    "somebody made VFs, vDPA devices or a bridge since the boot that are not the profile's",
    "a VM uses what would have to be made anew",
  ]),
  HARDWARE_CHANGED: because([
    "a NIC was replaced, moved to another slot, or taken out while the power was off",
    "a NIC did not come up after the boot",
  ]),
  RESTORE_FAILED: because([
    "a module, Open vSwitch or the NIC did not come up in time after the boot",
    "a package or kernel was replaced by hand since the datapath was applied",
  ]),

  CONSOLE_BUSY: because(["a session of somebody else, or your own that was cut off seconds ago"]),
  CONSOLE_TAKEN: because(["somebody connected with --take"]),
  CONSOLE_IDLE: because(["a forgotten terminal"]),
  CONSOLE_STALLED: because(["the terminal was stopped with Ctrl-S or Ctrl-Z", "a pipe was full"]),
  SESSION_LOST: because(
    ["NATS was restarted", "the agent or the controller ended", "the network was interrupted"],
    "CTL-HOSTS",
  ),
  SESSIONS_TOO_MANY: because(["consoles left open by scripts"]),
  GUEST_NOT_THAWED: because(
    ["the guest agent ended or hangs while the guest was frozen"],
    "VM-AGENT",
  ),

  EXPERIMENTS_NOT_COMPARABLE: because(["one experiment was named twice, or more than three were"]),
  CONDITION_MALFORMED: because([
    "the shell took < or > for a redirection, as the condition was not quoted",
    "the metric has another name, or the percent sign is missing",
  ]),
  EXPERIMENT_FILE_MALFORMED: because([
    "the file is a report, not an export",
    "the file was cut off or changed by hand, or a newer release wrote it",
  ]),
};

export const explanationOf = (reason: Reason): Explanation | undefined => EXPLANATIONS[reason];
