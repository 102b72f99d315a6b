import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createSimHost, type MachineOverrides } from "@switchyard/hostsim";
import type { NumaNode, SystemFacts } from "@switchyard/model";
import { seededRandom, systemClock } from "@switchyard/runtime";
import { readInventory } from "./read-inventory.ts";

const GIB = 1024 ** 3;

const hostWith = (overrides: MachineOverrides = {}) =>
  createSimHost({ position: 1, random: seededRandom(1), overrides });

async function look(host: ReturnType<typeof hostWith>) {
  const inventory = await readInventory({
    host,
    clock: systemClock,
    agentVersion: "0",
    nicProfiles: [],
  });
  return { ...inventory, system: inventory.system as SystemFacts }; // read by every agent
}

const facts = async (overrides: MachineOverrides) => (await look(hostWith(overrides))).system;

const withoutLists = ({ cpus, hugepages, ...node }: NumaNode) => {
  assert.deepEqual([cpus?.length, hugepages], [node.threadCount, []]);
  return node;
};

describe("facts of the operating system of a simulated R740", () => {
  it("are all known on the seed's host", async () => {
    const { system } = await look(hostWith());
    const unknown = Object.entries(system).filter(([, value]) => value === undefined);
    assert.deepEqual(unknown, []);
    assert.equal(system.iommu?.isAdvertised, true);
    assert.deepEqual(system.iommu?.units, ["dmar0", "dmar1"]);
    assert.deepEqual(Object.keys(system.iommu?.groupTypes ?? {}), ["identity"]);
    assert.deepEqual(
      [system.isSecureBoot, system.lockdown, system.selinux],
      [false, "none", "disabled"],
    );
    assert.deepEqual(
      system.disks?.map(({ path }) => path),
      ["/", "/boot", "/var"],
    );
    assert.deepEqual(system.numaNodes?.map(withoutLists), [
      { node: 0, threadCount: 40, memoryBytes: 96 * GIB },
      { node: 1, threadCount: 40, memoryBytes: 96 * GIB },
    ]);
    assert.deepEqual([system.hugepages, system.rebootRequiredBy], [[], []]);
    assert.deepEqual([system.isTimeSynchronized, system.virtualization], [true, "none"]);
  });

  it("tell VT-d that is off in BIOS from a kernel that was not told to use it", async () => {
    const off = await look(hostWith({ biosAttributes: { ProcVirtualization: "Disabled" } }));
    assert.deepEqual([off.iommuGroupCount, off.system.iommu?.isAdvertised], [0, false]);
    const unasked = await look(hostWith({ kernelArguments: "iommu=pt" }));
    assert.deepEqual([unasked.iommuGroupCount, unasked.system.iommu?.isAdvertised], [0, true]);
    assert.deepEqual(unasked.system.iommu?.units, []);
  });

  it("see Secure Boot with the lockdown it brings, and SELinux in each of its states", async () => {
    const locked = await facts({ hasSecureBoot: true });
    assert.deepEqual([locked.isSecureBoot, locked.lockdown], [true, "integrity"]);
    assert.equal((await facts({ kernelArguments: "intel_iommu=on" })).selinux, "enforcing");
    assert.equal((await facts({ kernelArguments: "enforcing=0" })).selinux, "permissive");
    assert.equal(
      (await facts({ kernelArguments: "", selinux: "permissive" })).selinux,
      "permissive",
    );
  });

  it("see a full disk, a clock that nobody keeps, and a hypervisor below", async () => {
    const bad = await facts({
      fullDisks: ["/var"],
      isTimeSynchronized: false,
      virtualization: "kvm",
    });
    assert.equal(bad.disks?.find(({ path }) => path === "/var")?.availableBytes, 0);
    assert.deepEqual([bad.isTimeSynchronized, bad.virtualization], [false, "kvm"]);
  });

  it("see huge pages, a socket without memory, and fewer PCIe lanes than the card has", async () => {
    const { system, nics } = await look(
      hostWith({
        kernelArguments: "intel_iommu=on hugepagesz=1G hugepages=16 hugepagesz=2M hugepages=512",
        emptyNodes: [1],
        lanes: 8,
        numaNode: 0,
      }),
    );
    assert.deepEqual(system.hugepages, [
      { sizeBytes: 2 * 1024 ** 2, count: 512, freeCount: 512 },
      { sizeBytes: GIB, count: 16, freeCount: 16 },
    ]);
    assert.deepEqual(
      system.numaNodes?.map(({ memoryBytes }) => memoryBytes),
      [192 * GIB, 0],
    );
    const [pf] = nics[0]?.pfs ?? [];
    assert.deepEqual([pf?.numaNode, pf?.pciLink?.width, pf?.pciLink?.maxWidth], [0, 8, 16]);
  });

  it("name what was updated since the boot, until the next one", async () => {
    const newer = "5.14.0-427.50.1.el9_4.x86_64";
    const host = hostWith({ packages: { kernelsOffered: [newer] } });
    await host.run({ argv: ["dnf", "-y", "install", `kernel-${newer}`, `kernel-core-${newer}`] });
    assert.deepEqual((await look(host)).system.rebootRequiredBy, ["kernel", "kernel-core"]);
    await host.reboot("test");
    assert.deepEqual((await look(host)).system.rebootRequiredBy, []);
  });

  it("are unknown where the host does not say, and no others are", async () => {
    const { system } = await look(
      hostWith({
        missingPrograms: [
          "mokutil",
          "df",
          "timedatectl",
          "needs-restarting",
          "systemd-detect-virt",
        ],
      }),
    );
    const unknown = Object.keys(system).filter(
      (key) => system[key as keyof SystemFacts] === undefined,
    );
    assert.deepEqual(unknown.sort(), [
      "disks",
      "isSecureBoot",
      "isTimeSynchronized",
      "rebootRequiredBy",
    ]);
    // Without systemd it is the CPU that tells.
    assert.equal(system.virtualization, "none");
  });
});
