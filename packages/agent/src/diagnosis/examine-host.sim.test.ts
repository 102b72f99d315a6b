import assert from "node:assert/strict";
import { afterEach, describe, it } from "node:test";
import type { Examination } from "@switchyard/model";
import { createTestbed, endAllLives, pingJob, type Testbed, vmInSlot } from "../testing/testbed.ts";

afterEach(endAllLives);

/** Two VMs on a host of the seed's datapath, which have just answered each other. */
async function bedWithVms(): Promise<Testbed> {
  const bed = createTestbed();
  await bed.start();
  await bed.runJob(await bed.applyHost());
  for (const slot of [0, 1]) {
    const { state } = await bed.runJob({ kind: "start-vm", vm: vmInSlot(slot) });
    assert.equal(state, "succeeded");
  }
  await bed.runJob(pingJob(0, 1));
  return bed;
}

async function examine(bed: Testbed): Promise<Examination> {
  const { isDone, examination } = await bed.bus.command("diagnose");
  assert.equal(isDone, true);
  assert.ok(examination !== undefined);
  return examination;
}

const run = (bed: Testbed, ...argv: [string, ...string[]]) => bed.host.run({ argv });

describe("the command diagnose", () => {
  it("tells what is not in the inventory, and publishes the inventory that it belongs to", async () => {
    const bed = await bedWithVms();
    const found = await examine(bed);
    assert.equal(found.inventoryAtMs, bed.bus.inventories.at(-1)?.inventory.observedAtMs);
    assert.deepEqual(found.kernelMessages, []);
    assert.deepEqual(
      found.functions?.map(({ pciAddress, isVf, driver }) => [pciAddress, isVf, driver]),
      [
        ["0000:82:00.0", false, "mlx5_core"],
        ["0000:82:00.1", false, "mlx5_core"],
        ["0000:82:00.2", true, "mlx5_core"],
        ["0000:82:00.3", true, "mlx5_core"],
      ],
    );
    assert.deepEqual(found.blockedProcesses, []);
    assert.deepEqual(
      found.vhostHolders?.map(({ path }) => path),
      ["/dev/vhost-vdpa-0", "/dev/vhost-vdpa-1"],
    );
    assert.deepEqual(found.leftovers?.runFolders, ["vm-0", "vm-1"]);
    assert.deepEqual(
      found.leftovers?.processes.map(({ vm }) => vm),
      ["vm-0", "vm-1"],
    );
    assert.ok((found.flows?.offloadedCount ?? 0) > 0);
    assert.equal(found.flows?.softwareCount, 0);
    const macs = found.learned?.map(({ mac }) => mac) ?? [];
    assert.ok(macs.includes("52:54:00:cb:45:10") && macs.includes("52:54:00:cb:45:11"));
    assert.deepEqual([found.neighbours, found.nicFlows], [[], []]);
    assert.deepEqual(
      found.vms?.map(({ vm, memoryLock, nics }) => [vm, memoryLock, nics[0]?.vectors]),
      [
        ["vm-0", 2 * 1024 ** 3, 10],
        ["vm-1", 2 * 1024 ** 3, 10],
      ],
    );
    const eth0 = found.netdevs?.find(({ name }) => name === "eth0");
    assert.equal(eth0?.hasTcOffload, true);
    assert.equal(eth0?.hasIngressQdisc, true);
    assert.ok((eth0?.filters?.count ?? 0) > 0);
    assert.deepEqual(found.cards?.[0], {
      ...{ pf: "0000:82:00.0", unhealthy: [], failedQueues: [], errorQueues: [] },
      firmware: { syndrome: 0, description: undefined },
      queueDirections: ["transmit", "receive"],
    });
    assert.deepEqual(found.agent, { ledgerTrouble: undefined, unfinishedJobCount: 0 });
  });

  it("sees what a card says is wrong with its firmware, its queues and those of VFs", async () => {
    const cardFaults = { firmwareSyndrome: 8, failedSendQueueCount: 2, vfErrorQueues: { 1: 3 } };
    const bed = createTestbed({ host: { overrides: { cardFaults } } });
    await bed.start();
    await bed.runJob(await bed.applyHost());
    const [card] = (await examine(bed)).cards ?? [];
    assert.deepEqual(card?.firmware, { syndrome: 8, description: "unrecoverable hardware error" });
    assert.deepEqual(card?.failedQueues, [{ direction: "transmit", fault: "error", count: 2 }]);
    assert.deepEqual(card?.errorQueues, [{ vf: 1, count: 3 }]);
  });

  it("sees who answers on the bridge, and our flows by NIC", async () => {
    const bed = await bedWithVms();
    await run(bed, "ip", "addr", "add", "192.168.101.2/24", "dev", "cxbr0");
    await run(bed, "ping", "-c", "1", "-I", "cxbr0", "192.168.101.21");
    const flow = (cookie: string) => `cookie=${cookie},priority=100,in_port=eth0,actions=drop`;
    await run(bed, "ovs-ofctl", "add-flow", "cxbr0", flow("0x5357525400cb4510"));
    await run(bed, "ovs-ofctl", "add-flow", "cxbr0", "cookie=0x7,in_port=eth1,actions=NORMAL");
    const found = await examine(bed);
    const mac = "52:54:00:cb:45:11";
    assert.deepEqual(found.neighbours, [{ bridge: "cxbr0", address: "192.168.101.21", mac }]);
    const cookie = "0x5357525400cb4510";
    assert.deepEqual(found.nicFlows, [{ bridge: "cxbr0", cookie, count: 1 }]);
  });

  it("sees offload turned off on a port and a qdisc that a tool took away", async () => {
    const bed = await bedWithVms();
    await run(bed, "ethtool", "-K", "eth0", "hw-tc-offload", "off");
    await run(bed, "tc", "qdisc", "del", "dev", "eth1", "ingress");
    await run(bed, "ovs-appctl", "revalidator/purge");
    await bed.runJob(pingJob(0, 1));
    const { netdevs, flows } = await examine(bed);
    assert.equal(netdevs?.find(({ name }) => name === "eth0")?.hasTcOffload, false);
    assert.equal(netdevs?.find(({ name }) => name === "eth1")?.hasIngressQdisc, false);
    assert.ok((flows?.softwareCount ?? 0) > 0);
  });

  it("finds the program that waits in the kernel for a VM to let go, and the kernel's own word", async () => {
    const bed = await bedWithVms();
    const device = [...bed.host.machine.boot.vdpaDevices.keys()][0] ?? "";
    const removal = bed.host.run({ argv: ["vdpa", "dev", "del", device], timeoutMs: 100 });
    await assert.rejects(removal, { reason: "COMMAND_TIMED_OUT" });
    bed.host.faults.add({
      match: { kind: "run", program: "vdpa" },
      action: { kind: "fail", exitCode: 1, stderr: "held up\n" },
    });
    const { blockedProcesses, kernelMessages } = await examine(bed);
    assert.deepEqual(
      blockedProcesses?.map(({ command, waitsIn }) => [command, waitsIn]),
      [["vdpa", "vhost_vdpa_remove"]],
    );
    assert.match(kernelMessages?.[0] ?? "", /waiting for the device to be released/);
  });

  it("leaves out what it can't read, and tells the rest", async () => {
    const bed = createTestbed({
      host: { overrides: { missingPrograms: ["dmesg", "tc", "ovs-appctl"] } },
    });
    await bed.start();
    const found = await examine(bed);
    assert.equal(found.kernelMessages, undefined);
    assert.equal(found.flows, undefined);
    assert.equal(found.netdevs?.[0]?.hasIngressQdisc, undefined);
    assert.equal(found.netdevs?.[0]?.hasTcOffload, true);
    assert.ok((found.functions?.length ?? 0) > 0);
  });

  it("looks once for all that ask at the same time", async () => {
    const bed = createTestbed();
    await bed.start();
    const before = bed.bus.inventories.length;
    const [first, second] = await Promise.all([examine(bed), examine(bed)]);
    assert.equal(first, second);
    assert.ok(bed.bus.inventories.length <= before + 2);
  });
});
