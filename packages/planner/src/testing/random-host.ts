import {
  type BondMode,
  type BondSpec,
  type DesiredSlot,
  type DriverInfo,
  type DriverSpec,
  type FirmwareSpec,
  type HostDesired,
  type Inventory,
  LIMITS_OF_ARTEFACTS,
  type NicFirmwareFacts,
  parseArtefactSource,
  parseBmcAddress,
  parseSha256,
  type SystemSpec,
  type VfDriverChoice,
  type VirtualizationFacts,
  type VirtualizationSpec,
} from "@switchyard/model";
import type { Random } from "@switchyard/runtime";
import {
  applySteps,
  buildBareLabHost,
  buildBareR740,
  buildConnectX6,
  buildDatapath,
  buildFirmwareFacts,
  buildFirmwareImage,
  buildHostDesired,
  buildSriovDatapath,
  buildSystemFacts,
  buildSystemSpec,
  buildTeardown,
  cidr,
  NEW_FIRMWARE,
  OLD_FIRMWARE,
  OLD_KERNEL,
  pciAddress,
  slotMac,
} from "@switchyard/testkit/builders";
import { isBlocked, planHost } from "../host/plan-host.ts";

export const pick = <T>(random: Random, options: readonly T[]): T =>
  options[Math.floor(random.float() * options.length)] as T;

const BOND_MODES: readonly BondMode[] = ["active-backup", "802.3ad", "balance-xor"];
const PORTS = ["0000:82:00.0", "0000:82:00.1"].map(pciAddress);
const VF_DRIVERS: readonly VfDriverChoice[] = ["auto", "vfio-pci", "mlx5_vfio_pci"];

const randomBond = (random: Random, uplinkPort: number): BondSpec => ({
  name: pick(random, ["bond0", "bond1"]),
  mode: pick(random, BOND_MODES),
  ports: [{ kind: "port", port: 1 - uplinkPort }],
});

const onBothPorts = (slots: readonly DesiredSlot[]): readonly DesiredSlot[] =>
  PORTS.flatMap((pf, port) =>
    slots.map(({ vfIndex }) => ({ pf, vfIndex, mac: slotMac(64 * (port + 1) + vfIndex) })),
  );

/**
 * A datapath of any kind, or none.
 *
 * @param host lab hosts have one port, two VFs and MACs of their own
 */
export function randomDesired(random: Random, host: Inventory): HostDesired {
  if (random.float() < 0.2) return buildTeardown();
  const isLab = host.hostKind === "lab";
  const vfCount = pick(random, isLab ? [1, 2] : [1, 2, 3, 8]);
  const firstMac = isLab ? 0 : pick(random, [0, 16]);
  const slots = Array.from({ length: vfCount }, (_, vfIndex) => ({
    vfIndex,
    mac: slotMac(firstMac + vfIndex),
  }));
  const uplink = { kind: "port", port: isLab ? 0 : pick(random, [0, 1]) } as const;
  const someSlots = random.float() < 0.8 ? slots : slots.slice(1);
  if (random.float() < 0.4) {
    const vfDriver = isLab ? "auto" : pick(random, VF_DRIVERS);
    return buildHostDesired(buildSriovDatapath({ uplink, vfCount, vfDriver, slots: someSlots }));
  }
  const bond = isLab || random.float() < 0.6 ? undefined : randomBond(random, uplink.port);
  return buildHostDesired(
    buildDatapath({
      uplink,
      ...(bond !== undefined && { bond }),
      vfCount,
      maxVqp: pick(random, [1, 8, 16, 32]),
      bridge: {
        name: pick(random, ["cxbr0", "cxbr1"]),
        address: pick(random, [undefined, cidr("192.168.101.2/24"), cidr("192.168.101.3/24")]),
      },
      hwOffload: pick(random, [true, false]),
      slots: bond === undefined ? someSlots : onBothPorts(someSlots),
    }),
  );
}

/** Each of the options by the toss of a coin. */
const some = <T>(random: Random, options: readonly T[]): readonly T[] =>
  options.filter(() => random.float() < 0.5);

const artefact = (source: string, digit: string) => ({
  source: parseArtefactSource(source),
  sha256: parseSha256(digit.repeat(64)),
  sizeBytesMax: LIMITS_OF_ARTEFACTS.driverBytesMax,
});

const randomBios = (random: Random) => ({
  attributes: {
    ProcVirtualization: "Enabled",
    SriovGlobalEnable: "Enabled",
    LogicalProc: pick(random, ["Enabled", "Disabled"]),
  },
  ...(random.float() < 0.7 && { nicVirtualization: "sriov" as const }),
});

const randomSystem = (random: Random): SystemSpec =>
  buildSystemSpec({
    kernelArguments: some(random, ["intel_iommu=on", "iommu=pt", "pci=realloc", "audit=0"]),
    disablesSelinux: random.float() < 0.2,
    repositories: some(random, [
      { id: "epel", source: undefined },
      {
        id: "site",
        source: {
          url: "http://mirror.lan/site",
          gpgKey: "/etc/pki/key",
          suite: undefined,
          components: [],
        },
      },
    ]),
    packages: some(random, ["wget", "git"]),
    updatesKernel: random.float() < 0.3,
    modulesAtBoot: some(random, ["vhost_vdpa", "vfio-pci", "tun"]),
  });

const randomFirmware = (random: Random): FirmwareSpec => ({
  images: pick(random, [[], [buildFirmwareImage(NEW_FIRMWARE)]]),
  config: Object.fromEntries(
    some(random, [
      ["NUM_OF_VFS", pick(random, ["8", "16"])],
      ["CQE_COMPRESSION", "1"],
      ["UCTX_EN", "0"],
    ]),
  ),
  allowsDowngrade: false,
});

const DRIVERS: readonly DriverSpec[] = [
  { kind: "inbox" },
  {
    kind: "mlnx-ofed",
    release: "24.04-0.7.0.0",
    archive: artefact("/srv/MLNX_OFED.tgz", "a"),
    distribution: "rhel9.4",
    extraFlags: [],
  },
  {
    kind: "doca-ofed",
    moduleVersion: "24.10-0.7.0",
    repository: artefact("/srv/doca-host.rpm", "b"),
    packages: ["doca-ofed"],
  },
];

const randomVirtualization = (random: Random): VirtualizationSpec => ({
  qemu: pick(random, [
    { kind: "distribution" },
    { kind: "source", version: "9.0.4", archive: artefact("/srv/qemu-9.0.4.tar.xz", "c") },
  ] as const),
  libvirtUser: pick(random, [undefined, { user: "root", group: "kvm" }]),
});

/** A datapath and any of the other sections. */
export function randomWish(random: Random, host: Inventory): HostDesired {
  const desired = randomDesired(random, host);
  if (host.hostKind === "lab") return desired;
  const maybe = <T>(make: (random: Random) => T) =>
    random.float() < 0.5 ? make(random) : undefined;
  const bios = maybe(randomBios);
  const system = maybe(randomSystem);
  const firmware = maybe(randomFirmware);
  const driver = maybe(() => pick(random, DRIVERS));
  const virtualization = maybe(randomVirtualization);
  return {
    ...desired,
    ...(bios !== undefined && { bios }),
    ...(system !== undefined && { system }),
    ...(firmware !== undefined && { firmware }),
    ...(driver !== undefined && { driver }),
    ...(virtualization !== undefined && { virtualization }),
  };
}

const NO_VIRTUALIZATION: VirtualizationFacts = {
  qemuLink: { kind: "absent" },
  qemus: [],
  libvirtVersion: undefined,
  libvirtUser: undefined,
  isLibvirtRestartDue: false,
};

const INBOX: DriverInfo = {
  module: "mlx5_core",
  loaded: { version: undefined },
  onDisk: [{ kernelRelease: OLD_KERNEL, version: undefined }],
  kernelsWithHeaders: [OLD_KERNEL],
  release: undefined,
  builds: [],
};

/** A server as it may be racked, of which everything is known that an agent looks at. */
export function randomServer(random: Random): Inventory {
  const isOn = random.float() < 0.7;
  const state = isOn ? "Enabled" : "Disabled";
  const firmwareFacts: NicFirmwareFacts = buildFirmwareFacts();
  const card = {
    ...buildConnectX6(pick(random, [NEW_FIRMWARE, OLD_FIRMWARE])),
    firmwareFacts,
    driverInfo: INBOX,
  };
  const host = buildBareR740();
  const isNicOff = random.float() < 0.3;
  const hasVfs = isOn && !isNicOff;
  const withTotals = { ...card, pfs: card.pfs.map((pf) => (hasVfs ? pf : { ...pf, totalVfs: 0 })) };
  return {
    ...host,
    os: { ...host.os, kernelRelease: OLD_KERNEL },
    cpu: { ...host.cpu, hasVirtualization: isOn },
    iommuGroupCount: isOn ? host.iommuGroupCount : 0,
    nics: [withTotals],
    system: buildSystemFacts(),
    virtualization: NO_VIRTUALIZATION,
    bmc: {
      address: parseBmcAddress("https://10.21.0.11"),
      trust: { kind: "public-key", pin: `sha256//${"A".repeat(43)}=` },
      facts: {
        model: "PowerEdge R740",
        biosVersion: "2.21.2",
        powerState: "on",
        systemPath: "/redfish/v1/Systems/System.Embedded.1",
        biosAttributes: {
          ProcVirtualization: state,
          SriovGlobalEnable: state,
          LogicalProc: "Enabled",
        },
        pendingAttributes: {},
        jobs: [],
        nicFunctions: card.pfs.map(({ pciAddress, link }, at) => ({
          id: `NIC.Slot.3-${at + 1}-1`,
          attributesPath: `/redfish/v1/nic/${at}`,
          pciAddress,
          mac: link.mac,
          mode: isOn && !isNicOff ? "SRIOV" : "NONE",
          pendingMode: undefined,
        })),
      },
    },
  };
}

/** A host left by plans that were cut short at any step; a plan that is blocked is not begun. */
export function randomHost(
  random: Random,
  bare: Inventory = pick(random, [buildBareR740, buildBareLabHost])(),
  wish: typeof randomDesired = randomDesired,
): Inventory {
  return Array.from({ length: 3 }).reduce<Inventory>((host) => {
    const plan = planHost(wish(random, host), host);
    if (isBlocked(plan)) return host;
    const { steps } = plan;
    return applySteps(host, steps.slice(0, Math.floor(random.float() * (steps.length + 1))));
  }, bare);
}
