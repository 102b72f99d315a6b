import assert from "node:assert/strict";
import { beforeEach, describe, it } from "node:test";
import { guestPing } from "@switchyard/host";
import { createSimHost, type SimHost } from "@switchyard/hostsim";
import {
  domainPaths,
  type Inventory,
  type JobSpec,
  type VmDesired,
  type VmRuntimeKind,
  vmPaths,
} from "@switchyard/model";
import { planHost, planJob } from "@switchyard/planner";
import { seededRandom, systemClock } from "@switchyard/runtime";
import { waitFor } from "@switchyard/testkit";
import type { Executor } from "../executors/executor.ts";
import { EXECUTORS } from "../executors/executors.ts";
import { readInventory } from "../inventory/read-inventory.ts";
import { stepContext } from "../testing/step-properties.ts";
import { DATAPATH, HOST, vmInSlot } from "../testing/testbed.ts";

const SEED = 5;

const inventoryOf = (host: SimHost): Promise<Inventory> =>
  readInventory({ host, clock: systemClock, agentVersion: "0.0.0-test", nicProfiles: [] });

const vmBy = (slot: number, runtime: VmRuntimeKind): VmDesired => {
  const vm = vmInSlot(slot);
  return { ...vm, spec: { ...vm.spec, runtime } };
};

type AnyEnsure = Extract<Executor<"noop">, { kind: "ensure" }>;

async function runSteps(host: SimHost, plan: ReturnType<typeof planJob>): Promise<void> {
  for (const step of plan.steps) {
    const executor = EXECUTORS[step.kind] as unknown as AnyEnsure;
    if (executor.kind !== "ensure") continue;
    const { state, isSatisfied } = await executor.probe(stepContext(host), step.arguments as never);
    if (!isSatisfied) await executor.apply(stepContext(host), step.arguments as never, state);
  }
}

const runJob = async (host: SimHost, spec: JobSpec): Promise<void> =>
  runSteps(host, planJob(spec, await inventoryOf(host)));
const start = (host: SimHost, vm: VmDesired) => runJob(host, { kind: "start-vm", vm });
const remove = (host: SimHost, vm: VmDesired) => runJob(host, { kind: "delete-vm", vm });

describe("a VM that libvirt runs", () => {
  let host: SimHost;
  const vm = vmBy(0, "libvirt");
  const observed = async () => (await inventoryOf(host)).vms.find((each) => each.vm === "vm-0");

  beforeEach(async () => {
    host = createSimHost({ name: HOST, random: seededRandom(SEED) });
    await runSteps(host, planHost(DATAPATH, await inventoryOf(host)));
    await start(host, vm);
  });

  it("is seen as one that QEMU runs: process, NIC, guest agent and who started it", async () => {
    const { nics, ...seen } = (await observed()) ?? assert.fail("no VM");
    const { mac } = vm.allocation.nics[0] ?? assert.fail("no NIC");
    assert.deepEqual(
      nics.map((nic) => [nic.mac, nic.vhostPath]),
      [[mac, "/dev/vhost-vdpa-0"]],
    );
    assert.deepEqual(
      [seen.state, seen.runtime, seen.isGuestAgentUp, seen.startedBy?.job !== undefined],
      ["running", "libvirt", true, true],
    );
    assert.equal(seen.pid, Number(await host.readFile(domainPaths("vm-0").pidFile)));
  });

  it("talks to its guest through libvirt, which holds the channel", async () => {
    const { guestAgentSocket } = vmPaths("vm-0");
    assert.equal(await guestPing(host, guestAgentSocket, 1_000), true);
    const direct = await host.connectSocket(guestAgentSocket);
    direct.send('{"execute":"guest-ping"}');
    assert.equal(await direct.receive(10), undefined);
  });

  it("runs beside one that QEMU runs, and leaves nothing behind", async () => {
    const other = vmBy(1, "qemu");
    await start(host, other);
    assert.deepEqual([...host.vms].sort(), ["vm-0", "vm-1"]);
    await remove(host, vm);
    await remove(host, other);
    assert.deepEqual(host.vms, []);
    assert.equal(await observed(), undefined);
    assert.equal(await host.exists(domainPaths("vm-0").definition), false);
    assert.equal(await host.exists(vmPaths("vm-0").folder), false);
  });

  it("is reported as failed when its QEMU is killed", async () => {
    host.killVm("vm-0");
    const seen = await observed();
    assert.equal(seen?.state, "failed");
    assert.match(seen?.reason ?? "", /shut off \(crashed\)/);
  });

  it("is stopped when it shut itself down", async () => {
    await host.run({ argv: ["virsh", "shutdown", "sy-vm-0"] });
    const seen = await waitFor(async () => {
      const now = await observed();
      return now?.state === "stopped" ? now : undefined;
    });
    assert.match(seen.reason ?? "", /shut off \(shutdown\)/);
  });

  it("goes on while libvirt's daemon is down, which is said and no harm", async () => {
    await host.run({ argv: ["systemctl", "stop", "libvirtd"] });
    const seen = await observed();
    assert.equal(seen?.state, "running");
    assert.match(seen?.reason ?? "", /libvirt's daemon does not answer/);
    await host.run({ argv: ["systemctl", "start", "libvirtd"] });
    assert.equal((await observed())?.reason, undefined);
  });

  it("can't be started while the daemon is down, and nothing is half done", async () => {
    await remove(host, vm);
    await host.run({ argv: ["systemctl", "stop", "libvirtd"] });
    await assert.rejects(start(host, vm), { reason: "LIBVIRT_UNREACHABLE" });
    assert.deepEqual(host.vms, []);
  });

  it("changes its runtime once it is stopped, and not while it runs", async () => {
    const asQemu = vmBy(0, "qemu");
    const { findings } = planJob({ kind: "start-vm", vm: asQemu }, await inventoryOf(host));
    assert.deepEqual(
      findings.map(({ reason }) => reason),
      ["VM_RUNTIME_OTHER"],
    );
    await start(host, asQemu);
    assert.equal((await observed())?.runtime, "libvirt");
    host.killVm("vm-0");
    await start(host, asQemu);
    assert.deepEqual([(await observed())?.runtime, (await observed())?.state], ["qemu", "running"]);
    assert.equal(await host.exists(domainPaths("vm-0").definition), false);
  });

  it("is still known after a boot, so that its definition is taken away with it", async () => {
    await host.reboot("a test");
    assert.equal((await observed())?.state, "stopped");
    await remove(host, vm);
    assert.equal(await host.exists(domainPaths("vm-0").definition), false);
  });
});
