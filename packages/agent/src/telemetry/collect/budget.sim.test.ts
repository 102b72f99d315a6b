import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  addBridge,
  addPort,
  addVdpaDevice,
  type Host,
  loadModule,
  restartOvs,
  setEswitchMode,
  setHwOffload,
  setLinkState,
  startOvs,
  startQemu,
  writeVfCount,
} from "@switchyard/host";
import { createSimHost } from "@switchyard/hostsim";
import { type Inventory, type MacAddress, type Pf, parseMacAddress } from "@switchyard/model";
import { ManualClock, silentLogger } from "@switchyard/runtime";
import { readInventory } from "../../inventory/read-inventory.ts";
import { createOffloadWatch } from "../offload/offload-watch.ts";
import { createCollector } from "./collector.ts";

/** Of UX: what a host may cost in a time-series database. */
const SERIES_BUDGET = 1_200;
const VFS_OF_PF = 16;
const macOf = (port: number, index: number): MacAddress =>
  parseMacAddress(`52:54:00:cb:4${port}:${index.toString(16).padStart(2, "0")}`);

async function plug(host: Host, bridge: string, netdev: string | undefined): Promise<void> {
  assert.ok(netdev !== undefined);
  await setLinkState(host, netdev, true);
  await addPort(host, bridge, netdev);
}

/** A VM on a vDPA device on each of 2 PFs x 16 VFs, and each PF with a bridge of its own. */
async function fullHost() {
  const clock = new ManualClock(1_700_000_000_000);
  const host = createSimHost({ clock, cabledPorts: [0, 1] });
  const read = () => readInventory({ host, clock, agentVersion: "0.1.0", nicProfiles: [] });
  const pfs = async () => (await read()).nics.flatMap((nic) => nic.pfs);
  for (const module of ["mlx5_vdpa", "vhost_vdpa"]) await loadModule(host, module);
  await startOvs(host);
  await setHwOffload(host, true);
  await restartOvs(host);
  for (const pf of await pfs()) {
    await setEswitchMode(host, pf.devlinkHandle, "switchdev");
    await writeVfCount(host, pf.numVfsPath, VFS_OF_PF);
  }
  for (const [port, pf] of (await pfs()).entries()) await useAll(host, pf, port);
  for (const pf of await pfs()) await startVms(host, pf);
  return { host, clock, inventory: await read() };
}

async function useAll(host: Host, pf: Pf, port: number): Promise<void> {
  const bridge = `cxbr${port}`;
  await addBridge(host, bridge);
  await plug(host, bridge, pf.link.netdev);
  for (const vf of pf.vfs) {
    await plug(host, bridge, vf.representor?.netdev);
    assert.ok(vf.mgmtdev !== undefined);
    const mac = macOf(port, vf.index);
    const name = `sy-82-${port}-${vf.index}`;
    await addVdpaDevice(host, { name, mgmtdev: vf.mgmtdev.handle, mac, maxVqp: 8 });
  }
}

async function startVms(host: Host, pf: Pf): Promise<void> {
  for (const { vdpa } of pf.vfs) {
    assert.ok(vdpa?.vhostPath !== undefined && vdpa.mac !== undefined);
    const path = `/root/downloads/${vdpa.name}.qcow2`;
    await host.replaceFile(path, "");
    await startQemu(host, {
      ...{ vm: `vm-${vdpa.name}`, accelerator: "kvm", vcpuCount: 2, memoryBytes: 1024 ** 3 },
      boot: { kind: "disk", path, format: "qcow2" },
      hasGuestAgent: true,
      nics: [{ kind: "vdpa", vhostPath: vdpa.vhostPath, queuePairs: 8, mac: vdpa.mac }],
    });
  }
}

async function seriesOf({
  host,
  clock,
  inventory,
}: {
  readonly host: Host;
  readonly clock: ManualClock;
  readonly inventory: Inventory;
}) {
  const collector = createCollector({
    ...{ host, clock, log: silentLogger, offload: createOffloadWatch() },
    readSelf: () => ({
      ...{ "agent.rss_bytes": 1, "agent.cpu_seconds": 1, "agent.event_loop_lag": 0 },
      ...{ "agent.ledger_bytes": 1, "agent.ring_bytes": 1, "agent.ring_samples": 1 },
      "agent.samples_dropped": 0,
    }),
  });
  for (let pass = 0; pass < 3; pass += 1) {
    await collector.collect(inventory);
    await clock.advance(10_000);
  }
  return collector.latest();
}

describe("a host's budget of series", () => {
  it("holds for 2 PFs of 16 VFs each, a VM on every one", async () => {
    const full = await fullHost();
    assert.equal(full.inventory.vms.length, 2 * VFS_OF_PF);
    const samples = await seriesOf(full);
    const byMetric = Map.groupBy(samples, ({ metric }) => metric);
    const counts = [...byMetric].map(([metric, of]) => `${metric} ${of.length}`).join(", ");
    assert.equal(byMetric.get("nic.vf.rx_bytes")?.length, 2 * VFS_OF_PF);
    assert.equal(byMetric.get("vdpa.completed_descriptors")?.length, 4 * VFS_OF_PF);
    assert.ok(samples.length <= SERIES_BUDGET, `${samples.length} series: ${counts}`);
  });

  it("holds for more VFs, because above 64 they are added up for each PF", async () => {
    const full = await fullHost();
    const [nic] = full.inventory.nics;
    assert.ok(nic !== undefined);
    // Three times the VFs there are, each told as if it had an index of its own.
    const pfs = nic.pfs.map((pf) => ({
      ...pf,
      vfs: [0, 1, 2].flatMap((turn) =>
        pf.vfs.map((vf) => ({ ...vf, index: turn * VFS_OF_PF + vf.index })),
      ),
    }));
    const samples = await seriesOf({
      ...full,
      inventory: { ...full.inventory, nics: [{ ...nic, pfs }] },
    });
    const vfs = samples.filter(({ metric }) => metric === "nic.vf.rx_bytes");
    assert.deepEqual(
      vfs.map(({ object }) => object),
      ["0000:82:00.0/vfall", "0000:82:00.1/vfall"],
    );
    assert.ok(samples.length <= SERIES_BUDGET, String(samples.length));
  });
});
