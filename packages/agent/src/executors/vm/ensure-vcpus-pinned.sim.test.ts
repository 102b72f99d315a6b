import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { openQmp, queryVcpuThreads, readThreadCpus } from "@switchyard/host";
import { createSimHost, type SimHost } from "@switchyard/hostsim";
import { vmPaths } from "@switchyard/model";
import { planHost, planJob } from "@switchyard/planner";
import { systemClock } from "@switchyard/runtime";
import { readInventory } from "../../inventory/read-inventory.ts";
import { assertStepProperties, stepContext } from "../../testing/step-properties.ts";
import { DATAPATH, HOST, vmInSlot } from "../../testing/testbed.ts";
import { EXECUTORS } from "../executors.ts";

const inventoryOf = (host: SimHost) =>
  readInventory({ host, clock: systemClock, agentVersion: "0.0.0-test", nicProfiles: [] });

async function hostWithVm(): Promise<SimHost> {
  const host = createSimHost({ name: HOST });
  const steps = [...planHost(DATAPATH, await inventoryOf(host)).steps];
  const run = async (all: typeof steps) => {
    for (const step of all) {
      const executor = EXECUTORS[step.kind];
      if (executor.kind !== "ensure") continue;
      const { state } = await executor.probe(stepContext(host), step.arguments as never);
      await executor.apply(stepContext(host), step.arguments as never, state as never);
    }
  };
  await run(steps);
  await run([...planJob({ kind: "start-vm", vm: vmInSlot(0) }, await inventoryOf(host)).steps]);
  return host;
}

async function affinities(host: SimHost): Promise<readonly string[]> {
  const session = await openQmp(host, vmPaths("vm-0").qmpSocket, { clock: systemClock });
  const threads = await queryVcpuThreads(session);
  session.close();
  return Promise.all(threads.map((thread) => readThreadCpus(host, thread)));
}

const look = async (host: SimHost) => ({
  affinities: await affinities(host),
  claim: await host.exists(vmPaths("vm-0").cpusFile),
});

describe("ensureVcpusPinned", () => {
  it("has the four properties, whichever thread it fails at", async () => {
    const host = await hostWithVm();
    for (const cpu of ["1", "5"]) {
      await assertStepProperties({
        host,
        kind: "ensureVcpusPinned",
        args: { vm: "vm-0", cpus: [1, 3, 5, 7] },
        look: () => look(host),
        failure: {
          match: { kind: "run", program: "taskset", words: ["-pc", cpu] },
          action: { kind: "fail", exitCode: 1, stderr: "taskset: failed to set affinity" },
        },
      });
    }
    assert.deepEqual(await affinities(host), Array(4).fill("0-79"));
  });

  it("is seen in the inventory, by which the next VM is planned", async () => {
    const host = await hostWithVm();
    const executor = EXECUTORS.ensureVcpusPinned;
    assert.ok(executor.kind === "ensure");
    const args = { vm: "vm-0", cpus: [2, 4, 6, 8] };
    const { state } = await executor.probe(stepContext(host), args);
    await executor.apply(stepContext(host), args, state);
    assert.deepEqual(await affinities(host), ["2", "4", "6", "8"]);
    const inventory = await inventoryOf(host);
    assert.deepEqual(inventory.vms[0]?.pinnedCpus, [2, 4, 6, 8]);
    const other = vmInSlot(1);
    const spec = { ...other.spec, cpuPinning: true };
    const { steps } = planJob({ kind: "start-vm", vm: { ...other, spec } }, inventory);
    const pinned = steps.find((step) => step.kind === "ensureVcpusPinned");
    assert.ok(pinned?.kind === "ensureVcpusPinned");
    assert.deepEqual(pinned.arguments.cpus, [1, 3, 5, 7]);
  });

  it("refuses CPUs that are not there, and a VM with other vCPUs", async () => {
    const host = await hostWithVm();
    const executor = EXECUTORS.ensureVcpusPinned;
    assert.ok(executor.kind === "ensure");
    for (const cpus of [
      [1, 2, 3, 4096],
      [1, 2],
    ]) {
      const args = { vm: "vm-0", cpus };
      const { state } = await executor.probe(stepContext(host), args);
      await assert.rejects(executor.apply(stepContext(host), args, state));
      await executor.undo?.(stepContext(host), args, state);
      assert.deepEqual(await affinities(host), Array(4).fill("0-79"));
    }
  });
});
