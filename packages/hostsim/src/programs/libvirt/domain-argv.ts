import { attributeOf, childrenOf, findNode, textOf, type XmlNode } from "./xml.ts";

/*
 * How libvirt turns a domain into QEMU's command line, as far as Switchyard's domains go. Written from
 * libvirt's own: src/qemu/qemu_command.c, and tests/qemuxml2argvdata/net-vdpa-multiqueue.x86_64-latest.args.
 */

/** First descriptor that libvirt hands to QEMU; the model's /proc numbers them likewise. */
const FIRST_FD = 20;

const json = (value: object): string => JSON.stringify(value);
const device = (value: object): readonly string[] => ["-device", json(value)];

/** Bus and slot of an element's own address. */
function placeOf(node: XmlNode): { readonly bus?: string; readonly addr?: string } {
  const address = findNode(node, "address");
  if (attributeOf(address, "type") !== "pci") return {};
  return { bus: "pcie.0", addr: `0x${Number(attributeOf(address, "slot")).toString(16)}` };
}

/** What `qemu:override` says of a device. */
function overridesOf(domain: XmlNode, alias: string | undefined): object {
  const device = childrenOf(findNode(domain, "qemu:override"), "qemu:device").find(
    (each) => attributeOf(each, "alias") === alias,
  );
  const properties = childrenOf(findNode(device, "qemu:frontend"), "qemu:property");
  return Object.fromEntries(
    properties.map((each) => [attributeOf(each, "name") ?? "", attributeOf(each, "value")]),
  );
}

function vdpaArguments(domain: XmlNode, node: XmlNode, index: number): readonly string[] {
  const fd = FIRST_FD + index;
  const driver = findNode(node, "driver");
  const queues = Number(attributeOf(driver, "queues") ?? 1);
  const netdev = {
    type: "vhost-vdpa",
    vhostdev: `/dev/fdset/${index}`,
    ...(queues > 1 && { queues }),
    id: `hostnet${index}`,
  };
  return [
    ...["-add-fd", `set=${index},fd=${fd},opaque=net${index}-vdpa`],
    ...["-netdev", json(netdev)],
    ...device({
      driver: "virtio-net-pci",
      ...(queues > 1 && { mq: true, vectors: 2 * queues + 2 }),
      ...(attributeOf(driver, "page_per_vq") === "on" && { "page-per-vq": true }),
      netdev: `hostnet${index}`,
      id: attributeOf(findNode(node, "alias"), "name") ?? `net${index}`,
      mac: attributeOf(findNode(node, "mac"), "address") ?? "",
      ...placeOf(node),
      ...(attributeOf(findNode(node, "rom"), "enabled") === "no" && { romfile: "" }),
      ...overridesOf(domain, attributeOf(findNode(node, "alias"), "name")),
    }),
  ];
}

/** The address of a hostdev's source as the kernel writes it. */
export function hostdevAddress(node: XmlNode): string {
  const address = findNode(node, "source", "address");
  const part = (name: string, digits: number) =>
    Number(attributeOf(address, name) ?? 0)
      .toString(16)
      .padStart(digits, "0");
  return `${part("domain", 4)}:${part("bus", 2)}:${part("slot", 2)}.${part("function", 1)}`;
}

const hostdevArguments = (node: XmlNode, index: number): readonly string[] =>
  device({
    driver: "vfio-pci",
    host: hostdevAddress(node),
    id: `hostdev${index}`,
    ...placeOf(node),
  });

/** Two block nodes a disk, the file below and the format above. */
function diskArguments(node: XmlNode, index: number): readonly string[] {
  const isReadOnly = findNode(node, "readonly") !== undefined;
  const isCdrom = attributeOf(node, "device") === "cdrom";
  const filename = attributeOf(findNode(node, "source"), "file") ?? "";
  const driver = attributeOf(findNode(node, "driver"), "type") ?? "raw";
  const [file, format] = [`libvirt-${index}-storage`, `libvirt-${index}-format`];
  const target = attributeOf(findNode(node, "target"), "dev") ?? "";
  return [
    "-blockdev",
    json({ driver: "file", filename, "node-name": file, "read-only": isReadOnly }),
    "-blockdev",
    json({ "node-name": format, "read-only": isReadOnly, driver, file }),
    ...(isCdrom
      ? device({ driver: "ide-cd", bus: "ide.0", drive: format, id: `sata0-0-0` })
      : device({
          driver: "virtio-blk-pci",
          ...placeOf(node),
          drive: format,
          id: `virtio-${target}`,
        })),
  ];
}

function socketOf(node: XmlNode, id: string): readonly string[] {
  const path = attributeOf(findNode(node, "source"), "path") ?? "";
  const log = findNode(node, "log");
  const appends = attributeOf(log, "append") ?? "off";
  const logging =
    log === undefined ? "" : `,logfile=${attributeOf(log, "file")},logappend=${appends}`;
  return ["-chardev", `socket,id=${id},path=${path},server=on,wait=off${logging}`];
}

const channelArguments = (node: XmlNode, index: number): readonly string[] => [
  ...socketOf(node, `charchannel${index}`),
  ...device({
    driver: "virtserialport",
    bus: "virtio-serial0.0",
    nr: index + 1,
    chardev: `charchannel${index}`,
    id: `channel${index}`,
    name: attributeOf(findNode(node, "target"), "name") ?? "",
  }),
];

const serialArguments = (node: XmlNode, index: number): readonly string[] => [
  ...socketOf(node, `charserial${index}`),
  ...device({ driver: "isa-serial", chardev: `charserial${index}`, id: `serial${index}`, index }),
];

function bootArguments(domain: XmlNode): readonly string[] {
  const option = (flag: string, name: string): readonly string[] => {
    const value = textOf(findNode(domain, "os", name));
    return value === undefined ? [] : [flag, value];
  };
  return [
    ...option("-kernel", "kernel"),
    ...option("-initrd", "initrd"),
    ...option("-append", "cmdline"),
  ];
}

const UNITS: Readonly<Record<string, number>> = { KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30, b: 1 };

function memoryMib(domain: XmlNode): number {
  const memory = findNode(domain, "memory");
  const unit = UNITS[attributeOf(memory, "unit") ?? "KiB"] ?? 1024;
  return Math.floor((Number(textOf(memory)) * unit) / 2 ** 20);
}

/** @see libvirt src/qemu/qemu_command.c, qemuBuildMemoryBackendProps */
function memoryObject(domain: XmlNode): readonly string[] {
  const page = findNode(domain, "memoryBacking", "hugepages", "page");
  const node = findNode(domain, "numatune", "memory");
  if (page === undefined && node === undefined) return [];
  const mode = attributeOf(node, "mode");
  const parts = [
    page === undefined ? "memory-backend-ram" : "memory-backend-memfd",
    "id=pc.ram",
    `size=${memoryMib(domain)}M`,
    ...(page === undefined
      ? []
      : ["hugetlb=on", `hugetlbsize=${Number(attributeOf(page, "size")) / 1024}M`]),
    ...(page === undefined ? [] : ["share=on", "prealloc=on"]),
    ...(node === undefined ? [] : [`host-nodes=${attributeOf(node, "nodeset")}`]),
    ...(node === undefined ? [] : [`policy=${mode === "strict" ? "bind" : mode}`]),
  ];
  return ["-object", parts.join(",")];
}

const CPU_MODES: Readonly<Record<string, string>> = { "host-passthrough": "host", maximum: "max" };

/** libvirt's words for a domain, in its order: machine, CPU, devices. */
export function domainArgv(domain: XmlNode, monitorPath: string): readonly string[] {
  const name = textOf(findNode(domain, "name")) ?? "";
  const devices = findNode(domain, "devices");
  const all = (element: string) => childrenOf(devices, element);
  const vcpus = textOf(findNode(domain, "vcpu")) ?? "1";
  const topology = findNode(domain, "cpu", "topology");
  const shape = ["sockets", "dies", "cores", "threads"]
    .map((key) => `${key}=${attributeOf(topology, key) ?? "1"}`)
    .join(",");
  const serialBuses = all("controller").filter(
    (each) => attributeOf(each, "type") === "virtio-serial",
  );
  return [
    textOf(findNode(devices, "emulator")) ?? "/usr/bin/qemu-system-x86_64",
    ...["-name", `guest=${name},debug-threads=on`],
    ...["-machine", attributeOf(findNode(domain, "os", "type"), "machine") ?? "pc"],
    ...["-accel", attributeOf(domain, "type") === "kvm" ? "kvm" : "tcg"],
    ...["-cpu", CPU_MODES[attributeOf(findNode(domain, "cpu"), "mode") ?? ""] ?? "qemu64"],
    ...["-m", String(memoryMib(domain))],
    ...memoryObject(domain),
    ...["-smp", `${vcpus},${shape}`],
    ...["-display", "none", "-no-user-config", "-nodefaults"],
    ...["-chardev", `socket,id=charmonitor,path=${monitorPath},server=on,wait=off`],
    ...["-mon", "chardev=charmonitor,id=monitor,mode=control"],
    ...bootArguments(domain),
    ...serialBuses.flatMap((each) =>
      device({ driver: "virtio-serial-pci", id: "virtio-serial0", ...placeOf(each) }),
    ),
    ...all("disk").flatMap(diskArguments),
    ...all("interface")
      .filter((each) => attributeOf(each, "type") === "vdpa")
      .flatMap((each, index) => vdpaArguments(domain, each, index)),
    ...all("serial").flatMap(serialArguments),
    ...all("channel").flatMap(channelArguments),
    ...all("hostdev").flatMap(hostdevArguments),
    ...["-sandbox", "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny"],
    ...["-msg", "timestamp=on"],
  ];
}
