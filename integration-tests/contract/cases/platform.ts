import {
  type Host,
  listIommuGroups,
  listNumaNodes,
  readClockSynchronized,
  readCpuInfo,
  readDisks,
  readHugepages,
  readIommu,
  readLockdown,
  readMemoryBytes,
  readOuterVirtualization,
  readPciFunction,
  readRebootRequired,
  readSecureBoot,
  readSelinux,
} from "@switchyard/host";
import { type ContractGroup, isDone, returns, sriovOf } from "../contract.ts";
import type { Ground } from "../ground.ts";

const REQUIRED = "/run/reboot-required";
const FAMILY = "debian";
const GROUP_TYPES = ["identity", "DMA", "DMA-FQ"];

const sum = (numbers: readonly number[]): number =>
  numbers.reduce((left, right) => left + right, 0);

/** What preflight goes by: both grounds are a Debian without systemd, with an IOMMU, inside something else. */
export const platformGroup: ContractGroup = {
  name: "platform",
  calls: [
    {
      name: "firmware offers an IOMMU, and it has units",
      call: async ({ host }) => {
        const { isAdvertised, units } = await readIommu(host);
        return [isAdvertised, units.length > 0];
      },
      expected: returns([true, true]),
    },
    {
      name: "every group is of a type that is known",
      call: async ({ host }) => {
        const { groupTypes } = await readIommu(host);
        const count = (await listIommuGroups(host)).length;
        return [
          count > 0,
          sum(Object.values(groupTypes)) === count,
          Object.keys(groupTypes).every((type) => GROUP_TYPES.includes(type)),
        ];
      },
      expected: returns([true, true, true]),
    },
    {
      name: "iommu=pt makes them identity",
      call: async ({ host }) => Object.keys((await readIommu(host)).groupTypes),
      expected: returns(["identity"]),
    },
    {
      name: "SELinux is off",
      call: ({ host }) => readSelinux(host),
      expected: returns("disabled"),
    },
    {
      name: "Secure Boot can't be told without mokutil",
      call: ({ host }) => readSecureBoot(host),
      expected: returns(undefined),
    },
    {
      name: "the kernel is not locked down, as far as it says",
      call: async ({ host }) => (await readLockdown(host)) ?? "none",
      expected: returns("none"),
    },
    {
      name: "no huge pages are set aside",
      call: ({ host }) => readHugepages(host),
      expected: returns([]),
    },
    {
      name: "NUMA nodes have all threads and no more memory than there is",
      call: async ({ host }) => {
        const nodes = await listNumaNodes(host);
        // A kernel without NUMA shows none.
        if (nodes.length === 0) return [true, true];
        const { threadCount } = await readCpuInfo(host);
        const memoryBytes = sum(nodes.map((node) => node.memoryBytes));
        return [
          sum(nodes.map((node) => node.threadCount)) === threadCount,
          memoryBytes > 0 && memoryBytes <= (await readMemoryBytes(host)),
        ];
      },
      expected: returns([true, true]),
    },
    {
      name: "file systems have a size, and no more free than that",
      call: async ({ host }) => {
        const disks = await readDisks(host);
        return [
          disks.length > 0,
          disks.every(({ sizeBytes, availableBytes }) => availableBytes <= sizeBytes),
        ];
      },
      expected: returns([true, true]),
    },
    {
      name: "nobody says whether the clock is kept",
      call: ({ host }) => readClockSynchronized(host),
      expected: returns(undefined),
    },
    {
      name: "the CPU tells of a hypervisor where systemd does not",
      call: ({ host }) => readOuterVirtualization(host),
      expected: returns("vm-other"),
    },
    {
      name: "nobody keeps track of updates",
      call: ({ host }) => readRebootRequired(host, FAMILY),
      expected: returns(undefined),
    },
    {
      name: "a package asks for a reboot",
      call: async ({ host }) => {
        await host.replaceFile(REQUIRED, "*** System restart required ***\n");
        await host.replaceFile(`${REQUIRED}.pkgs`, "libc6\n");
        return readRebootRequired(host, FAMILY);
      },
      expected: returns(["libc6"]),
    },
    { name: "and no more", call: ({ host }) => removeRequired(host), expected: isDone },
  ],
};

async function removeRequired(host: Host): Promise<void> {
  for (const path of [REQUIRED, `${REQUIRED}.pkgs`]) await host.remove(path);
}

/** The PCIe link of a card, as far as its slot says. */
export const pcieGroup: ContractGroup = {
  name: "PCIe link",
  skipReason: ({ name, parts }) =>
    parts.sriov === undefined ? `${name} has no SR-IOV card` : undefined,
  calls: [
    {
      name: "is no wider and no faster than the card is capable of",
      call: async (ground: Ground) => {
        const { pciLink } = await readPciFunction(ground.host, sriovOf(ground).pf);
        if (pciLink === undefined) return true;
        return pciLink.width <= pciLink.maxWidth && pciLink.speedGtps <= pciLink.maxSpeedGtps;
      },
      expected: returns(true),
    },
  ],
};
