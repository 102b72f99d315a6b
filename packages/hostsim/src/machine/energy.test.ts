import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  findIpmiWatts,
  findPowerPath,
  findProcessUsage,
  listRaplZones,
  listTemperatures,
  raplIncrease,
  readBmcSettings,
  readChassisWatts,
  readCpuTimes,
  withRedfish,
} from "@switchyard/host";
import { ManualClock } from "@switchyard/runtime";
import { createSimHost } from "../fleet.ts";
import { restartOvs, startOvs } from "../ovs/vswitchd.ts";
import { startAct } from "./act.ts";
import { endProcess, startProcess } from "./process.ts";
import type { Qemu } from "./qemu.ts";
import type { MachineOverrides } from "./spec.ts";

function simulated(overrides: MachineOverrides = {}) {
  const clock = new ManualClock(1_700_000_000_000);
  const host = createSimHost({ clock, overrides });
  /** A VM of so many vCPUs that nobody asked for. */
  const addVm = (vcpuCount: number) =>
    startProcess(host.machine, {
      name: "qemu-kvm",
      argv: [],
      qemu: { options: { vcpuCount, memoryBytes: 1024 ** 3 }, minors: [] } as unknown as Qemu,
    });
  const rapl = async (seconds: number) => {
    const before = await listRaplZones(host);
    await clock.advance(seconds * 1000);
    const now = await listRaplZones(host);
    return new Map(
      now.map((zone, at) => {
        const known = before[at];
        assert.ok(known !== undefined);
        return [zone.name, raplIncrease(known, zone) / seconds];
      }),
    );
  };
  return { clock, host, addVm, rapl };
}

describe("power of a simulated machine", () => {
  it("follows the load of its CPUs, by RAPL and at the BMC alike", async () => {
    const { clock, host, addVm, rapl } = simulated();
    const idle = await rapl(10);
    assert.deepEqual(
      [...idle.keys()],
      [...["package-0", "package-0/dram", "package-1", "package-1/dram"]],
    );
    const before = await findIpmiWatts(host);
    addVm(64);
    const busy = await rapl(10);
    await clock.advance(2000);
    const after = await findIpmiWatts(host);
    assert.ok((busy.get("package-0") ?? 0) > (idle.get("package-0") ?? 0) + 10);
    assert.ok(
      before !== undefined && after !== undefined && after > before + 10,
      `${before} ${after}`,
    );
  });

  it("keeps counters of CPU time when a VM ends", async () => {
    const { clock, host, addVm } = simulated();
    const { pid } = addVm(16);
    await clock.advance(60_000);
    const usage = await findProcessUsage(host, pid);
    assert.ok(usage?.vcpuSeconds !== undefined && usage.vcpuSeconds > 0);
    const before = (await readCpuTimes(host)).busySeconds;
    endProcess(host.machine, pid);
    assert.ok((await readCpuTimes(host)).busySeconds >= before);
    assert.equal(await findProcessUsage(host, pid), undefined);
  });

  it("has CPUs kept busy by a faulty vswitchd that offloads, and by no other", async () => {
    const { clock, host } = simulated({ offloadBusyThreads: 2 });
    const restart = async (offload: boolean) => {
      startOvs(startAct(host.machine));
      const column = `other_config:hw-offload=${offload}`;
      await host.run({ argv: ["ovs-vsctl", "set", "Open_vSwitch", ".", column] });
      restartOvs(startAct(host.machine));
    };
    const busyThreads = async () => {
      const { busySeconds } = await readCpuTimes(host);
      await clock.advance(10_000);
      return ((await readCpuTimes(host)).busySeconds - busySeconds) / 10;
    };
    await restart(false);
    const sound = await busyThreads();
    await restart(true);
    assert.ok((await busyThreads()) > sound + 2);
    await restart(false);
    assert.ok(Math.abs((await busyThreads()) - sound) < 0.1);
  });

  it("turns the counter of RAPL where a real one turns", async () => {
    const { clock, rapl } = simulated();
    await clock.advance(6200_000);
    const watts = (await rapl(120)).get("package-0") ?? 0;
    assert.ok(watts > 40 && watts < 60, String(watts));
  });

  it("is told by Redfish, as the sensor shows it", async () => {
    const { host } = simulated({ isBmcConfigured: true });
    const settings = await readBmcSettings(host);
    assert.ok(settings);
    const watts = await withRedfish(host, settings, async (connection) => {
      const path = await findPowerPath(connection);
      return path === undefined ? undefined : await readChassisWatts(connection, path);
    });
    assert.equal(watts, await findIpmiWatts(host));
  });

  it("is not known inside a VM, and neither are temperatures of its CPUs", async () => {
    const { host } = simulated({ virtualization: "kvm" });
    assert.deepEqual(await listRaplZones(host), []);
    assert.equal(await findIpmiWatts(host), undefined);
    assert.deepEqual(await listTemperatures(host, (chip) => chip === "coretemp"), []);
  });

  it("comes with temperatures of cards and packages", async () => {
    const { host } = simulated();
    const sensors = await listTemperatures(host, () => true);
    assert.deepEqual(
      sensors.map(({ chip, device, label }) => [chip, device, label]),
      [
        ["mlx5", "0000:82:00.0", "asic"],
        ["mlx5", "0000:82:00.1", "asic"],
        ["coretemp", "coretemp.0", "Package id 0"],
        ["coretemp", "coretemp.1", "Package id 1"],
      ],
    );
    assert.ok(sensors.every(({ celsius, criticalCelsius = 0 }) => celsius < criticalCelsius));
  });
});
