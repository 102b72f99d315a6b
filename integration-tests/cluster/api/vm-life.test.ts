import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { JobKind, PlanGoal, Vm, VmState } from "@switchyard/client";
import { buildBareR740 } from "@switchyard/testkit/builders";
import { networkOf, profileOf, vmOf } from "./records.ts";
import { refusedWith } from "./refusal.ts";
import { startWorld, type World } from "./world.ts";

const HOST = "hosts/r740-01";
const GIB = 1024n ** 3n;

describe("the life of a VM over the API", () => {
  let world: World;
  const vms = () => world.client.vms;
  const get = (name = "vms/web-1") => vms().getVm({ name });
  /** What the job leads to. */
  const done = async (vm: Vm): Promise<Vm> => {
    await world.doJob(vm.job);
    return get(vm.name);
  };
  const update = (path: string, spec: object, etag = "", name = "vms/web-1") =>
    vms().updateVm({ vm: Vm.fromPartial({ name, etag, spec }), updateMask: [`spec.${path}`] });

  before(async () => {
    world = await startWorld();
    const { client } = world;
    await world.enrol("r740-01", buildBareR740(), { pool: "vdpa" });
    await client.profiles.createProfile({ profileId: "cx6dx", profile: profileOf() });
    const { name, etag } = await client.plans.createPlan({
      host: HOST,
      goal: PlanGoal.APPLY_PROFILE,
    });
    await world.doJob((await client.plans.applyPlan({ name, etag })).name);
    await client.networks.createNetwork({ networkId: "lan", network: networkOf() });
    for (const vmId of ["web-1", "web-2"]) await done(await vms().createVm({ vmId, vm: vmOf() }));
  });
  after(() => world.stop());

  it("keeps slot and addresses over a stop, and starts with them", async () => {
    const { allocation } = await get();
    const stopping = await vms().stopVm({ name: "vms/web-1" });
    assert.equal(stopping.state, VmState.STOPPING);
    const job = await world.client.jobs.getJob({ name: stopping.job });
    assert.equal(job.kind, JobKind.STOP_VM);
    const stopped = await done(stopping);
    assert.equal(stopped.state, VmState.STOPPED);
    assert.deepEqual(stopped.allocation, allocation);
    const started = await done(await vms().startVm({ name: "vms/web-1" }));
    assert.equal(started.state, VmState.RUNNING);
    assert.deepEqual(started.allocation, allocation);
  });

  it("has one job at a time, and says for which state to wait", async () => {
    const stopping = await vms().stopVm({ name: "vms/web-1", force: true });
    for (const call of [
      () => vms().stopVm({ name: "vms/web-1" }),
      () => vms().startVm({ name: "vms/web-1" }),
      () => vms().rebootVm({ name: "vms/web-1" }),
    ]) {
      const { metadata } = await refusedWith("VM_STATE_CONFLICT", "FAILED_PRECONDITION", call());
      assert.equal(metadata["found"], "state stopping");
      assert.match(metadata["needs"] ?? "", /running|stopped/);
    }
    await done(stopping);
    await done(await vms().startVm({ name: "vms/web-1" }));
  });

  it("reboots a running VM", async () => {
    const rebooting = await vms().rebootVm({
      name: "vms/web-1",
      gracePeriod: { seconds: 5n, nanos: 0 },
    });
    assert.equal(rebooting.state, VmState.STARTING);
    assert.equal((await done(rebooting)).state, VmState.RUNNING);
  });

  it("fails a VM whose stop failed, with the job's failure, and lets it be stopped again", async () => {
    const stopping = await vms().stopVm({ name: "vms/web-1" });
    const failure = { reason: "VM_STOP_TIMED_OUT", message: "hangs", metadata: {}, step: "01" };
    await world.failJob(stopping.job, failure as never);
    const failed = await get();
    assert.deepEqual([failed.state, failed.failure?.reason], [VmState.FAILED, "VM_STOP_TIMED_OUT"]);
    assert.equal((await done(await vms().stopVm({ name: "vms/web-1" }))).state, VmState.STOPPED);
  });

  it("resizes a stopped VM together with what it takes of its host", async () => {
    const before = await world.client.hosts.getHost({ name: HOST });
    const { etag, generation } = await get();
    const grown = await update("vcpu_count", { vcpuCount: 8 }, etag);
    assert.equal(grown.spec?.vcpuCount, 8);
    assert.equal(grown.generation, generation + 1n);
    const after = await world.client.hosts.getHost({ name: HOST });
    assert.equal(before.capacity!.vcpuFreeCount - after.capacity!.vcpuFreeCount, 4);
    const more = await update("memory_bytes", { memoryBytes: 8n * GIB });
    assert.equal(more.spec?.memoryBytes, 8n * GIB);
    assert.equal(more.spec?.vcpuCount, 8, "what the mask does not name stays");
    const [nic] = more.spec?.nics ?? [];
    const wider = await update("nics", { nics: [{ ...nic, queuePairs: 0 }] });
    assert.equal(wider.spec?.nics[0]?.queuePairs, 8, "as many as vCPUs and slot allow");
    assert.equal(wider.allocation?.nics[0]?.queuePairs, 8);
    const started = await done(await vms().startVm({ name: "vms/web-1" }));
    assert.equal(started.state, VmState.RUNNING);
  });

  it("refuses a resize that can't be, and changes nothing", async () => {
    const { etag } = await get("vms/web-2");
    const name = "vms/web-2";
    const running = update("vcpu_count", { vcpuCount: 8 }, "", name);
    await refusedWith("VM_STATE_CONFLICT", "FAILED_PRECONDITION", running);
    const stopped = await done(await vms().stopVm({ name }));
    await refusedWith("ETAG_STALE", "ABORTED", update("vcpu_count", { vcpuCount: 8 }, etag, name));
    const huge = update("memory_bytes", { memoryBytes: 4096n * GIB }, "", name);
    const { metadata } = await refusedWith("NO_CAPACITY", "RESOURCE_EXHAUSTED", huge);
    assert.match(metadata["found"] ?? "", /MiB beside its other VMs/);
    assert.equal(metadata["needs"], "4194304 MiB");
    for (const [path, spec, field] of [
      ["name", {}, "update_mask"],
      ["vcpu_count", { vcpuCount: 256 }, "vm.spec.vcpu_count"],
      ["vcpu_count", { vcpuCount: 1 }, "vm.spec.nics[0].queue_pairs"],
      ["nics", { nics: [] }, "vm.spec.nics"],
      ["image.disk_bytes", {}, "vm.spec.image.disk_bytes"],
    ] as const) {
      const refused = await refusedWith(
        "FIELD_INVALID",
        "INVALID_ARGUMENT",
        update(path, spec, "", name),
      );
      assert.deepEqual(
        refused.fieldViolations.map((violation) => violation.field),
        [field],
      );
    }
    const none = vms().updateVm({ vm: Vm.fromPartial({ name, spec: {} }) });
    await refusedWith("FIELD_INVALID", "INVALID_ARGUMENT", none);
    assert.deepEqual(await get(name), stopped);
  });

  it("refuses a grace period that nobody would wait for", async () => {
    for (const change of [
      { gracePeriod: { seconds: 7200n, nanos: 0 } },
      { gracePeriod: { seconds: 0n, nanos: 0 } },
      { gracePeriod: { seconds: 5n, nanos: 0 }, force: true },
    ]) {
      const stop = vms().stopVm({ name: "vms/web-1", ...change });
      const { fieldViolations } = await refusedWith("FIELD_INVALID", "INVALID_ARGUMENT", stop);
      assert.equal(fieldViolations[0]?.field, "grace_period");
    }
  });

  it("deletes no VM that is protected, until that is lifted", async () => {
    await update("prevent_destroy", { preventDestroy: true });
    const remove = () => vms().deleteVm({ name: "vms/web-1" });
    await refusedWith("VM_PROTECTED", "FAILED_PRECONDITION", remove());
    assert.equal((await get()).state, VmState.RUNNING);
    await update("prevent_destroy", { preventDestroy: false });
    await world.doJob((await remove()).job);
    await refusedWith("VM_NOT_FOUND", "NOT_FOUND", get());
  });

  it("rehearses without a trace", async () => {
    const before = await get("vms/web-2");
    const started = await vms().startVm({ name: "vms/web-2", validateOnly: true });
    assert.equal(started.state, VmState.STARTING);
    assert.deepEqual(await get("vms/web-2"), before);
  });

  it("has every change of state in the audit, with where it came from", async () => {
    const { events } = await world.client.events.listEvents({ resource: "vms/web-2" });
    const states = events.filter(({ action }) => action === "vm.state");
    assert.deepEqual(
      states.slice(0, 2).map(({ details }) => [details["from"], details["state"]]),
      [
        ["stopping", "stopped"],
        ["running", "stopping"],
      ],
    );
  });
});
