import {
  type DriverInfo,
  type Examination,
  type Inventory,
  type Pf,
  PLAIN_PORT,
  type SystemFacts,
  UNKNOWN_SYSTEM,
  type Vf,
} from "@switchyard/model";
import {
  applySteps,
  buildBareR740,
  buildDatapath,
  buildHostDesired,
  buildVmDesired,
  cidr,
  slotMac,
} from "@switchyard/testkit/builders";
import { planHost } from "../../host/plan-host.ts";
import type { HostFacts, PlacedVm } from "../facts.ts";

export const NOW_MS = 1_750_000_000_000;
export const HOST = "r740-07";
export const GIB = 1024 ** 3;

const desired = buildHostDesired(buildDatapath());
const prepared = applySteps(buildBareR740(), planHost(desired, buildBareR740()).steps);

export const healthySystem: SystemFacts = {
  ...UNKNOWN_SYSTEM,
  kernelArguments: ["ro", "intel_iommu=on", "iommu=pt"],
  rebootRequiredBy: [],
  iommu: { isAdvertised: true, units: ["dmar0"], groupTypes: { identity: 60 } },
  isSecureBoot: false,
  lockdown: "none",
  selinux: "disabled",
  hugepages: [],
  numaNodes: [
    { node: 0, threadCount: 40, memoryBytes: 96 * GIB },
    { node: 1, threadCount: 40, memoryBytes: 96 * GIB },
  ],
  disks: [{ path: "/var", sizeBytes: 100 * GIB, availableBytes: 60 * GIB }],
  isTimeSynchronized: true,
  virtualization: "none",
};

export const healthyDriver: DriverInfo = {
  module: "mlx5_core",
  loaded: { version: "24.04-0.7.0" },
  onDisk: [{ kernelRelease: buildBareR740().os.kernelRelease, version: "24.04-0.7.0" }],
  kernelsWithHeaders: [],
  release: "MLNX_OFED_LINUX-24.04-0.7.0.0",
  builds: [],
};

/** The seed's host with one VM in slot 0, which answers. */
export function healthyInventory(): Inventory {
  const negotiated = mapVf(prepared, 0, (vf) => ({
    ...vf,
    netdev: "enp130s0f0v0",
    vdpa: vf.vdpa && { ...vf.vdpa, negotiatedFeatures: ["MAC", "MQ"] },
  }));
  const nics = [{ mac: slotMac(0), vhostPath: "/dev/vhost-vdpa-0" }];
  const vm = { vm: "web-01", state: "running", pid: 4242, startedBy: undefined } as const;
  const nicsWithDriver = negotiated.nics.map((nic) => ({ ...nic, driverInfo: healthyDriver }));
  return {
    ...negotiated,
    nics: nicsWithDriver,
    system: healthySystem,
    vms: [{ ...vm, nics, isGuestAgentUp: true, reason: undefined }],
  };
}

export const mapPf = (inventory: Inventory, map: (pf: Pf) => Pf): Inventory => ({
  ...inventory,
  nics: inventory.nics.map((nic) => ({
    ...nic,
    pfs: nic.pfs.map((pf, at) => (at === 0 ? map(pf) : pf)),
  })),
});

export function mapVf(inventory: Inventory, index: number, map: (vf: Vf) => Vf): Inventory {
  return mapPf(inventory, (pf) => ({
    ...pf,
    vfs: pf.vfs.map((vf) => (vf.index === index ? map(vf) : vf)),
  }));
}

export const placedVm: PlacedVm = {
  vm: "web-01",
  state: "running",
  ...(({ spec, allocation }) => ({ spec, allocation }))(
    buildVmDesired(prepared, { mac: slotMac(0) }),
  ),
};

const switchPorts = ["enp130s0f0np0", "eth0", "eth1"];
const netdevNames = [...prepared.nics[0]!.pfs[0]!.vfs.flatMap((vf) => vf.representor!.netdev)];

export const healthyLook: Examination = {
  observedAtMs: NOW_MS + 20,
  inventoryAtMs: NOW_MS,
  kernelMessages: [],
  functions: [
    { pciAddress: "0000:82:00.0", isVf: false, driver: "mlx5_core" },
    { pciAddress: "0000:82:00.1", isVf: false, driver: "mlx5_core" },
    { pciAddress: "0000:82:00.2", isVf: true, driver: "mlx5_core" },
  ],
  blockedProcesses: [],
  vhostHolders: [{ path: "/dev/vhost-vdpa-0", pid: 4242, command: "qemu-system-x86" }],
  netdevs: [...new Set([...switchPorts, ...netdevNames, "enp130s0f1np1", "enp130s0f0v0"])].map(
    (name) => ({
      name,
      isUp: true,
      hasCarrier: true,
      mtu: 1500,
      hasTcOffload: true,
      hasIngressQdisc: true,
      filters: { count: name === "enp130s0f1np1" ? 0 : 2, notInHardwareCount: 0 },
    }),
  ),
  flows: { offloadedCount: 12, softwareCount: 0, software: [] },
  cards: ["0000:82:00.0", "0000:82:00.1"].map((pf) => ({
    pf,
    unhealthy: [],
    firmware: { syndrome: 0, description: undefined },
    queueDirections: ["transmit", "receive"],
    failedQueues: [],
    errorQueues: [],
  })),
  learned: [{ bridge: "cxbr0", mac: slotMac(0), vlan: 0, ageS: 1, ofport: ofportOf(0) }],
  neighbours: [{ bridge: "cxbr0", address: "192.168.101.20", mac: slotMac(0) }],
  nicFlows: [],
  vms: [
    {
      vm: "web-01",
      pid: 4242,
      memoryLock: "unlimited",
      nics: [
        { vhostPath: "/dev/vhost-vdpa-0", hasMultiqueue: true, hasPagePerVq: true, vectors: 34 },
      ],
    },
  ],
  leftovers: {
    runFolders: ["web-01"],
    diskFolders: ["web-01"],
    processes: [{ vm: "web-01", pid: 4242 }],
    shownDisks: [],
  },
  agent: { ledgerTrouble: undefined, unfinishedJobCount: 0 },
};

function ofportOf(index: number): number {
  const netdev = prepared.nics[0]?.pfs[0]?.vfs[index]?.representor?.netdev;
  return prepared.ovs?.bridges[0]?.ports.find(({ name }) => name === netdev)?.ofport ?? 0;
}

export const macsOf = (host: string, macs: readonly string[]) =>
  macs.map((mac, at) => ({ mac, host, holder: `${host} slot ${at}` }));

/** All that a diagnosis is made from, of a host on which nothing is wrong. */
export const healthy: HostFacts = {
  host: HOST,
  nowMs: NOW_MS,
  presence: { state: "ready", lastSeenAtMs: NOW_MS - 2_000 },
  inventory: healthyInventory(),
  matchingProfiles: ["cx6dx"],
  desired,
  desireTrouble: undefined,
  isApplied: true,
  vms: [placedVm],
  networks: {
    lab: {
      bridge: "cxbr0",
      subnet: cidr("192.168.101.0/24"),
      ipPool: {
        first: "192.168.101.20" as never,
        last: "192.168.101.90" as never,
      },
      macPool: { first: slotMac(0x100), last: slotMac(0x1ff) },
      ...PLAIN_PORT,
    },
  },
  bridgeAddresses: [cidr("192.168.101.2/24")],
  macs: [...macsOf(HOST, [slotMac(0), slotMac(1)]), ...macsOf("r740-08", [slotMac(8)])],
  jobs: [{ id: "j1", kind: "apply-host", state: "succeeded", reason: undefined }],
  examination: healthyLook,
  silence: undefined,
};
