import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createScriptedHost } from "../../testing/scripted-host.ts";
import { listNumaNodes, readHugepages } from "./memory.ts";
import { parseCpuCount } from "./parse.ts";

describe("readHugepages", () => {
  it("tells what is set aside by size, and nothing of sizes without pages", async () => {
    const file = (kib: number) => `/sys/kernel/mm/hugepages/hugepages-${kib}kB/nr_hugepages`;
    const host = createScriptedHost({
      files: { [file(1_048_576)]: "16\n", [file(2048)]: "512\n", [file(64)]: "0\n" },
    });
    assert.deepEqual(await readHugepages(host), [
      { sizeBytes: 2 * 1024 ** 2, count: 512 },
      { sizeBytes: 1024 ** 3, count: 16 },
    ]);
  });

  it("finds none where the kernel has none", async () => {
    assert.deepEqual(await readHugepages(createScriptedHost({})), []);
  });
});

describe("listNumaNodes", () => {
  it("counts threads and memory of each, also of a node without either", async () => {
    const node = (number: number, cpus: string, kib: number) => ({
      [`/sys/devices/system/node/node${number}/cpulist`]: `${cpus}\n`,
      [`/sys/devices/system/node/node${number}/meminfo`]: `Node ${number} MemTotal:       ${kib} kB\nNode ${number} MemFree: 1 kB\n`,
    });
    const files = { ...node(1, "1,3,5", 0), ...node(0, "0-2,4", 1024), ...node(2, "", 0) };
    const host = createScriptedHost({
      files: { ...files, "/sys/devices/system/node/online": "0-2\n" },
    });
    assert.deepEqual(await listNumaNodes(host), [
      { node: 0, threadCount: 4, memoryBytes: 1024 ** 2 },
      { node: 1, threadCount: 3, memoryBytes: 0 },
      { node: 2, threadCount: 0, memoryBytes: 0 },
    ]);
    assert.deepEqual(await listNumaNodes(createScriptedHost({})), []);
  });
});

describe("parseCpuCount", () => {
  it("counts ranges and single ones", () => {
    assert.equal(parseCpuCount("0-19,40-59\n"), 40);
    assert.equal(parseCpuCount("7"), 1);
    assert.equal(parseCpuCount("\n"), 0);
  });
});
