import { isPciAddress, type PciAddress, vmOfDomain } from "@switchyard/model";
import { parseJson, recordOf } from "../json.ts";

/** `QEMU emulator version 7.2.22 (Debian …)` → `7.2.22`. */
export const parseQemuVersion = (text: string): string | undefined =>
  /^QEMU emulator version (\d+(?:\.\d+)+)/m.exec(text)?.[1];

/**
 * The VM that the NUL-separated command line of a QEMU process names: the value of `-name` without its
 * `,key=value` parts, or the VM of the domain that libvirt names as `guest=`.
 *
 * @see proc_pid_cmdline(5)
 */
export function parseVmName(commandLine: string): string | undefined {
  const args = commandLine.split("\0");
  const at = args.indexOf("-name");
  const name = at < 0 ? undefined : args[at + 1]?.split(",")[0];
  return name?.startsWith("guest=") ? vmOfDomain(name.slice("guest=".length)) : name;
}

/** A NIC of a running VM: a vDPA device, or a function given to it by vfio. */
export interface VmNic {
  /** Empty for a function, whose MAC is its own. */
  readonly mac: string;
  /** Empty for a function. */
  readonly vhostPath: string;
  readonly pciAddress?: PciAddress;
}

/** NICs on the command line of a QEMU process: each `-netdev` with the `-device` that names it, then functions. */
export function parseVmNics(commandLine: string): readonly VmNic[] {
  const args = commandLine.split("\0");
  const optionsAfter = (flag: string) =>
    args.flatMap((arg, at) => (arg === flag ? [parseOptions(args[at + 1] ?? "")] : []));
  const devices = optionsAfter("-device");
  const vdpa = optionsAfter("-netdev").flatMap((netdev) => {
    const vhostPath = netdev.get("vhostdev");
    const device = devices.find((candidate) => candidate.get("netdev") === netdev.get("id"));
    return vhostPath === undefined ? [] : [{ vhostPath, mac: device?.get("mac") ?? "" }];
  });
  return [...vdpa, ...devices.flatMap(functionOf)];
}

/** QEMU takes the address with and without its domain. @see qemu/qemu hw/vfio/pci.c, property host */
function functionOf(device: ReadonlyMap<string, string>): readonly VmNic[] {
  const isVfio = device.has("vfio-pci") || device.get("driver") === "vfio-pci";
  const host = device.get("host") ?? "";
  const address = /^[0-9a-f]{4}:/.test(host) ? host : `0000:${host}`;
  return isVfio && isPciAddress(address) ? [{ mac: "", vhostPath: "", pciAddress: address }] : [];
}

/** How QEMU was told to drive a vhost-vdpa NIC. */
export interface VmNicOptions {
  readonly vhostPath: string;
  readonly hasMultiqueue: boolean;
  readonly hasPagePerVq: boolean;
  /** Undefined where QEMU works it out. */
  readonly vectors: number | undefined;
}

const isOn = (value: string | undefined): boolean => value === "on" || value === "true";

/** As `parseVmNics`, with what decides how fast the NIC is. */
export function parseVmNicOptions(commandLine: string): readonly VmNicOptions[] {
  const args = commandLine.split("\0");
  const optionsAfter = (flag: string) =>
    args.flatMap((arg, at) => (arg === flag ? [parseOptions(args[at + 1] ?? "")] : []));
  const devices = optionsAfter("-device");
  return optionsAfter("-netdev").flatMap((netdev) => {
    const vhostPath = netdev.get("vhostdev");
    const device = devices.find((candidate) => candidate.get("netdev") === netdev.get("id"));
    if (vhostPath === undefined) return [];
    const vectors = device?.get("vectors");
    return [
      {
        vhostPath,
        hasMultiqueue: isOn(device?.get("mq")),
        hasPagePerVq: isOn(device?.get("page-per-vq")),
        vectors: vectors === undefined ? undefined : Number(vectors),
      },
    ];
  });
}

/** `key=value,…`, or a JSON object as libvirt writes it. */
function parseOptions(text: string): ReadonlyMap<string, string> {
  if (text.startsWith("{")) {
    const entries = Object.entries(recordOf(parseJson(text)));
    return new Map(entries.map(([key, value]) => [key, String(value)]));
  }
  return new Map(
    text.split(",").map((option) => {
      const [key = "", ...value] = option.split("=");
      return [key, value.join("=")];
    }),
  );
}

/**
 * Descriptors behind `/dev/fdset/N`: libvirt opens vDPA devices itself and hands them over.
 *
 * @see qemu-system-x86_64(1), -add-fd
 */
export function parseFdSets(commandLine: string): ReadonlyMap<string, number> {
  const args = commandLine.split("\0");
  const sets = args.flatMap((arg, at) =>
    arg === "-add-fd" ? [parseOptions(args[at + 1] ?? "")] : [],
  );
  return new Map(
    sets.map((options) => [`/dev/fdset/${options.get("set")}`, Number(options.get("fd"))]),
  );
}

interface KnownFailure {
  readonly text: RegExp;
  readonly cause: string;
  readonly fix: string;
}

/** @see qemu/qemu net/vhost-vdpa.c, hw/virtio/vhost-vdpa.c, hw/vfio/pci.c, hw/vfio/container.c, accel/kvm/kvm-all.c */
const KNOWN_FAILURES: readonly KnownFailure[] = [
  {
    text: /(?:Could not|Unable to) open '\/dev\/vhost-vdpa-\d+'.*: No such file or directory/,
    cause: "the vDPA device is gone",
    fix: "Apply the host's profile again",
  },
  {
    text: /\/dev\/vhost-vdpa-\d+.*Device or resource busy/,
    cause: "another process holds the vDPA device",
    fix: "Stop the process that holds it",
  },
  {
    text: /errno=12|map fail|DMA mapping failed|VFIO_MAP_DMA failed|dma_map\(.*\) = -12/,
    cause: "guest memory could not be locked",
    fix: "Raise RLIMIT_MEMLOCK or free memory on the host",
  },
  {
    text: /PCI device \S+ is in use by driver/,
    cause: "another domain has the VF",
    fix: "Stop the domain that is named",
  },
  {
    text: /Unmanaged PCI device \S+ must be manually detached/,
    cause: "no vfio driver has the VF",
    fix: "Apply the host's profile again",
  },
  {
    text: /vDPA devices are not supported with this QEMU binary/,
    cause: "QEMU is too old for vDPA",
    fix: "Let the profile build a newer QEMU",
  },
  {
    text: /XML error|Failed to define domain/,
    cause: "libvirt does not take the domain",
    fix: "Compare libvirt's version with what swy doctor asks for",
  },
  {
    text: /failed to set the MEMLOCK resource limit/,
    cause: "the agent may not raise the memory lock limit",
    fix: "Run the agent as root with CAP_SYS_RESOURCE",
  },
  {
    text: /vfio .*: no such host device/,
    cause: "the VF is gone",
    fix: "Apply the host's profile again",
  },
  {
    text: /no iommu_group found/,
    cause: "the host runs without an IOMMU",
    fix: "Enable VT-d in BIOS and boot with intel_iommu=on iommu=pt",
  },
  {
    text: /group \d+ is not viable/,
    cause: "another driver has a function of the VF's IOMMU group",
    fix: "Apply the host's profile again, which binds all VFs to vfio",
  },
  {
    text: /failed to open \/dev\/vfio\/\d+: Device or resource busy/,
    cause: "another process has the VF",
    fix: "Stop the process that holds it",
  },
  {
    text: /failed to open \/dev\/vfio\/\d+: No such file or directory/,
    cause: "no vfio driver has the VF",
    fix: "Apply the host's profile again, which binds all VFs to vfio",
  },
  {
    text: /failed to open \/dev\/vfio\/\d+: Permission denied/,
    cause: "QEMU may not open the VF's group",
    fix: "Run the agent as root",
  },
  {
    text: /unable to map backing store for guest RAM|preallocating memory failed/,
    cause: "the host has too few free huge pages",
    fix: "Set more huge pages aside, or give the VM ordinary memory",
  },
  {
    text: /NUMA node binding are not supported/,
    cause: "this QEMU was built without libnuma",
    fix: "Build QEMU with numactl's headers installed, or ask for numa any",
  },
  {
    text: /cannot set up guest memory/,
    cause: "the host has too little memory",
    fix: "Give the VM less memory or free some on the host",
  },
  {
    text: /Could not access KVM kernel module|failed to initialize kvm/i,
    cause: "there is no hardware virtualisation",
    fix: "Enable VT-x or AMD-V in BIOS and load kvm_intel or kvm_amd",
  },
  {
    text: /[Cc]annot (?:create PID file|lock pid file)/,
    cause: "the VM runs already",
    fix: "Look at the VM's process on the host",
  },
  {
    text: /Failed to get "?(?:shared )?"?write"? lock/,
    cause: "another process uses the disk image",
    fix: "Give each VM an image of its own",
  },
];

/** What is behind QEMU's message, where it is known. */
export function findQemuFailure(stderr: string): { cause: string; fix: string } | undefined {
  const known = KNOWN_FAILURES.find(({ text }) => text.test(stderr));
  return known === undefined ? undefined : { cause: known.cause, fix: known.fix };
}
