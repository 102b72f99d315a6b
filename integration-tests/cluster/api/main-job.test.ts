import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { HostState, JobState, PlanGoal, PlanState, VmState } from "@switchyard/client";
import { buildBareR740 } from "@switchyard/testkit/builders";
import { networkOf, profileOf, vmOf } from "./records.ts";
import { startWorld, type World } from "./world.ts";

const HOST = "hosts/r740-07";

describe("the main job over the API", () => {
  let world: World;

  before(async () => {
    world = await startWorld();
  });
  after(() => world.stop());

  it("shows an enrolled host with its inventory and capacity", async () => {
    await world.enrol("r740-07", buildBareR740(), { pool: "vdpa" });
    const host = await world.client.hosts.getHost({ name: HOST });
    assert.equal(host.state, HostState.READY);
    assert.equal(host.inventory?.nics[0]?.psid, "DEL0000000027");
    assert.equal(host.inventory?.nics[0]?.runningFirmware, "22.39.10.02");
    assert.equal(host.capacity?.vcpuFreeCount, 80);
    assert.equal(host.capacity?.slotCount, 0);
    assert.deepEqual(host.findings, []);
  });

  it("takes a profile and says which hosts it matches and what differs", async () => {
    const profile = await world.client.profiles.createProfile({
      profileId: "cx6dx",
      profile: profileOf(),
    });
    assert.deepEqual(profile.matchedHosts, [HOST]);
    assert.equal(profile.generation, 1n);
    const diff = await world.client.profiles.diffProfile({ name: profile.name });
    const fields = new Map(diff.hosts[0]?.fields.map((field) => [field.field, field]));
    assert.equal(fields.get("pf[0000:82:00.0].eswitch_mode")?.observed, "legacy");
    assert.equal(fields.get("pf[0000:82:00.0].vf_count")?.desired, "2");
    assert.equal(fields.get("bridge[cxbr0].address")?.desired, "192.168.101.2/24");
  });

  it("plans the host with exact commands, and keeps nothing of a rehearsal", async () => {
    const request = { host: HOST, goal: PlanGoal.APPLY_PROFILE };
    const rehearsal = await world.client.plans.createPlan({ ...request, validateOnly: true });
    assert.equal(rehearsal.state, PlanState.READY);
    assert.deepEqual((await world.client.plans.listPlans({})).plans, []);
    const plan = await world.client.plans.createPlan(request);
    const runs = plan.steps
      .flatMap((step) => step.commands)
      .flatMap(({ command }) => (command?.$case === "run" ? [command.value.argv.join(" ")] : []));
    assert.ok(runs.includes("devlink dev eswitch set pci/0000:82:00.0 mode switchdev"));
    assert.ok(
      runs.some((run) =>
        /^vdpa dev add name \S+ mgmtdev pci\/0000:82:00\.2 mac 52:54:00/.test(run),
      ),
      runs.join("\n"),
    );
    assert.deepEqual(plan, await world.client.plans.getPlan({ name: plan.name }));
  });

  it("applies the plan once, and the next plan is empty", async () => {
    const [plan] = (await world.client.plans.listPlans({})).plans;
    assert.ok(plan);
    const rehearsal = await world.client.plans.applyPlan({ ...plan, validateOnly: true });
    assert.equal(rehearsal.state, JobState.PENDING);
    assert.deepEqual((await world.client.jobs.listJobs({})).jobs, []);
    const job = await world.client.plans.applyPlan({ name: plan.name, etag: plan.etag });
    assert.equal(job.subject, plan.name);
    await world.doJob(job.name);
    const done = await world.client.jobs.getJob({ name: job.name });
    assert.equal(done.state, JobState.SUCCEEDED);
    assert.equal(done.stepsDoneCount, plan.steps.length);
    const host = await world.client.hosts.getHost({ name: HOST });
    assert.equal(host.appliedProfile, "profiles/cx6dx");
    assert.equal(host.appliedGeneration, 1n);
    assert.equal(host.capacity?.slotFreeCount, 2);
    const next = await world.client.plans.createPlan({ host: HOST, goal: PlanGoal.APPLY_PROFILE });
    assert.equal(next.state, PlanState.EMPTY);
    const diff = await world.client.profiles.diffProfile({ name: "profiles/cx6dx" });
    assert.deepEqual(diff.hosts[0]?.fields, []);
  });

  it("places a VM with MAC and address of the network's pools, and starts it", async () => {
    await world.client.networks.createNetwork({ networkId: "lan", network: networkOf() });
    const request = { vmId: "web-01", vm: vmOf({ vcpuCount: 8 }) };
    const where = await world.client.vms.createVm({ ...request, validateOnly: true });
    assert.equal(where.allocation?.host, HOST);
    assert.deepEqual((await world.client.vms.listVms({})).vms, []);
    const vm = await world.client.vms.createVm(request);
    assert.equal(vm.state, VmState.STARTING);
    assert.equal(vm.allocation?.mac, "52:54:00:cb:45:11");
    assert.equal(vm.allocation?.address, "192.168.101.20/24");
    assert.equal(vm.spec?.nics[0]?.queuePairs, 8);
    await world.doJob(vm.job);
    const running = await world.client.vms.getVm({ name: vm.name });
    assert.equal(running.state, VmState.RUNNING);
    const host = await world.client.hosts.getHost({ name: HOST });
    assert.equal(host.capacity?.slotFreeCount, 1);
    assert.equal(host.capacity?.vcpuFreeCount, 72);
    const network = await world.client.networks.getNetwork({ name: "networks/lan" });
    assert.equal(network.allocatedAddressCount, 1);
  });

  it("plans nothing for a host whose slot carries a running VM's MAC", async () => {
    const plan = await world.client.plans.createPlan({ host: HOST, goal: PlanGoal.APPLY_PROFILE });
    assert.equal(plan.state, PlanState.EMPTY, JSON.stringify(plan.steps.map(({ id }) => id)));
  });

  it("blocks a teardown that would break the running VM, and names it", async () => {
    const plan = await world.client.plans.createPlan({ host: HOST, goal: PlanGoal.TEAR_DOWN });
    assert.equal(plan.state, PlanState.BLOCKED);
    assert.deepEqual(plan.affectedVms, ["vms/web-01"]);
    assert.equal(plan.findings[0]?.reason, "VMS_WOULD_BREAK");
  });

  it("sends pings from the guest as a job", async () => {
    const job = await world.client.vms.pingFromVm({ name: "vms/web-01", target: "192.168.101.2" });
    assert.equal(job.state, JobState.PENDING);
    assert.equal(job.subject, "vms/web-01");
    await world.doJob(job.name);
  });

  it("deletes the VM and gives back what it took", async () => {
    const vm = await world.client.vms.deleteVm({ name: "vms/web-01" });
    assert.equal(vm.state, VmState.DELETING);
    const again = await world.client.vms.deleteVm({ name: "vms/web-01" });
    assert.equal(again.job, vm.job);
    await world.doJob(vm.job);
    assert.deepEqual((await world.client.vms.listVms({})).vms, []);
    const host = await world.client.hosts.getHost({ name: HOST });
    assert.equal(host.capacity?.slotFreeCount, 2);
  });

  it("tears the host down, after which profile and network can be deleted", async () => {
    const plan = await world.client.plans.createPlan({ host: HOST, goal: PlanGoal.TEAR_DOWN });
    assert.equal(plan.profile, "");
    const job = await world.client.plans.applyPlan({ name: plan.name, etag: plan.etag });
    await world.doJob(job.name);
    const host = await world.client.hosts.getHost({ name: HOST });
    assert.equal(host.appliedProfile, "");
    assert.equal(host.inventory?.nics[0]?.pfs[0]?.eswitchMode, "legacy");
    await world.client.profiles.deleteProfile({ name: "profiles/cx6dx" });
    await world.client.networks.deleteNetwork({ name: "networks/lan" });
  });

  it("has all of it in the audit, newest first", async () => {
    const { events } = await world.client.events.listEvents({ pageSize: 1000 });
    const actions = new Set(events.map(({ action }) => action));
    for (const action of ["profile.create", "plan.create", "job.create", "network.delete"]) {
      assert.ok(actions.has(action), `${action} in ${[...actions].join(", ")}`);
    }
    assert.equal(events[0]?.action, "network.delete");
    assert.equal(events[0]?.actor, "local");
    const ofVm = await world.client.events.listEvents({ resource: "vms/web-01" });
    assert.ok(ofVm.events.length > 0);
    assert.ok(ofVm.events.every(({ resource }) => resource === "vms/web-01"));
  });
});
