import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createScriptedHost, type Script } from "@switchyard/host";
import type { METRICS } from "@switchyard/model";
import { ManualClock, silentLogger } from "@switchyard/runtime";
import { readInventory } from "../../inventory/read-inventory.ts";
import { R740, R740_COMMANDS, R740_FILES } from "../../inventory/testing/r740.ts";
import { createOffloadWatch } from "../offload/offload-watch.ts";
import { createCollector } from "./collector.ts";

const statistics = (netdev: string, base: number) => ({
  [`/sys/class/net/${netdev}/statistics/rx_bytes`]: `${base + 1}\n`,
  [`/sys/class/net/${netdev}/statistics/tx_bytes`]: `${base + 2}\n`,
  [`/sys/class/net/${netdev}/statistics/rx_packets`]: `${base + 3}\n`,
  [`/sys/class/net/${netdev}/statistics/tx_packets`]: `${base + 4}\n`,
});
const STATS =
  "NIC statistics:\n     rx_packets: 1\n     rx_bytes: 2\n     tx_packets: 3\n     tx_bytes: 4\n     vport_rx_packets: 11\n     vport_rx_bytes: 12\n     vport_tx_packets: 13\n     vport_tx_bytes: 14\n";
const SCRIPT: Script = {
  ...R740,
  files: { ...R740_FILES, ...statistics("enp130s0f0np0", 100), ...statistics("eth4", 200) },
  commands: { ...R740_COMMANDS, "ethtool -S eth4": { stdout: STATS } },
};

async function collect(script: Script, vms: "none" | "one" = "none") {
  const host = createScriptedHost(script);
  const clock = new ManualClock(7000);
  const inventory = await readInventory({ host, clock, agentVersion: "0.1.0", nicProfiles: [] });
  const vm = {
    vm: "web-1",
    state: "running" as const,
    pid: 812,
    startedBy: undefined,
    nics: [],
    isGuestAgentUp: false,
    reason: undefined,
  };
  const observed = vms === "one" ? { ...inventory, vms: [vm] } : inventory;
  const collector = createCollector({
    ...{ host, clock, log: silentLogger, offload: createOffloadWatch() },
    readSelf: () => ({ "agent.rss_bytes": 64 }),
  });
  const samples = await collector.collect(observed);
  return {
    samples,
    value: (metric: keyof typeof METRICS, object: string) =>
      samples.find((sample) => sample.metric === metric && sample.object === object)?.value,
  };
}

describe("collect", () => {
  it("reads uplinks as the kernel counts them", async () => {
    const { value } = await collect(SCRIPT);
    assert.equal(value("nic.uplink.rx_bytes", "0000:82:00.0"), 101);
    assert.equal(value("nic.uplink.tx_packets", "0000:82:00.0"), 104);
  });

  it("takes a representor's own counters for what the CPU handled, not the kernel's statistics of it", async () => {
    const { value } = await collect(SCRIPT);
    const vf = "0000:82:00.0/vf0";
    const [rx, tx] = ["nic.representor.rx_packets", "nic.representor.tx_bytes"] as const;
    assert.deepEqual([value(rx, vf), value(tx, vf)], [1, 4]);
    const plain = { ...SCRIPT.commands, "ethtool -S eth4": { stdout: "NIC statistics:\n" } };
    const other = await collect({ ...SCRIPT, commands: plain });
    assert.deepEqual([other.value(rx, vf), other.value(tx, vf)], [203, 202]);
    assert.equal(other.value("nic.vf.rx_bytes", vf), undefined);
  });

  it("reads VFs from their representors with directions turned round", async () => {
    const { value } = await collect(SCRIPT);
    const vf = "0000:82:00.0/vf0";
    assert.deepEqual([value("nic.vf.tx_packets", vf), value("nic.vf.tx_bytes", vf)], [11, 12]);
    assert.deepEqual([value("nic.vf.rx_packets", vf), value("nic.vf.rx_bytes", vf)], [13, 14]);
  });

  it("leaves a gap where the driver has no such counter or nothing can be read", async () => {
    const { value } = await collect(SCRIPT);
    assert.equal(value("nic.vf.rx_bytes", "0000:82:00.0/vf1"), undefined);
    assert.equal(value("nic.representor.rx_bytes", "0000:82:00.0/vf1"), undefined);
    assert.equal(value("nic.uplink.rx_bytes", "0000:82:00.1"), undefined);
  });

  it("reads the host and the agent", async () => {
    const { value, samples } = await collect(SCRIPT);
    assert.equal(value("host.cpu_busy_seconds", ""), 1.5);
    assert.equal(value("host.cpu_count", ""), 1);
    assert.equal(value("agent.rss_bytes", ""), 64);
    assert.ok(samples.every(({ atMs }) => atMs === 7000));
  });

  it("sees at once that a VM's process is gone", async () => {
    const stat = "812 (sy-web-1) S 1 812 812 0 -1 0 0 0 0 0 250 150 0 0 20 0 3 0 4711 0 0";
    const alive = await collect(
      { ...SCRIPT, files: { ...SCRIPT.files, "/proc/812/stat": stat } },
      "one",
    );
    assert.deepEqual(
      [alive.value("vm.running", "web-1"), alive.value("vm.cpu_seconds", "web-1")],
      [1, 4],
    );
    const gone = await collect(SCRIPT, "one");
    assert.deepEqual(
      [gone.value("vm.running", "web-1"), gone.value("vm.cpu_seconds", "web-1")],
      [0, undefined],
    );
  });
});
