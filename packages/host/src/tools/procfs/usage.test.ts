import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createScriptedHost } from "../../testing/scripted-host.ts";
import { findProcessUsage, readCpuTimes, readMemory } from "./usage.ts";

const thread = (pid: number, name: string, user: number, system: number) => ({
  [`/proc/812/task/${pid}/stat`]: `${pid} (${name}) S 1 812 812 0 -1 0 0 0 0 0 ${user} ${system} 0 0 20 0 3 0 4711 0 0\n`,
});

describe("readCpuTimes", () => {
  it("reads every mode, the sum of those that are busy, and when the host booted", async () => {
    const stat =
      "cpu  100 10 50 9000 7 1 2 3 90 0\ncpu0 100 10 50 9000 7 1 2 3 90 0\nbtime 1700000000\n";
    const times = await readCpuTimes(createScriptedHost({ files: { "/proc/stat": stat } }));
    assert.equal(times.busySeconds, 1.66);
    assert.equal(times.bootTimeSeconds, 1_700_000_000);
    assert.deepEqual(Object.fromEntries(times.seconds), {
      ...{ user: 1, nice: 0.1, system: 0.5, idle: 90 },
      ...{ iowait: 0.07, irq: 0.01, softirq: 0.02, steal: 0.03 },
    });
  });
});

describe("readMemory", () => {
  it("tells what programs can get from what is free", async () => {
    const meminfo = "MemTotal:       1000 kB\nMemFree:         10 kB\nMemAvailable:   600 kB\n";
    const memory = await readMemory(createScriptedHost({ files: { "/proc/meminfo": meminfo } }));
    assert.deepEqual(memory, { sizeBytes: 1_024_000, availableBytes: 614_400 });
  });
});

describe("findProcessUsage", () => {
  it("adds up the threads that run vCPUs and leaves the others out", async () => {
    const host = createScriptedHost({
      files: {
        "/proc/812/status": "Name:\tqemu-kvm\nVmRSS:\t    2048 kB\nThreads:\t4\n",
        ...thread(812, "qemu-kvm", 500, 0),
        ...thread(815, "CPU 0/KVM", 100, 20),
        ...thread(816, "CPU 1/KVM", 30, 0),
        ...thread(817, "IO mon_iothread", 9, 9),
      },
    });
    assert.deepEqual(await findProcessUsage(host, 812), {
      vcpuSeconds: 1.5,
      residentBytes: 2_097_152,
    });
  });

  it("does not call threads without names idle, and finds no process that is gone", async () => {
    const status = { "/proc/812/status": "Name:\tqemu-kvm\n" };
    assert.deepEqual(await findProcessUsage(createScriptedHost({ files: status }), 812), {
      vcpuSeconds: undefined,
      residentBytes: undefined,
    });
    assert.equal(await findProcessUsage(createScriptedHost({}), 812), undefined);
  });
});
