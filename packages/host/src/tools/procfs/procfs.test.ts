import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createScriptedHost } from "../../testing/scripted-host.ts";
import {
  parseBusyTicks,
  parseCpuInfo,
  parseMemoryBytes,
  parseOsRelease,
  parseProcessStat,
} from "./parse.ts";
import { findProcessCpuSeconds, readMachine } from "./procfs.ts";

describe("parseCpuInfo", () => {
  it("counts threads and sockets and sees hardware virtualisation", () => {
    const thread = (id: number, socket: number) =>
      `processor\t: ${id}\nmodel name\t: Intel(R) Xeon(R) Gold 6130 CPU @ 2.10GHz\nphysical id\t: ${socket}\nflags\t\t: fpu vme vmx ssse3\nvmx flags\t: vnmi preemption_timer\n`;
    assert.deepEqual(parseCpuInfo([thread(0, 0), thread(1, 1), thread(2, 1)].join("\n")), {
      modelName: "Intel(R) Xeon(R) Gold 6130 CPU @ 2.10GHz",
      socketCount: 2,
      threadCount: 3,
      hasVirtualization: true,
    });
  });

  it("takes a machine that names no socket for one socket without virtualisation", () => {
    const cpu = parseCpuInfo("processor\t: 0\nmodel name\t: QEMU TCG CPU\nflags\t\t: fpu vme\n");
    assert.deepEqual([cpu.socketCount, cpu.hasVirtualization], [1, false]);
  });
});

describe("parseMemoryBytes", () => {
  it("turns the kernel's kB, which are KiB, into bytes", () => {
    assert.equal(parseMemoryBytes("MemTotal:       131072 kB\nMemFree: 1 kB\n"), 134217728);
  });
});

describe("parseOsRelease", () => {
  it("takes quotes away and leaves comments out", () => {
    const text =
      '# a comment\nNAME="Rocky Linux"\nID="rocky"\nVERSION_ID=\'9.4\'\nPRETTY_NAME="Rocky Linux 9.4 (\\"Blue Onyx\\")"\n';
    assert.deepEqual(parseOsRelease(text), {
      id: "rocky",
      idLike: [],
      versionId: "9.4",
      prettyName: 'Rocky Linux 9.4 ("Blue Onyx")',
    });
  });
});

describe("parseBusyTicks", () => {
  it("leaves out idling, waiting for disks, and guests, which are in user already", () => {
    assert.equal(parseBusyTicks("cpu  1 2 4 1000 1000 8 16 32 64 128\ncpu0 9 9 9 9\n"), 63);
  });
});

describe("parseProcessStat", () => {
  const stat = "812 (sy-vm) 1 (x)) R 1 812 812 0 -1 4194560 1 0 0 0 250 150 0 0 20 0 3 0 4711 9 9";

  it("is not misled by a name with spaces and parentheses", () => {
    assert.deepEqual(parseProcessStat(stat), {
      pid: 812,
      state: "R",
      cpuTicks: 400,
      startTicks: 4711,
    });
  });

  it("gives CPU time in seconds while the process is there", async () => {
    const host = createScriptedHost({ files: { "/proc/812/stat": stat } });
    assert.equal(await findProcessCpuSeconds(host, 812), 4);
    assert.equal(await findProcessCpuSeconds(host, 813), undefined);
  });
});

describe("readMachine", () => {
  it("says unknown where there is no DMI", async () => {
    const host = createScriptedHost({ files: { "/sys/class/dmi/id/sys_vendor": "Dell Inc.\n" } });
    assert.deepEqual(await readMachine(host), {
      vendor: "Dell Inc.",
      model: "unknown",
      serial: "unknown",
    });
  });
});
