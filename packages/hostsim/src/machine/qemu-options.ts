import type { Accelerator, PciAddress } from "@switchyard/model";

export interface QemuNetdev {
  readonly argument: string;
  readonly id: string;
  readonly vhostPath: string | undefined;
}

export interface QemuNic {
  readonly argument: string;
  readonly netdev: string;
  readonly mac: string | undefined;
  readonly hasMultiqueue: boolean;
}

export interface QemuDisk {
  readonly argument: string;
  readonly path: string;
  /** Opened for writing, which takes the image's lock; `snapshot=on` and `readonly=on` do not. */
  readonly isLocked: boolean;
}

/** QEMU's command line, reduced to what this model acts on. */
export interface QemuOptions {
  readonly argv: readonly string[];
  readonly name: string;
  readonly processName: string;
  readonly accelerator: Accelerator;
  readonly vcpuCount: number;
  readonly memoryBytes: number;
  /** Size of the huge pages that guest memory is in; undefined for ordinary ones. */
  readonly hugepageBytes: number | undefined;
  /** `host-nodes=` of guest memory. */
  readonly memoryNode: number | undefined;
  readonly disks: readonly QemuDisk[];
  readonly kernelPath: string | undefined;
  readonly initrdPath: string | undefined;
  readonly netdevs: readonly QemuNetdev[];
  /** Those behind QEMU's own NAT left out. */
  readonly nics: readonly QemuNic[];
  /** One NIC is behind it. */
  readonly hasNat: boolean;
  readonly vfioDevices: readonly PciAddress[];
  /** Unix sockets QEMU listens on. */
  readonly sockets: readonly { readonly argument: string; readonly path: string }[];
  readonly qmpSocket: string | undefined;
  readonly guestAgentSocket: string | undefined;
  /** Where the serial port can be connected to; undefined for one that only writes a file. */
  readonly serialSocket: string | undefined;
  readonly serialLog: string | undefined;
  readonly pidFile: string | undefined;
  /** libvirt started it: its monitor and its guest agent are libvirt's. */
  readonly isOfLibvirt: boolean;
  /** Where a daemon's standard error goes. */
  readonly errorLog: string | undefined;
  readonly isDaemonized: boolean;
  readonly isPausedAtStart: boolean;
  /** Waits to be told where to listen for a guest. */
  readonly isIncoming: boolean;
}

/** `a=b,c=d,e`, where the first bare word is the type, or a JSON object. */
export function parseKeyList(text: string): ReadonlyMap<string, string> {
  if (text.startsWith("{")) {
    const object = JSON.parse(text) as Record<string, unknown>;
    return new Map(Object.entries(object).map(([key, value]) => [key, String(value)]));
  }
  const pairs = new Map<string, string>();
  for (const part of text.split(",")) {
    const [key, value] = part.split(/=(.*)/s) as [string, string | undefined];
    if (value === undefined && pairs.size === 0) pairs.set("", key);
    else pairs.set(key, value ?? "on");
  }
  return pairs;
}

const UNITS: Readonly<Record<string, number>> = { K: 2 ** 10, M: 2 ** 20, G: 2 ** 30, T: 2 ** 40 };

/** `512M`, `32G`, or MiB without a unit. */
function parseMemory(text: string): number {
  const match = /^(?:size=)?(\d+)([KMGT]?)/.exec(text);
  return Number(match?.[1] ?? 128) * (UNITS[match?.[2] || "M"] ?? 1);
}

/** Options without a value; all others take the next word. */
const BARE = new Set([
  "-daemonize",
  "-nodefaults",
  "-enable-kvm",
  "-nographic",
  "-S",
  "-no-reboot",
  "-no-user-config",
]);

/** Pairs of option and value in the order given; a bare option has an empty value. */
function readPairs(args: readonly string[]): readonly (readonly [string, string])[] {
  const pairs: (readonly [string, string])[] = [];
  for (let at = 0; at < args.length; at += 1) {
    const option = (args[at] as string).replace(/^--/, "-"); // at < args.length
    if (BARE.has(option)) pairs.push([option, ""]);
    else pairs.push([option, args[++at] ?? ""]);
  }
  return pairs;
}

const unixPath = (text: string): string | undefined => {
  const pairs = parseKeyList(text.replace(/^unix:/, "path="));
  return pairs.get("path");
};

const isOn = (value: string | undefined): boolean => value === "on" || value === "true";

/** @param fdSets what the descriptors of `/dev/fdset/N` lead to */
function readNetdev(argument: string, fdSets: readonly string[]): QemuNetdev | undefined {
  const pairs = parseKeyList(argument);
  if ((pairs.get("type") ?? pairs.get("")) !== "vhost-vdpa") return undefined;
  const path = pairs.get("vhostdev");
  const fdSet = /^\/dev\/fdset\/(\d+)$/.exec(path ?? "")?.[1];
  const vhostPath = fdSet === undefined ? path : fdSets[Number(fdSet)];
  return { argument, id: pairs.get("id") ?? "", vhostPath };
}

function readNic(argument: string): QemuNic | undefined {
  const pairs = parseKeyList(argument);
  const driver = pairs.get("driver") ?? pairs.get("");
  if (!driver?.startsWith("virtio-net")) return undefined;
  const netdev = pairs.get("netdev") ?? "";
  return {
    argument,
    netdev,
    mac: pairs.get("mac")?.toLowerCase(),
    hasMultiqueue: isOn(pairs.get("mq")),
  };
}

function readVfio(argument: string): PciAddress | undefined {
  const pairs = parseKeyList(argument);
  const driver = pairs.get("driver") ?? pairs.get("");
  return driver === "vfio-pci" ? (pairs.get("host") as PciAddress | undefined) : undefined;
}

function readDrive(argument: string): QemuDisk {
  const pairs = parseKeyList(argument);
  const isLocked = !isOn(pairs.get("snapshot")) && !isOn(pairs.get("readonly"));
  return { argument, path: pairs.get("file") ?? "", isLocked };
}

/** The file below a disk's format, as libvirt gives disks. */
function readBlockdev(argument: string): QemuDisk {
  const pairs = parseKeyList(argument);
  const path = pairs.get("driver") === "file" ? (pairs.get("filename") ?? "") : "";
  return { argument, path, isLocked: !isOn(pairs.get("read-only")) };
}

/** Socket character devices, of which the guest agent's is the one its port names. */
function readSockets(pairs: readonly (readonly [string, string])[]) {
  const chardevs = pairs
    .filter(([option, value]) => option === "-chardev" && value.startsWith("socket,"))
    .map(([, value]) => ({ argument: `-chardev ${value}`, keys: parseKeyList(value) }));
  const port = pairs.find(
    ([option, value]) =>
      option === "-device" && parseKeyList(value).get("name") === "org.qemu.guest_agent.0",
  )?.[1];
  const agentChardev = port === undefined ? undefined : parseKeyList(port).get("chardev");
  const agent = chardevs.find(({ keys }) => keys.get("id") === agentChardev);
  const sockets = chardevs.flatMap(({ argument, keys }) => {
    const path = keys.get("path");
    return path === undefined ? [] : [{ argument, path }];
  });
  const findChardev = (id: string) => chardevs.find(({ keys }) => keys.get("id") === id)?.keys;
  return { sockets, agentPath: agent?.keys.get("path"), findChardev };
}

/** `-serial file:PATH`, or `-serial chardev:ID` with the device's own `logfile`. */
function readSerial(
  serial: string | undefined,
  findChardev: (id: string) => ReadonlyMap<string, string> | undefined,
): Pick<QemuOptions, "serialSocket" | "serialLog"> {
  const [kind, rest = ""] = (serial ?? "").split(/:(.*)/s);
  if (kind === "file") return { serialSocket: undefined, serialLog: rest };
  const chardev = kind === "chardev" ? findChardev(rest) : undefined;
  return { serialSocket: chardev?.get("path"), serialLog: chardev?.get("logfile") };
}

/** As `-serial` would name it. */
function isaSerial(devices: readonly string[]): string | undefined {
  const port = devices.map(parseKeyList).find((keys) => keys.get("driver") === "isa-serial");
  return port === undefined ? undefined : `chardev:${port.get("chardev") ?? ""}`;
}

/** The first memory backend, which is the guest's. */
function readMemoryObject(
  objects: readonly string[],
): Pick<QemuOptions, "hugepageBytes" | "memoryNode"> {
  const keys = objects
    .map(parseKeyList)
    .find((each) => each.get("")?.startsWith("memory-backend-"));
  const node = keys?.get("host-nodes");
  return {
    hugepageBytes: isOn(keys?.get("hugetlb"))
      ? parseMemory(keys?.get("hugetlbsize") ?? "2M")
      : undefined,
    memoryNode: node === undefined ? undefined : Number(node),
  };
}

/** Reads QEMU's arguments (without the program's name). */
export function parseQemuOptions(
  argv: readonly string[],
  fdSets: readonly string[] = [],
): QemuOptions {
  const pairs = readPairs(argv.slice(1));
  const all = (option: string) => pairs.filter(([key]) => key === option).map(([, value]) => value);
  const last = (option: string) => all(option).at(-1);
  const machineKeys = parseKeyList(last("-machine") ?? "");
  const usesKvm =
    pairs.some(([key]) => key === "-enable-kvm") ||
    machineKeys.get("accel") === "kvm" ||
    last("-accel") === "kvm";
  const nameKeys = parseKeyList(last("-name") ?? "guest");
  const name = nameKeys.get("guest") ?? nameKeys.get("") ?? "guest";
  const { sockets, agentPath, findChardev } = readSockets(pairs);
  const qmp = last("-qmp");
  const isOfLibvirt = nameKeys.has("debug-threads");
  const monitorId = parseKeyList(last("-mon") ?? "").get("chardev") ?? "";
  const qmpSocket = qmp === undefined ? findChardev(monitorId)?.get("path") : unixPath(qmp);
  const monitor =
    qmp === undefined || qmpSocket === undefined
      ? []
      : [{ argument: `-qmp ${qmp}`, path: qmpSocket }];
  const disks = [
    ...all("-drive").map(readDrive),
    ...all("-blockdev").map(readBlockdev),
    ...all("-hda").map((path) => ({ argument: path, path, isLocked: true })),
  ];
  const natIds = all("-netdev")
    .filter((argument) => argument.startsWith("user,"))
    .map((argument) => parseKeyList(argument).get("id") ?? "");
  return {
    argv,
    name,
    processName: nameKeys.get("process") ?? "qemu-system-x86",
    accelerator: usesKvm ? "kvm" : "tcg",
    vcpuCount: Number(/^(?:cpus=)?(\d+)/.exec(last("-smp") ?? "1")?.[1] ?? 1),
    memoryBytes: parseMemory(last("-m") ?? "128"),
    ...readMemoryObject(all("-object")),
    disks: disks.filter(({ path }) => path !== ""),
    kernelPath: last("-kernel"),
    initrdPath: last("-initrd"),
    netdevs: all("-netdev").flatMap((argument) => readNetdev(argument, fdSets) ?? []),
    nics: all("-device").flatMap((argument) => {
      const nic = readNic(argument);
      return nic === undefined || natIds.includes(nic.netdev) ? [] : [nic];
    }),
    hasNat: natIds.length > 0,
    vfioDevices: all("-device").flatMap((argument) => readVfio(argument) ?? []),
    sockets: [...monitor, ...sockets],
    qmpSocket,
    guestAgentSocket: agentPath,
    ...readSerial(last("-serial") ?? isaSerial(all("-device")), findChardev),
    pidFile: last("-pidfile"),
    isOfLibvirt,
    errorLog: last("-D"),
    isDaemonized: pairs.some(([key]) => key === "-daemonize"),
    isPausedAtStart: pairs.some(([key]) => key === "-S"),
    isIncoming: last("-incoming") === "defer",
  };
}
