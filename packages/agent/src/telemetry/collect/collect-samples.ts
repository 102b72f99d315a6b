import { findProcessCpuSeconds, type Host, readCpuBusySeconds } from "@switchyard/host";
import type { Inventory, ObservedVm, Sample } from "@switchyard/model";
import type { Clock } from "@switchyard/runtime";
import { sampleNics } from "./nic-samples.ts";
import { attempt, type Sampler } from "./sampler.ts";

export interface CollectOptions {
  readonly host: Host;
  /** Says which netdevs, VFs and VMs there are; counters are read afresh. */
  readonly inventory: Inventory;
  readonly clock: Clock;
  /** Resident memory of this process; undefined where many agents share one process. */
  readonly agentRssBytes?: number;
}

/**
 * Reads every metric once. What can't be read is left out: a gap in a series tells the truth, a zero would
 * look like a counter that was reset.
 */
export async function collectSamples(options: CollectOptions): Promise<readonly Sample[]> {
  const { inventory, clock } = options;
  const samples: Sample[] = [];
  const sampler: Sampler = {
    host: options.host,
    add: (metric, object, value) => {
      if (value !== undefined) samples.push({ metric, object, value, atMs: clock.nowMs() });
    },
  };
  await sampleHost(sampler, inventory, options.agentRssBytes);
  await sampleNics(sampler, inventory);
  for (const vm of inventory.vms) await sampleVm(sampler, vm);
  return samples;
}

async function sampleHost(
  sampler: Sampler,
  inventory: Inventory,
  agentRssBytes: number | undefined,
): Promise<void> {
  const busySeconds = await attempt(() => readCpuBusySeconds(sampler.host));
  sampler.add("host.cpu_busy_seconds", "", busySeconds);
  sampler.add("host.cpu_count", "", inventory.cpu.threadCount);
  sampler.add("agent.rss_bytes", "", agentRssBytes);
}

async function sampleVm(sampler: Sampler, vm: ObservedVm): Promise<void> {
  const { pid } = vm;
  const cpuSeconds =
    pid === undefined ? undefined : await attempt(() => findProcessCpuSeconds(sampler.host, pid));
  const isRunning = vm.state === "running" && cpuSeconds !== undefined;
  sampler.add("vm.running", vm.vm, isRunning ? 1 : 0);
  sampler.add("vm.cpu_seconds", vm.vm, cpuSeconds);
}
