import {
  type AllocatedNic,
  type DesiredDatapath,
  type DesiredSlot,
  type DesiredSriovDatapath,
  type DesiredVdpaDatapath,
  type HostDesired,
  type Inventory,
  type MacAddress,
  parseHostId,
  parseNetworkId,
  parseProfileId,
  parseVmId,
  type VmDesired,
} from "@switchyard/model";
import { cidr, pciAddress, slotMac } from "./values.ts";

const buildSlots = (vfCount: number): readonly DesiredSlot[] =>
  Array.from({ length: vfCount }, (_, vfIndex) => ({ vfIndex, mac: slotMac(vfIndex) }));

/** The seed procedure's datapath: two VFs on port 0, 16 queue pairs, bridge cxbr0, hw-offload. */
export function buildDatapath(overrides: Partial<DesiredVdpaDatapath> = {}): DesiredVdpaDatapath {
  const vfCount = overrides.vfCount ?? 2;
  return {
    mode: "vdpa",
    uplink: { kind: "port", port: 0 },
    vfCount,
    maxVqp: 16,
    bridge: { name: "cxbr0", address: cidr("192.168.101.2/24") },
    hwOffload: true,
    slots: buildSlots(vfCount),
    ...overrides,
  };
}

/** The seed procedure's SR-IOV set-up: two VFs on port 0 for vfio. */
export function buildSriovDatapath(
  overrides: Partial<DesiredSriovDatapath> = {},
): DesiredSriovDatapath {
  const vfCount = overrides.vfCount ?? 2;
  return {
    mode: "sriov",
    uplink: { kind: "port", port: 0 },
    vfCount,
    vfDriver: "auto",
    slots: buildSlots(vfCount),
    ...overrides,
  };
}

/** @param datapath undefined: the host shall be bare */
export const buildHostDesired = (
  datapath: DesiredDatapath | undefined = buildDatapath(),
  host = "r740-07",
): HostDesired => ({
  host: parseHostId(host),
  generation: 1,
  profile: parseProfileId("cx6dx"),
  profileGeneration: 1,
  datapath,
});

export const buildTeardown = (host = "r740-07"): HostDesired => ({
  ...buildHostDesired(buildDatapath(), host),
  datapath: undefined,
});

export interface VmDesiredOverrides {
  readonly vm?: string;
  readonly vfIndex?: number;
  readonly mac?: MacAddress;
  readonly slotMac?: MacAddress;
  readonly spec?: Partial<VmDesired["spec"]>;
  /** Of the NIC. */
  readonly nic?: Partial<AllocatedNic>;
}

/** A VM of 4 vCPUs and 4 GiB in a slot of the host's first PF. */
export function buildVmDesired(
  inventory: Inventory,
  overrides: VmDesiredOverrides = {},
): VmDesired {
  const vm = parseVmId(overrides.vm ?? "web-01");
  const vfIndex = overrides.vfIndex ?? 0;
  const network = parseNetworkId("lab");
  const { kind = "vdpa", queuePairs = 4 } = overrides.nic ?? {};
  const spec = {
    vcpuCount: 4,
    memoryBytes: 4 * 1024 ** 3,
    boot: { kind: "disk", path: "/var/lib/switchyard/images/web-01.qcow2", format: "qcow2" },
    nics: [{ network, kind, queuePairs }],
    hostSelector: {},
    hasGuestAgent: true,
    ...overrides.spec,
  } as const;
  return {
    vm,
    generation: 1,
    spec,
    allocation: {
      vm,
      host: parseHostId("r740-07"),
      vcpuCount: spec.vcpuCount,
      memoryBytes: spec.memoryBytes,
      nics: [
        {
          index: 0,
          kind,
          pf: inventory.nics[0]?.pfs[0]?.pciAddress ?? pciAddress("0000:82:00.0"),
          vfIndex,
          slotMac: overrides.slotMac ?? slotMac(vfIndex),
          mac: overrides.mac ?? slotMac(0x100 + vfIndex),
          network,
          address: cidr(`192.168.101.${20 + vfIndex}/24`),
          bridge: "cxbr0",
          queuePairs,
          ...overrides.nic,
        },
      ],
    },
  };
}
