import assert from "node:assert/strict";
import { afterEach, describe, it } from "node:test";
import {
  findVf,
  type Inventory,
  type MetricName,
  parsePciAddress,
  type Sample,
} from "@switchyard/model";
import { silentLogger, systemClock } from "@switchyard/runtime";
import { readInventory } from "../../inventory/read-inventory.ts";
import {
  createTestbed,
  endAllLives,
  pingJob,
  SRIOV,
  sriovVmInSlot,
  type Testbed,
  vmInSlot,
} from "../../testing/testbed.ts";
import { createOffloadWatch } from "../offload/offload-watch.ts";
import { createCollector } from "./collector.ts";

afterEach(endAllLives);

const PF = "0000:82:00.0";
const inventoryOf = ({ host }: Testbed): Promise<Inventory> =>
  readInventory({ host, clock: systemClock, agentVersion: "0.0.0-test", nicProfiles: [] });

/** Two VMs on a host of the seed's datapath. */
async function bedWithVms(): Promise<Testbed> {
  const bed = createTestbed();
  await bed.start();
  await bed.runJob(await bed.applyHost());
  for (const slot of [0, 1]) {
    const { state } = await bed.runJob({ kind: "start-vm", vm: vmInSlot(slot) });
    assert.equal(state, "succeeded");
  }
  return bed;
}

/** Collects all that a host tells, as if nothing had been read before; flows are followed over looks. */
function collecting(bed: Testbed) {
  let elapsedMs = 0;
  const clock = { ...systemClock, monotonicMs: () => systemClock.monotonicMs() + elapsedMs };
  const offload = createOffloadWatch();
  const collector = createCollector({ host: bed.host, clock, log: silentLogger, offload });
  const collect = async () => {
    elapsedMs += 60_000;
    await collector.collect(await inventoryOf(bed));
    const samples = collector.latest();
    const value = (metric: MetricName, object = "") =>
      samples.find((each) => each.metric === metric && each.object === object)?.value;
    return { samples, value };
  };
  return { collect, offload };
}

const nameOf = ({ metric, object }: Sample): string => `${metric} ${object}`;

describe("a simulated host's telemetry", () => {
  it("shows traffic of VMs in hardware, and of it only first packets in software", async () => {
    const bed = await bedWithVms();
    const { collect, offload } = collecting(bed);
    await bed.runJob(pingJob(0, 1));
    const before = await collect();
    for (let round = 0; round < 5; round += 1) await bed.runJob(pingJob(0, 1));
    const { value } = await collect();
    const grown = (metric: MetricName, object: string) =>
      (value(metric, object) ?? Number.NaN) - (before.value(metric, object) ?? Number.NaN);
    const sent = grown("nic.vf.tx_packets", `${PF}/vf0`);
    assert.ok(sent > 0);
    assert.equal(grown("nic.vf.rx_packets", `${PF}/vf1`), sent);
    assert.ok(grown("nic.vf.tx_bytes", `${PF}/vf0`) > 0);
    assert.ok(grown("nic.representor.rx_packets", `${PF}/vf0`) < sent);
    const name = findVf(await inventoryOf(bed), parsePciAddress(PF), 1)?.vdpa?.name;
    assert.equal(grown("vdpa.completed_descriptors", `${name}/receive`), sent);
    assert.equal(grown("vm.tx_packets", "vm-0"), sent);
    assert.equal(grown("vm.rx_bytes", "vm-1"), grown("nic.vf.rx_bytes", `${PF}/vf1`));
    assert.ok(grown("vm.slow_path_packets", "vm-0") < sent);
    assert.ok(grown("nic.pf.rx_packets", PF) < sent);
    assert.ok(grown("ovs.flow_packets", "cxbr0/yes") > 0);
    assert.ok(grown("tc.packets", `${PF}/yes`) > 0);
    assert.equal(value("offload.set"), 1);
    assert.equal(value("offload.proven"), 1);
    assert.equal(value("offload.hardware_share"), 1);
    assert.match(offload.proof()?.inPort ?? "", /^eth[01]$/);
  });

  it("shows traffic of VMs on functions of their own, which only the card counts", async () => {
    const bed = createTestbed();
    await bed.start();
    await bed.runJob(await bed.applyHost(SRIOV));
    for (const slot of [0, 1]) {
      const { state } = await bed.runJob({ kind: "start-vm", vm: sriovVmInSlot(slot) });
      assert.equal(state, "succeeded");
    }
    const { collect } = collecting(bed);
    await bed.runJob(pingJob(0, 1));
    const before = await collect();
    await bed.runJob(pingJob(0, 1));
    const { value } = await collect();
    const vf = `${PF}/vf0`;
    const sent =
      (value("nic.vf.tx_packets", vf) ?? 0) - (before.value("nic.vf.tx_packets", vf) ?? 0);
    assert.ok(sent > 0);
    assert.equal(before.value("vm.tx_packets", "vm-0"), 0);
    assert.equal(value("vm.tx_packets", "vm-0"), sent);
    assert.ok((value("vm.rx_bytes", "vm-1") ?? 0) > 0);
    assert.equal(value("vm.slow_path_packets", "vm-0"), undefined);
  });

  it("shows no hardware where hw-offload is set and the card takes no flow", async () => {
    const bed = createTestbed({ host: { overrides: { carriesFlows: false } } });
    await bed.start();
    await bed.runJob(await bed.applyHost());
    for (const slot of [0, 1]) await bed.runJob({ kind: "start-vm", vm: vmInSlot(slot) });
    const { collect, offload } = collecting(bed);
    await bed.runJob(pingJob(0, 1));
    await collect();
    await bed.runJob(pingJob(0, 1));
    const { value } = await collect();
    assert.deepEqual([value("offload.set"), value("offload.proven")], [1, 0]);
    assert.equal(value("offload.hardware_share"), 0);
    assert.equal(offload.proof(), undefined);
    assert.equal(value("tc.filters", `${PF}/yes`), 0);
    assert.ok((value("tc.filters", `${PF}/no`) ?? 0) > 0);
    const software = value("nic.representor.rx_packets", `${PF}/vf0`);
    assert.equal(software, value("nic.vf.tx_packets", `${PF}/vf0`));
    assert.ok((value("nic.pf.rx_bytes", PF) ?? 0) > 0);
  });

  it("tells what a card's reporters see, and of VFs what all their queues are in", async () => {
    const cardFaults = { firmwareSyndrome: 8, failedSendQueueCount: 2, vfErrorQueues: { 1: 3 } };
    const bed = createTestbed({ host: { overrides: { cardFaults } } });
    await bed.start();
    await bed.runJob(await bed.applyHost());
    const { value } = await collecting(bed).collect();
    assert.equal(value("nic.health.firmware_fault", PF), 1);
    assert.equal(value("nic.health.failed_queues", `${PF}/transmit/error`), 2);
    assert.equal(value("nic.health.failed_queues", `${PF}/transmit/completion`), 0);
    assert.equal(value("nic.health.failed_queues", `${PF}/receive/error`), 0);
    assert.equal(value("nic.vf.error_queues", `${PF}/vfall`), 3);
    assert.equal(value("nic.vf.vnic_events", `${PF}/vf1`), 0);
  });

  it("tells of every source that the host has", async () => {
    const bed = await bedWithVms();
    const { collect } = collecting(bed);
    await collect();
    const { samples } = await collect();
    const names = new Set(samples.map(nameOf));
    for (const name of [
      ...[`nic.physical.rx_bytes ${PF}`, `nic.physical.discards ${PF}/receive`],
      ...[`nic.link.up ${PF}`, `nic.link.speed ${PF}`, `nic.pcie.width_max ${PF}`],
      ...[`nic.health.healthy ${PF}/fw_fatal`, `nic.health.errors ${PF}/tx`],
      ...[`nic.health.vnic_events ${PF}/cq_overrun`, `nic.pf.rx_rdma_bytes ${PF}`],
      ...[`nic.health.error_queues ${PF}`, `nic.health.firmware_fault ${PF}`],
      ...[`nic.rdma.requests ${PF}/write`, `nic.rdma.errors ${PF}/out_of_sequence`],
      ...[`nic.rdma.congestion_packets ${PF}/np_cnp_sent`, `nic.vf.vnic_events ${PF}/vf0`],
      ...[`nic.temperature_critical ${PF}/asic`, "host.temperature Package id 1"],
      ...["ovs.interface.up cxbr0/eth0", "ovs.interface.bytes cxbr0/eth0/transmit"],
      ...["ovs.flows cxbr0/no", `tc.filters ${PF}/no`],
      ...["host.power rapl", "host.power ipmi", "cpu.package_energy package-1"],
      ...["cpu.dram_energy package-0", "host.cpu_seconds softirq", "host.boot_time "],
      ...["host.memory_available ", "host.disk_available /boot"],
      ...[
        "vm.vcpu_seconds vm-0",
        "vm.memory_resident vm-0",
        "vm.rx_bytes vm-1",
        "agent.collect_seconds 60s",
      ],
    ]) {
      assert.ok(names.has(name), name);
    }
  });
});
