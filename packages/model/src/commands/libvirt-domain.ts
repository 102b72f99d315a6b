import type { ImageDesired } from "../desired/image.ts";
import type { BootSource } from "../desired/vm.ts";
import { imagePaths, vmDiskPaths } from "./image.ts";
import { domainName } from "./libvirt.ts";
import { type QemuNic, type QemuOptions, vmPaths } from "./qemu.ts";
import { QEMU_LINK } from "./virtualization.ts";
import { formatXml, type XmlElement, xml } from "./xml.ts";

const KIB = 1024;

/** Marks a domain as Switchyard's own. */
export const DOMAIN_NAMESPACE = "https://switchyard.dev/xmlns/domain/1";

/** @see libvirt docs/drvqemu.rst */
const QEMU_NAMESPACE = "http://libvirt.org/schemas/domain/qemu/1.0";

const hex = (value: number, digits: number): string =>
  `0x${value.toString(16).padStart(digits, "0")}`;

/**
 * A place on the root bus. QEMU without libvirt puts each device there, one slot after the other; libvirt
 * would put it behind a port of its own, and the guest would name its netdevs otherwise.
 */
const onRootBus = (slot: number): XmlElement =>
  xml("address", {
    type: "pci",
    domain: "0x0000",
    bus: "0x00",
    slot: hex(slot, 2),
    function: "0x0",
  });

interface Disk {
  readonly path: string;
  readonly format: "qcow2" | "raw";
  readonly isReadOnly: boolean;
  readonly isCdrom: boolean;
}

function imageDisks(options: QemuOptions, image: ImageDesired | undefined): readonly Disk[] {
  const { boot, vm } = options;
  if (boot.kind !== "image") return [];
  const paths = vmDiskPaths(vm);
  const isIso = image?.spec.format === "iso";
  const disk: Disk = { path: paths.disk, format: "qcow2", isReadOnly: false, isCdrom: false };
  const readOnly = { format: "raw", isReadOnly: true } as const;
  return [
    ...(!isIso || boot.diskBytes !== undefined ? [disk] : []),
    ...(isIso ? [{ ...readOnly, path: imagePaths(image.spec).base, isCdrom: true }] : []),
    ...(boot.guestSetup?.method === "cloud-init"
      ? [{ ...readOnly, path: paths.seed, isCdrom: false }]
      : []),
  ];
}

const disksOf = (options: QemuOptions): readonly Disk[] =>
  options.boot.kind === "disk"
    ? [{ ...options.boot, isReadOnly: false, isCdrom: false }]
    : imageDisks(options, options.image);

/** `vda`, `vdb` …: at most as many as there are letters. */
const diskTarget = (prefix: string, index: number): string =>
  `${prefix}${String.fromCharCode("a".charCodeAt(0) + index)}`;

function diskElement(disk: Disk, place: { readonly index: number; readonly slot: number }) {
  const { isCdrom } = disk;
  return xml("disk", { type: "file", device: isCdrom ? "cdrom" : "disk" }, [
    xml("driver", { name: "qemu", type: disk.format }),
    xml("source", { file: disk.path }),
    isCdrom
      ? xml("target", { dev: "sda", bus: "sata" })
      : xml("target", { dev: diskTarget("vd", place.index), bus: "virtio" }),
    disk.isReadOnly ? xml("readonly") : undefined,
    isCdrom ? undefined : onRootBus(place.slot),
  ]);
}

function pciSource(address: string): XmlElement {
  const [, domain, bus, slot, fn] = /^(\w{4}):(\w\w):(\w\w)\.(\w)$/.exec(address) ?? [];
  const place = { domain: `0x${domain}`, bus: `0x${bus}`, slot: `0x${slot}`, function: `0x${fn}` };
  return xml("source", {}, [xml("address", place)]);
}

/** libvirt takes aliases of a user's own with this prefix. */
const vdpaAlias = (slot: number): string => `ua-vdpa${slot}`;

/**
 * What libvirt has no word for: it refuses the model `virtio-non-transitional` for interfaces of type vdpa, and
 * a virtio device on the root bus is transitional unless told.
 *
 * @see libvirt docs/drvqemu.rst, "Overriding properties of QEMU devices" (8.2.0); src/qemu/qemu_validate.c
 */
function overrides(nics: readonly QemuNic[]): XmlElement | undefined {
  const devices = nics.flatMap(({ kind }, index) =>
    kind === "vdpa" ? [xml("qemu:device", { alias: vdpaAlias(1 + index) }, [modernOnly])] : [],
  );
  return devices.length === 0 ? undefined : xml("qemu:override", {}, devices);
}

const modernOnly = xml("qemu:frontend", {}, [
  xml("qemu:property", { name: "disable-legacy", type: "string", value: "on" }),
]);

/**
 * Vectors and `mq` of a vDPA NIC follow from its queues. A VF has its driver and its MAC already and is only
 * handed over.
 *
 * @see libvirt docs/formatdomain.rst, "vDPA devices" (6.9.0; page_per_vq 7.9.0) and "Host device assignment"
 */
function nicElement(nic: QemuNic, slot: number): XmlElement {
  if (nic.kind === "sriov") {
    return xml("hostdev", { mode: "subsystem", type: "pci", managed: "no" }, [
      xml("driver", { name: "vfio" }),
      pciSource(nic.pciAddress),
      onRootBus(slot),
    ]);
  }
  return xml("interface", { type: "vdpa" }, [
    xml("mac", { address: nic.mac }),
    xml("source", { dev: nic.vhostPath }),
    xml("model", { type: "virtio" }),
    xml("driver", { queues: String(nic.queuePairs), page_per_vq: "on" }),
    xml("alias", { name: vdpaAlias(slot) }),
    xml("rom", { enabled: "no" }),
    onRootBus(slot),
  ]);
}

function guestAgentElements(vm: string, slot: number): readonly XmlElement[] {
  const path = vmPaths(vm).guestAgentSocket;
  return [
    xml("controller", { type: "virtio-serial", index: "0" }, [onRootBus(slot)]),
    xml("channel", { type: "unix" }, [
      xml("source", { mode: "bind", path }),
      xml("target", { type: "virtio", name: "org.qemu.guest_agent.0" }),
    ]),
  ];
}

const bootElements = (boot: BootSource, disks: readonly Disk[]): readonly XmlElement[] =>
  boot.kind === "kernel"
    ? [
        xml("kernel", {}, boot.kernelPath),
        xml("initrd", {}, boot.initrdPath),
        xml("cmdline", {}, boot.commandLine),
      ]
    : [
        ...(disks.some(({ isCdrom }) => !isCdrom) ? [xml("boot", { dev: "hd" })] : []),
        ...(disks.some(({ isCdrom }) => isCdrom) ? [xml("boot", { dev: "cdrom" })] : []),
      ];

/** NICs, then the guest agent's controller, then disks: the order in which QEMU alone gives out slots. */
function deviceElements(options: QemuOptions, disks: readonly Disk[]): readonly XmlElement[] {
  const { nics, vm, hasGuestAgent } = options;
  const agentSlot = 1 + nics.length;
  const firstDiskSlot = agentSlot + (hasGuestAgent ? 1 : 0);
  const onPci = disks.filter(({ isCdrom }) => !isCdrom);
  return [
    xml("emulator", {}, QEMU_LINK),
    ...disks.map((disk) => {
      const index = Math.max(0, onPci.indexOf(disk));
      return diskElement(disk, { index, slot: firstDiskSlot + index });
    }),
    xml("controller", { type: "usb", model: "none" }),
    ...nics.map((nic, index) => nicElement(nic, 1 + index)),
    ...(hasGuestAgent ? guestAgentElements(vm, agentSlot) : []),
    xml("serial", { type: "unix" }, [
      xml("source", { mode: "bind", path: vmPaths(vm).serialSocket }),
      xml("log", { file: vmPaths(vm).serialLog, append: "on" }),
      xml("target", { type: "isa-serial", port: "0" }),
    ]),
    xml("memballoon", { model: "none" }),
  ];
}

/** @see libvirt docs/formatdomain.rst, "Memory Backing" (memfd 4.10.0) and "NUMA Node Tuning" */
function memoryElements(memory: QemuOptions["memory"]): readonly (XmlElement | undefined)[] {
  const { hugepageBytes, node } = memory ?? {};
  return [
    hugepageBytes === undefined
      ? undefined
      : xml("memoryBacking", {}, [
          xml("hugepages", {}, [xml("page", { size: String(hugepageBytes / KIB), unit: "KiB" })]),
          xml("source", { type: "memfd" }),
          xml("access", { mode: "shared" }),
          xml("allocation", { mode: "immediate" }),
        ]),
    node === undefined
      ? undefined
      : xml("numatune", {}, [
          xml("memory", {
            mode: node.policy === "bind" ? "strict" : "preferred",
            nodeset: String(node.number),
          }),
        ]),
  ];
}

/**
 * The domain that gives a guest the same hardware as QEMU's arguments do. The memory lock limit is left to
 * libvirt, which counts RAM for each vDPA device (since 8.7.0) and 1 GiB.
 *
 * @see libvirt docs/formatdomain.rst; src/qemu/qemu_domain.c, qemuDomainGetMemLockLimitBytes
 */
export function libvirtDomain(options: QemuOptions): string {
  const { vm, vcpuCount, memoryBytes, boot } = options;
  const isEmulated = options.accelerator === "tcg";
  const disks = disksOf(options);
  const cores = String(vcpuCount);
  return formatXml(
    xml("domain", { type: isEmulated ? "qemu" : "kvm", "xmlns:qemu": QEMU_NAMESPACE }, [
      xml("name", {}, domainName(vm)),
      xml("metadata", {}, [
        xml("switchyard:vm", { "xmlns:switchyard": DOMAIN_NAMESPACE, name: vm }),
      ]),
      xml("memory", { unit: "KiB" }, String(Math.floor(memoryBytes / KIB))),
      ...memoryElements(options.memory),
      xml("vcpu", { placement: "static" }, cores),
      xml("os", {}, [
        xml("type", { arch: "x86_64", machine: "q35" }, "hvm"),
        ...bootElements(boot, disks),
      ]),
      xml("features", {}, [xml("acpi"), xml("apic")]),
      xml("cpu", { mode: isEmulated ? "maximum" : "host-passthrough", check: "none" }, [
        xml("topology", { sockets: "1", dies: "1", cores, threads: "1" }),
      ]),
      xml("on_poweroff", {}, "destroy"),
      xml("on_reboot", {}, "restart"),
      xml("on_crash", {}, "destroy"),
      xml("devices", {}, deviceElements(options, disks)),
      overrides(options.nics),
    ]),
  );
}
