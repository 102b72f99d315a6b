import assert from "node:assert/strict";
import { afterEach, describe, it } from "node:test";
import { findVf, parsePciAddress, type VmDesired } from "@switchyard/model";
import { systemClock } from "@switchyard/runtime";
import { readInventory } from "../inventory/read-inventory.ts";
import {
  createTestbed,
  endAllLives,
  pingJob,
  SRIOV,
  sriovVmInSlot,
  type Testbed,
} from "../testing/testbed.ts";

afterEach(endAllLives);

const PF = parsePciAddress("0000:82:00.0");

async function bedInSriovMode(): Promise<Testbed> {
  const bed = createTestbed();
  await bed.start();
  const { state, failure } = await bed.runJob(await bed.applyHost(SRIOV));
  assert.equal(state, "succeeded", failure?.message);
  return bed;
}

const inventoryOf = ({ host }: Testbed) =>
  readInventory({ host, clock: systemClock, agentVersion: "0.0.0-test", nicProfiles: [] });

const macOf = async (bed: Testbed, vfIndex: number) =>
  findVf(await inventoryOf(bed), PF, vfIndex)?.adminMac;

const succeed = async (bed: Testbed, kind: "start-vm" | "delete-vm", vm: VmDesired) => {
  const { state, failure } = await bed.runJob({ kind, vm });
  assert.equal(state, "succeeded", `${failure?.reason}: ${failure?.message}`);
};

describe("jobs of VMs with VFs", () => {
  it("start a pair whose pings go through the card's own switch, and give the MACs back", async () => {
    const bed = await bedInSriovMode();
    const vms = [sriovVmInSlot(0), sriovVmInSlot(1)];
    for (const vm of vms) await succeed(bed, "start-vm", vm);
    assert.equal(await macOf(bed, 1), "52:54:00:cb:45:11");
    assert.deepEqual(
      (await inventoryOf(bed)).vms.map(({ vm, nics }) => [vm, nics[0]?.pciAddress]),
      [
        ["vm-0", "0000:82:00.2"],
        ["vm-1", "0000:82:00.3"],
      ],
    );
    const { result } = await bed.runJob(pingJob(0, 1));
    assert.deepEqual([result.ping?.transmitted, result.ping?.received], [3, 3]);
    for (const vm of vms) await succeed(bed, "delete-vm", vm);
    assert.deepEqual(
      [await macOf(bed, 0), await macOf(bed, 1)],
      ["52:54:00:cb:00:01", "52:54:00:cb:00:02"],
    );
    assert.deepEqual(bed.host.vms, []);
  });

  it("change nothing the second time", async () => {
    const bed = await bedInSriovMode();
    await succeed(bed, "start-vm", sriovVmInSlot(0));
    const again = await bed.runJob({ kind: "start-vm", vm: sriovVmInSlot(0) });
    assert.deepEqual([again.state, again.result.changedSteps], ["succeeded", 0]);
  });

  it("give the VF its MAC back when QEMU does not start", async () => {
    const bed = await bedInSriovMode();
    const vm = sriovVmInSlot(0);
    const boot = { kind: "disk", path: "/none", format: "raw" } as const;
    const { failure, result } = await bed.runJob({
      kind: "start-vm",
      vm: { ...vm, spec: { ...vm.spec, boot } },
    });
    assert.equal(failure?.reason, "VM_START_FAILED");
    assert.equal(result.leftState, "As it was found: every change was taken back.");
    assert.equal(await macOf(bed, 0), "52:54:00:cb:00:01");
  });

  it("refuse a VF that somebody took from vfio", async () => {
    const bed = await bedInSriovMode();
    const device = "/sys/bus/pci/devices/0000:82:00.2";
    await bed.host.writeFile(`${device}/driver_override`, "mlx5_core");
    await bed.host.writeFile(`${device}/driver/unbind`, "0000:82:00.2");
    await bed.host.writeFile("/sys/bus/pci/drivers_probe", "0000:82:00.2");
    const { failure } = await bed.runJob({ kind: "start-vm", vm: sriovVmInSlot(0) });
    assert.equal(failure?.reason, "VF_NOT_FOR_VMS");
    assert.equal(await macOf(bed, 0), "52:54:00:cb:00:01");
  });
});
