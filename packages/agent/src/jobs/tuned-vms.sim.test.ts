import assert from "node:assert/strict";
import { afterEach, describe, it } from "node:test";
import type { Inventory, VmDesired } from "@switchyard/model";
import { systemClock } from "@switchyard/runtime";
import { readInventory } from "../inventory/read-inventory.ts";
import { createTestbed, endAllLives, type Testbed, vmInSlot } from "../testing/testbed.ts";

afterEach(endAllLives);

const GIB = 1024 ** 3;
const BOOTED_WITH = "intel_iommu=on iommu=pt hugepagesz=1G hugepages=8";

async function bed(): Promise<Testbed> {
  const made = createTestbed({ host: { overrides: { kernelArguments: BOOTED_WITH } } });
  await made.start();
  const { state, failure } = await made.runJob(await made.applyHost());
  assert.equal(state, "succeeded", failure?.message);
  return made;
}

const inventoryOf = ({ host }: Testbed): Promise<Inventory> =>
  readInventory({ host, clock: systemClock, agentVersion: "0.0.0-test", nicProfiles: [] });

function tuned(vfIndex: number, spec: Partial<VmDesired["spec"]>): VmDesired {
  const vm = vmInSlot(vfIndex);
  return { ...vm, spec: { ...vm.spec, ...spec } };
}

const start = (on: Testbed, vm: VmDesired) => on.runJob({ kind: "start-vm", vm });

const freePages = ({ system }: Inventory) => [
  system?.hugepages?.[0]?.freeCount,
  ...(system?.numaNodes ?? []).map(({ hugepages }) => hugepages?.[0]?.freeCount),
];

describe("VMs that are tied to parts of their host", () => {
  it("have their memory in huge pages of the NIC's node, as long as there are any", async () => {
    const on = await bed();
    assert.deepEqual(freePages(await inventoryOf(on)), [8, 4, 4]);
    const spec = { hugepageBytes: GIB, memoryBytes: 3 * GIB, numa: "required" } as const;
    const { state, failure } = await start(on, tuned(0, spec));
    assert.equal(state, "succeeded", failure?.message);
    assert.deepEqual(freePages(await inventoryOf(on)), [5, 4, 1]);
    const second = await start(on, tuned(1, spec));
    assert.equal(second.failure?.reason, "HUGEPAGES_SHORT");
    assert.deepEqual(on.host.vms, ["vm-0"]);
    await on.runJob({ kind: "delete-vm", vm: tuned(0, spec) });
    assert.deepEqual(freePages(await inventoryOf(on)), [8, 4, 4]);
  });

  it("are tied the same way when libvirt runs them", async () => {
    const on = await bed();
    const memory = { hugepageBytes: GIB, memoryBytes: 3 * GIB, numa: "required" } as const;
    const spec = { ...memory, cpuPinning: true, runtime: "libvirt" } as const;
    const { state, failure } = await start(on, tuned(0, spec));
    assert.equal(state, "succeeded", failure?.message);
    const inventory = await inventoryOf(on);
    assert.deepEqual(freePages(inventory), [5, 4, 1]);
    assert.equal(inventory.vms[0]?.pinnedCpus?.length, 4);
  });

  it("get different CPUs though they start at once, and leave them with their end", async () => {
    const on = await bed();
    const spec = { cpuPinning: true, numa: "required" } as const;
    const ends = await Promise.all([start(on, tuned(0, spec)), start(on, tuned(1, spec))]);
    assert.deepEqual(
      ends.map(({ state }) => state),
      ["succeeded", "succeeded"],
    );
    const { vms, system } = await inventoryOf(on);
    const cpus = vms.flatMap(({ pinnedCpus }) => pinnedCpus ?? []);
    assert.equal(new Set(cpus).size, 8);
    const near = system?.numaNodes?.[1]?.cpus ?? [];
    assert.ok(
      cpus.every((cpu) => near.includes(cpu)),
      cpus.join(),
    );
    const again = await start(on, tuned(0, spec));
    assert.equal(again.result.changedSteps, 0);
    await on.runJob({ kind: "delete-vm", vm: tuned(0, spec) });
    assert.equal((await inventoryOf(on)).vms.length, 1);
  });
});
