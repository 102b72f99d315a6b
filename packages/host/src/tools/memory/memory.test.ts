import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createScriptedHost } from "../../testing/scripted-host.ts";
import { listNumaNodes, readHugepages } from "./memory.ts";
import { parseCpuList } from "./parse.ts";

describe("readHugepages", () => {
  it("tells what is set aside by size, and nothing of sizes without pages", async () => {
    const file = (kib: number) => `/sys/kernel/mm/hugepages/hugepages-${kib}kB/nr_hugepages`;
    const host = createScriptedHost({
      files: {
        [file(1_048_576)]: "16\n",
        [file(2048)]: "512\n",
        [file(2048).replace("nr_", "free_")]: "12\n",
        [file(64)]: "0\n",
      },
    });
    assert.deepEqual(await readHugepages(host), [
      { sizeBytes: 2 * 1024 ** 2, count: 512, freeCount: 12 },
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
    const pages = "/sys/devices/system/node/node1/hugepages/hugepages-1048576kB";
    const huge = { [`${pages}/nr_hugepages`]: "4\n", [`${pages}/free_hugepages`]: "1\n" };
    const files = { ...huge, ...node(1, "1,3,5", 0), ...node(0, "0-2,4", 1024), ...node(2, "", 0) };
    const host = createScriptedHost({
      files: { ...files, "/sys/devices/system/node/online": "0-2\n" },
    });
    assert.deepEqual(await listNumaNodes(host), [
      { node: 0, threadCount: 4, memoryBytes: 1024 ** 2, cpus: [0, 1, 2, 4], hugepages: [] },
      {
        node: 1,
        threadCount: 3,
        memoryBytes: 0,
        cpus: [1, 3, 5],
        hugepages: [{ sizeBytes: 1024 ** 3, count: 4, freeCount: 1 }],
      },
      { node: 2, threadCount: 0, memoryBytes: 0, cpus: [], hugepages: [] },
    ]);
    assert.deepEqual(await listNumaNodes(createScriptedHost({})), []);
  });
});

describe("parseCpuList", () => {
  it("lists ranges and single ones", () => {
    assert.deepEqual(parseCpuList("0-2,40-41\n"), [0, 1, 2, 40, 41]);
    assert.deepEqual(parseCpuList("7"), [7]);
    assert.deepEqual(parseCpuList("\n"), []);
  });
});
