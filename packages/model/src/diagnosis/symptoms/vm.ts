import { symptom } from "./symptom.ts";

/** Catalogue F: VMs. G: performance and power. */
export const VM_SYMPTOMS = {
  F02: symptom(
    /DMA mapping failed|errno=12|map fail|vfio_dma_map.*-12|VFIO_MAP_DMA failed/i,
    "QEMU may not lock its guest's memory; root is not exempt",
    { fix: "LimitMEMLOCK=infinity for QEMU.", checks: ["F02", "HOST-MEMORY"] },
  ),
  F03: symptom(/cannot set up guest memory/i, "the host has too little memory or huge pages", {
    fix: "Give the VM less memory, or free some.",
    checks: ["HOST-MEMORY"],
  }),
  F04: symptom(
    /(guest|vm).*(one|1|single) queue/i,
    "mq=true is missing, the device has one pair, or the guest has one vCPU",
    { fix: "Make device, QEMU and vCPUs agree.", checks: ["F04", "D08", "LINT-QUEUES-VCPUS"] },
  ),
  F06: symptom(
    /group \d+ is not viable/i,
    "another function of the IOMMU group is on a host driver",
    {
      fix: "Bind all functions of the group, or use a slot with ACS.",
      checks: ["F14", "A02"],
    },
  ),
  F07: symptom(
    /Failed to get "?(shared )?"?write"? ?lock/i,
    "another process uses the disk image (also qemu-nbd)",
    { fix: "Stop what holds it; give each VM an image of its own.", checks: ["VM-UNKNOWN"] },
  ),
  F08: symptom(
    /(image|guest).*(won't|does not|doesn't) boot|no root login/i,
    "the image was edited on the wrong partition, or its SELinux labels are stale",
    { fix: "virt-customize --selinux-relabel", checks: ["VM-AGENT"], confidence: "medium" },
  ),
  F09: symptom(/nbd0p\d+.*(missing|No such file)/i, "nbd was loaded without max_part", {
    fix: "modprobe -r nbd; modprobe nbd max_part=8",
    confidence: "medium",
  }),
  F10: symptom(/vDPA devices cannot be migrated/i, "this libvirt or QEMU can't migrate vDPA", {
    fix: "Shut down, move the disk, start.",
  }),
  F11: symptom(
    /Permission denied.*\.qcow2|\.qcow2.*Permission denied/i,
    "QEMU's user may not read the image",
    {
      fix: "Put images in the image folder.",
      checks: ["A11"],
    },
  ),
  F12: symptom(
    /requires exclusive access.*none are available|No usable Vf's present/i,
    "the VF pool is used up",
    {
      fix: "Make more VFs.",
      checks: ["VF-COUNT", "A06"],
    },
  ),
  F13: symptom(
    /vhost VQ \d+ ring restore failed/i,
    "the vDPA device is in a stale state after a crash",
    {
      fix: "Stop the VM, delete the vDPA device, apply the profile.",
      checks: ["VM-STATE", "D15"],
      confidence: "low",
    },
  ),
  F14: symptom(
    /sr-?iov.*(no link|can't ping|no traffic|switch)|passthrough.*switchdev/i,
    "in switchdev mode the traffic of a VF goes to its representor, not to the physical switch",
    { fix: "Use legacy mode for SR-IOV passthrough.", checks: ["F14", "C08"] },
  ),
  G04: symptom(/iperf3?.*(stuck|only|single|one thread)/i, "iperf3 before 3.16 has one thread", {
    fix: "Run several at once, or a newer one.",
    checks: ["F05"],
  }),
  G05: symptom(/rx_discards_phy/i, "the wire is congested and nothing pauses the sender", {
    fix: "Turn on flow control; look at MTU.",
    checks: ["LINT-MTU"],
    confidence: "medium",
  }),
  G03: symptom(/outbound_pci_stalled|rx_out_of_buffer/i, "PCIe or the CPU can't keep up", {
    fix: "More queues, larger rings.",
    checks: ["G01", "G02", "F05"],
    confidence: "medium",
  }),
  G08: symptom(/Power reading state is.*deactivated/i, "the BMC's power reading is turned off", {
    fix: "Turn it on, or read power by Redfish.",
    confidence: "medium",
  }),
  G10: symptom(
    /without (the )?physical switch/i,
    "the embedded switch forwards between VFs of one card by MAC; that is normal",
    { fix: "Nothing: expected.", checks: ["C08"] },
  ),
} as const;
