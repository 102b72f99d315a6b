import { parseKeyList } from "../machine/qemu-options.ts";

/** A device as its guest sees it on the root bus. */
interface GuestDevice {
  readonly slot: number;
  readonly kind: string;
  readonly facts: Readonly<Record<string, string>>;
}

/** What a guest can tell of the machine it runs on, whoever wrote QEMU's arguments. */
export interface GuestHardware {
  readonly machine: string;
  readonly accelerator: string;
  readonly cpu: string;
  readonly vcpus: string;
  readonly memoryMib: number;
  readonly kernel: readonly (string | undefined)[];
  readonly devices: readonly GuestDevice[];
  readonly cdroms: readonly string[];
  readonly ports: readonly string[];
  readonly hasSerial: boolean;
}

const isOn = (value: string | undefined): boolean => value === "on" || value === "true";

function pairsOf(argv: readonly string[]): readonly (readonly [string, string])[] {
  return argv.flatMap((word, at) =>
    word.startsWith("-") ? [[word, argv[at + 1] ?? ""] as const] : [],
  );
}

/** A virtio NIC without its back end, which is the host's affair. */
const virtioNic = (keys: ReadonlyMap<string, string>, queues: string) => ({
  mac: keys.get("mac") ?? "",
  vectors: keys.get("vectors") ?? "",
  queues,
  isMultiqueue: String(isOn(keys.get("mq"))),
  hasPagePerVq: String(isOn(keys.get("page-per-vq"))),
  isModernOnly: String(isOn(keys.get("disable-legacy"))),
  hasRom: String(keys.get("romfile") !== ""),
});

/**
 * Reads what a guest gets from QEMU's arguments. Devices without an address take the slots of the root bus
 * from 1 on in their order, and `if=virtio` disks come after all devices: so does QEMU.
 *
 * @see qemu/qemu hw/pci/pci.c, do_pci_register_device; blockdev.c, drive_new
 */
export function guestHardware(argv: readonly string[]): GuestHardware {
  const pairs = pairsOf(argv);
  const all = (flag: string) => pairs.filter(([key]) => key === flag).map(([, value]) => value);
  const keys = (flag: string) => all(flag).map(parseKeyList);
  const machine = keys("-machine")[0];
  const blocks = keys("-blockdev");
  const fileOf = (node: string | undefined) => {
    const format = blocks.find((each) => each.get("node-name") === node);
    const file = blocks.find((each) => each.get("node-name") === format?.get("file"));
    const isReadOnly = String(isOn(format?.get("read-only")));
    return { path: file?.get("filename") ?? "", format: format?.get("driver") ?? "", isReadOnly };
  };
  const ofDevices = keys("-device").map((device) => {
    const driver = device.get("driver") ?? device.get("") ?? "";
    const slot = device.has("addr") ? Number(device.get("addr")) : undefined;
    if (driver.startsWith("virtio-net-pci")) {
      const netdev = keys("-netdev").find((each) => each.get("id") === device.get("netdev"));
      return { slot, kind: "nic", facts: virtioNic(device, netdev?.get("queues") ?? "1") };
    }
    if (driver === "vfio-pci")
      return { slot, kind: "vf", facts: { host: device.get("host") ?? "" } };
    if (driver === "virtio-blk-pci")
      return { slot, kind: "disk", facts: fileOf(device.get("drive")) };
    return driver === "virtio-serial-pci" ? { slot, kind: "ports", facts: {} } : undefined;
  });
  const drives = keys("-drive");
  const ofDrives = drives
    .filter((drive) => drive.get("if") === "virtio")
    .map((drive) => {
      const isReadOnly = String(isOn(drive.get("readonly")));
      const facts = {
        path: drive.get("file") ?? "",
        format: drive.get("format") ?? "",
        isReadOnly,
      };
      return { slot: undefined, kind: "disk", facts };
    });
  const onBus = [...ofDevices.flatMap((device) => device ?? []), ...ofDrives];
  const smp = parseKeyList(all("-smp")[0] ?? "");
  const shape = ["sockets", "cores", "threads"].map((key) => smp.get(key) ?? "1").join("x");
  const cdroms = [
    ...drives
      .filter((drive) => drive.get("media") === "cdrom")
      .map((drive) => drive.get("file") ?? ""),
    ...keys("-device")
      .filter((device) => device.get("driver") === "ide-cd")
      .map((device) => fileOf(device.get("drive")).path),
  ];
  return {
    machine: /^(?:pc-)?q35/.test(machine?.get("") ?? "") ? "q35" : (machine?.get("") ?? ""),
    accelerator: machine?.get("accel") ?? all("-accel")[0] ?? "",
    cpu: parseKeyList(all("-cpu")[0] ?? "").get("") ?? "",
    vcpus: `${smp.get("") ?? ""} as ${shape}`,
    memoryMib: memoryMib(all("-m")[0] ?? ""),
    kernel: ["-kernel", "-initrd", "-append"].map((flag) => all(flag)[0]),
    devices: onBus
      .map((device, index) => ({ ...device, slot: device.slot ?? index + 1 }))
      .sort((left, right) => left.slot - right.slot),
    cdroms,
    ports: keys("-device")
      .filter((device) => (device.get("driver") ?? device.get("")) === "virtserialport")
      .map((device) => device.get("name") ?? ""),
    hasSerial: pairs.some(([flag, value]) => flag === "-serial" || value.includes("isa-serial")),
  };
}

/** MiB without a unit; `size=` is left out or not. */
function memoryMib(text: string): number {
  const [, size = "0", unit = "M"] = /^(?:size=)?(\d+)([kMG]?)/.exec(text) ?? [];
  return unit === "k" ? Number(size) / 1024 : unit === "G" ? Number(size) * 1024 : Number(size);
}
