import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  addAddress,
  addBridge,
  addPort,
  addVdpaDevice,
  clearRestartPending,
  type Host,
  killVm,
  loadModule,
  restartOvs,
  setEswitchMode,
  setHwOffload,
  setLinkState,
  startOvs,
  startQemu,
  writeVfCount,
} from "@switchyard/host";
import { createSimFleet } from "@switchyard/hostsim";
import { findBridge, findPf, findVf, parseMacAddress, parsePciAddress } from "@switchyard/model";
import { silentLogger, systemClock } from "@switchyard/runtime";
import { createCollector } from "../telemetry/collect/collector.ts";
import { createOffloadWatch } from "../telemetry/offload/offload-watch.ts";
import { readInventory } from "./read-inventory.ts";

const PF = parsePciAddress("0000:82:00.0");
const MAC = parseMacAddress("52:54:00:cb:45:11");

function simulatedHost(): Host {
  const [host] = createSimFleet({ hosts: 1, seed: 1 }).hosts;
  assert.ok(host !== undefined);
  return host;
}
const read = (host: Host) =>
  readInventory({ host, clock: systemClock, agentVersion: "0.1.0", nicProfiles: [] });

/** The seed's procedure with the wrappers of the host package. */
async function prepare(host: Host): Promise<void> {
  for (const module of ["mlx5_vdpa", "vhost_vdpa"]) await loadModule(host, module);
  await setEswitchMode(host, `pci/${PF}`, "switchdev");
  await writeVfCount(host, `/sys/bus/pci/devices/${PF}/sriov_numvfs`, 2);
  const vf = findVf(await read(host), PF, 0);
  assert.ok(vf?.mgmtdev !== undefined);
  const { handle } = vf.mgmtdev;
  await addVdpaDevice(host, { name: "sy-82-0-0", mgmtdev: handle, mac: MAC, maxVqp: 16 });
  await startOvs(host);
  await setHwOffload(host, true);
  await restartOvs(host);
  await clearRestartPending(host);
  await addBridge(host, "cxbr0");
  await setLinkState(host, "cxbr0", true);
  await addAddress(host, "cxbr0", "192.168.101.2/24");
  const pf = findPf(await read(host), PF)?.pf;
  const netdevs = [pf?.link.netdev, ...(pf?.vfs ?? []).map((each) => each.representor?.netdev)];
  for (const netdev of netdevs) {
    assert.ok(netdev !== undefined);
    await setLinkState(host, netdev, true);
    await addPort(host, "cxbr0", netdev);
  }
}

describe("readInventory of a simulated R740", () => {
  it("reads a bare host without findings", async () => {
    const inventory = await read(simulatedHost());
    assert.deepEqual(inventory.findings, []);
    assert.equal(inventory.hostKind, "simulated");
    assert.deepEqual(
      inventory.nics.map(({ model, psid, pfs }) => [model, psid, pfs.length]),
      [["ConnectX-6 Dx", "DEL0000000027", 2]],
    );
    assert.deepEqual(
      inventory.nics[0]?.pfs.map(({ eswitchMode, vfCount }) => [eswitchMode, vfCount]),
      [
        ["legacy", 0],
        ["legacy", 0],
      ],
    );
    assert.equal(inventory.ovs?.isRunning, false);
  });

  it("sees everything that the seed's procedure makes", async () => {
    const host = simulatedHost();
    await prepare(host);
    const inventory = await read(host);
    assert.deepEqual(inventory.findings, []);
    const pf = findPf(inventory, PF)?.pf;
    assert.deepEqual([pf?.eswitchMode, pf?.vfCount, pf?.vfs.length], ["switchdev", 2, 2]);
    const vdpa = findVf(inventory, PF, 0)?.vdpa;
    assert.deepEqual([vdpa?.mac, vdpa?.maxVqp, vdpa?.maxVqs], [MAC, 16, 33]);
    assert.equal(vdpa?.vhostPath, "/dev/vhost-vdpa-0");
    assert.deepEqual(
      [inventory.ovs?.isRunning, inventory.ovs?.hwOffload, inventory.ovs?.isRestartPending],
      [true, true, false],
    );
    const bridge = findBridge(inventory, "cxbr0");
    assert.deepEqual(
      [bridge?.isOurs, bridge?.isUp, bridge?.addresses, bridge?.ports.length],
      [true, true, ["192.168.101.2/24"], 3],
    );
    assert.ok(bridge?.ports.every(({ ofport, error }) => (ofport ?? -1) > 0 && !error));
  });

  it("sees a VM from its start to its crash, and samples it", async () => {
    const host = simulatedHost();
    await prepare(host);
    await startQemu(host, {
      vm: "web-1",
      accelerator: "kvm",
      vcpuCount: 16,
      memoryBytes: 2 ** 31,
      boot: {
        kind: "disk",
        path: "/root/downloads/rocky9-vhost-vdpa-0.qcow2",
        format: "qcow2",
      },
      nics: [{ kind: "vdpa", vhostPath: "/dev/vhost-vdpa-0", queuePairs: 16, mac: MAC }],
      hasGuestAgent: true,
    });
    const inventory = await read(host);
    const [vm] = inventory.vms;
    assert.deepEqual(
      [vm?.vm, vm?.state, vm?.nics],
      ["web-1", "running", [{ mac: MAC, vhostPath: "/dev/vhost-vdpa-0" }]],
    );
    const collector = createCollector({
      ...{ host, clock: systemClock, log: silentLogger, offload: createOffloadWatch() },
    });
    const samples = await collector.collect(inventory);
    const metrics = new Set(samples.map(({ metric }) => metric));
    for (const metric of ["nic.uplink.rx_bytes", "nic.vf.tx_bytes", "vm.cpu_seconds"] as const) {
      assert.ok(metrics.has(metric), metric);
    }
    await killVm(host, "web-1");
    assert.equal((await read(host)).vms[0]?.state, "failed");
  });
});
