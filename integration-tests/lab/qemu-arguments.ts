import type { LabArtefacts } from "./build/artefacts.ts";
import { RELAY_PORT } from "./relay-port.ts";
import type { LabNetdev, Topology } from "./topology.ts";

/** Where this run keeps its sockets, logs and shared folders. */
export interface LabHostPaths {
  readonly directory: string;
  readonly serialLog: string;
  readonly qmpSocket: string;
  readonly agentSocket: string;
  /** Other end of the relay's virtio port. */
  readonly relaySocket: string;
  /** What a server has on its own disk and a boot does not undo; a sparse image. */
  readonly disk: string;
  /** Laid over the lab host's root at boot. */
  readonly configDirectory: string;
  /** Seen by the lab host, read-only, as `/payload`. */
  readonly payloadDirectory: string;
  /** Seen by the lab host, writable, as `/var/lib/switchyard-lab`. */
  readonly stateDirectory: string;
}

/** Two UDP ports on 127.0.0.1: frames leave from `local` and go to `remote`. */
export interface UdpLink {
  readonly localPort: number;
  readonly remotePort: number;
}

/** Everything the command line of one lab host depends on. */
export interface QemuOptions {
  readonly topology: Topology;
  readonly artefacts: LabArtefacts;
  readonly paths: LabHostPaths;
  readonly memoryMib: number;
  /** Joins each VF with its representor; the VF's end is `local`. One for each VF. */
  readonly vfLinks: readonly UdpLink[];
  /** Where the uplink's cable goes. */
  readonly uplinkLink: UdpLink;
  /** Whether the lab host reaches the outer machine's loopback at 10.0.2.2. */
  readonly reachesOuterMachine: boolean;
  /** What the boot loader adds to the kernel's arguments. */
  readonly kernelArguments: string;
}

/** OVS 3.1 loses every upcall with fewer: `dpctl/show` counts `missed` and `lost` alike. */
const CPU_COUNT = 4;

/** What booting under emulation needs; no profile has to ask for these. */
const KERNEL_ARGUMENTS = [
  ...["console=ttyS0", "quiet", "panic=10", "mitigations=off"],
  ...["cryptomgr.notests", "random.trust_cpu=on"],
].join(" ");

/** The argument vector that starts a lab host under software emulation. */
export function qemuArguments(options: QemuOptions): readonly string[] {
  const { artefacts, paths, memoryMib } = options;
  return [
    ...[
      "-machine",
      "q35,kernel-irqchip=split",
      "-accel",
      "tcg,thread=multi",
      "-cpu",
      "max,la57=off",
    ],
    ...["-smp", String(CPU_COUNT), "-m", String(memoryMib)],
    ...["-nodefaults", "-no-user-config", "-vga", "none", "-display", "none"],
    ...["-serial", `file:${paths.serialLog}`, "-qmp", `unix:${paths.qmpSocket},server=on,wait=off`],
    ...["-kernel", artefacts.kernel, "-initrd", artefacts.initrd],
    ...["-append", `${KERNEL_ARGUMENTS} ${options.kernelArguments}`],
    // The boot loader stands outside: QEMU ends instead of rebooting, and is started anew.
    "-no-reboot",
    ...["-device", "intel-iommu,intremap=on,device-iotlb=on,caching-mode=on"],
    ...["-device", "virtio-rng-pci"],
    ...["-chardev", `socket,id=qga,path=${paths.agentSocket},server=on,wait=off`],
    ...["-device", "virtio-serial-pci"],
    ...["-device", "virtserialport,chardev=qga,name=org.qemu.guest_agent.0"],
    ...["-chardev", `socket,id=relay,path=${paths.relaySocket},server=on,wait=off`],
    ...["-device", `virtserialport,chardev=relay,name=${RELAY_PORT}`],
    ...["-drive", `if=none,id=disk,format=raw,file=${escapeCommas(paths.disk)}`],
    ...["-device", "virtio-blk-pci,drive=disk"],
    ...shareArguments("root", artefacts.root, "readonly=on"),
    ...shareArguments("config", paths.configDirectory, "readonly=on"),
    ...shareArguments("payload", paths.payloadDirectory, "readonly=on"),
    ...shareArguments("state", paths.stateDirectory, "readonly=off"),
    ...nicArguments(options),
  ];
}

function shareArguments(tag: string, path: string, access: string): readonly string[] {
  const model = `security_model=none,multidevs=remap,${access}`;
  return ["-virtfs", `local,path=${escapeCommas(path)},mount_tag=${tag},${model}`];
}

/** A comma in a path ends QEMU's option; two commas are one comma. */
const escapeCommas = (path: string): string => path.replaceAll(",", ",,");

/** VFs first, then their representors, the uplink, the management NIC, igb: bus numbers follow. */
function nicArguments(options: QemuOptions): readonly string[] {
  const { topology, vfLinks, uplinkLink } = options;
  const { vfs, uplink, management, sriovPf } = topology;
  const isolation = options.reachesOuterMachine ? "off" : "on";
  const reversed = vfLinks.map(({ localPort, remotePort }) => ({
    localPort: remotePort,
    remotePort: localPort,
  }));
  const cards = [
    ...vfs.map((vf, position) => ({
      card: vf,
      backend: udpBackend(vfLinks[position]),
      extra: ",disable-legacy=on,iommu_platform=on,ats=on",
    })),
    ...vfs.map(({ representor }, position) => ({
      card: representor,
      backend: udpBackend(reversed[position]),
      extra: "",
    })),
    { card: uplink, backend: udpBackend(uplinkLink), extra: "" },
    { card: management, backend: `user,restrict=${isolation}`, extra: "" },
    // Nobody is at the other end: its VFs carry no traffic under emulation anyway.
    ...(sriovPf === undefined
      ? []
      : [{ card: sriovPf, backend: "hubport,hubid=0", extra: "", model: "igb", common: "" }]),
  ];
  return cards.flatMap((each, position) =>
    cardArguments({ ...VIRTIO_NET, ...each, port: position + 1 }),
  );
}

/**
 * Without event indices. With them one notification that is lost stops a transmit queue for good, as the next
 * frame sends none; seen with QEMU 10.0.2, rarely, as a lab host that nobody heard of any more.
 */
const VIRTIO_NET = { model: "virtio-net-pci", common: ",event_idx=off" };

interface Card {
  /** Name of QEMU's device. */
  readonly model: string;
  /** Settings of every card of the model; each begins with a comma. */
  readonly common: string;
  readonly card: Pick<LabNetdev, "netdev" | "mac">;
  readonly backend: string;
  readonly extra: string;
  readonly port: number;
}

function cardArguments({ model, common, card, backend, extra, port }: Card): readonly string[] {
  const [kind, ...settings] = backend.split(",");
  const rootPort = `pcie-root-port,id=port${port},chassis=${port},addr=0x${(8 + port).toString(16)}`;
  return [
    ...["-device", rootPort],
    ...["-netdev", [kind, `id=${card.netdev}`, ...settings].join(",")],
    "-device",
    `${model},bus=port${port},netdev=${card.netdev},mac=${card.mac},romfile=${common}${extra}`,
  ];
}

/**
 * Frames as datagrams on loopback. A hub or a unix socket would push back while the other end's
 * driver is not running, and a virtio transmit queue that was pushed back never recovers.
 */
function udpBackend(link: UdpLink | undefined): string {
  if (link === undefined) throw new RangeError("Every VF needs a link to its representor.");
  return [
    "dgram",
    ...["local.type=inet", "local.host=127.0.0.1", `local.port=${link.localPort}`],
    ...["remote.type=inet", "remote.host=127.0.0.1", `remote.port=${link.remotePort}`],
  ].join(",");
}
