import {
  findProcessCpuSeconds,
  findProcessUsage,
  listNumaNodes,
  readCpuTimes,
  readDisksExactly,
  readMemory,
} from "@switchyard/host";
import type { Pass, Source } from "../source.ts";

/** VMs looked at; a host of ours holds fewer. */
const VMS_MAX = 128;

export const cpuSource = (): Source => ({
  name: "CPU",
  rate: "1s",
  read: async (pass) => {
    const { busySeconds, seconds, bootTimeSeconds } = await readCpuTimes(pass.host);
    pass.add("host.cpu_busy_seconds", "", busySeconds);
    for (const [mode, value] of seconds) pass.add("host.cpu_seconds", mode, value);
    pass.add("host.cpu_count", "", pass.inventory.cpu.threadCount);
    pass.add("host.boot_time", "", bootTimeSeconds);
  },
});

export const memorySource = (): Source => ({
  name: "memory",
  rate: "10s",
  read: async (pass) => {
    const { sizeBytes, availableBytes } = await readMemory(pass.host);
    pass.add("host.memory_size", "", sizeBytes);
    pass.add("host.memory_available", "", availableBytes);
  },
});

/** What seldom changes: file systems and huge pages. */
export const storeSource = (): Source => ({
  name: "disks and huge pages",
  rate: "60s",
  read: async (pass) => {
    for (const disk of (await pass.attempt(() => readDisksExactly(pass.host))) ?? []) {
      pass.add("host.disk_size", disk.path, disk.sizeBytes);
      pass.add("host.disk_available", disk.path, disk.availableBytes);
    }
    for (const { node, hugepages } of (await pass.attempt(() => listNumaNodes(pass.host))) ?? []) {
      for (const { sizeBytes, count, freeCount } of hugepages ?? []) {
        const object = `${node}/${sizeBytes}`;
        pass.add("host.huge_pages", object, count);
        pass.add("host.huge_pages_free", object, freeCount);
      }
    }
  },
});

/** VMs that are sampled. */
export const vmsOf = ({ inventory }: Pass) => inventory.vms.slice(0, VMS_MAX);

/** Whether VMs run, and what their processes take. */
export const vmSource = (): Source => ({
  name: "VMs",
  rate: "1s",
  read: async (pass) => {
    for (const { vm, pid, state } of vmsOf(pass)) {
      const seconds =
        pid === undefined
          ? undefined
          : await pass.attempt(() => findProcessCpuSeconds(pass.host, pid));
      pass.add("vm.running", vm, state === "running" && seconds !== undefined ? 1 : 0);
      pass.add("vm.cpu_seconds", vm, seconds);
    }
  },
});

/** The same by threads, which are many. */
export const vmThreadSource = (): Source => ({
  name: "threads of VMs",
  rate: "5s",
  read: async (pass) => {
    for (const { vm, pid } of vmsOf(pass)) {
      if (pid === undefined) continue;
      const usage = await pass.attempt(() => findProcessUsage(pass.host, pid));
      pass.add("vm.vcpu_seconds", vm, usage?.vcpuSeconds);
      pass.add("vm.memory_resident", vm, usage?.residentBytes);
    }
  },
});
