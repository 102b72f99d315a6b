import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { PlanGoal } from "@switchyard/client";
import { buildBareR740 } from "@switchyard/testkit/builders";
import { prepareFleet } from "./prepared-hosts.ts";
import { networkOf, profileOf, vmOf } from "./records.ts";
import { refusedWith } from "./refusal.ts";
import { startWorld, type World } from "./world.ts";

const HOST = "hosts/r740-01";

describe("repeated calls", () => {
  let world: World;

  before(async () => {
    world = await startWorld();
    await prepareFleet(world, ["r740-01"]);
  });
  after(() => world.stop());

  /** Sends the call twice in a row and eight times at once; all answers must be the same. */
  async function sameAnswer<T>(call: (requestId: string) => Promise<T>, id: string): Promise<T> {
    const first = await call(`${id}-in-a-row`);
    assert.deepEqual(await call(`${id}-in-a-row`), first);
    return first;
  }

  async function sameAtOnce<T>(call: (requestId: string) => Promise<T>, id: string): Promise<T> {
    const answers = await Promise.all(Array.from({ length: 8 }, () => call(`${id}-at-once`)));
    for (const answer of answers) assert.deepEqual(answer, answers[0]);
    return answers[0]!; // there are eight
  }

  it("make one profile, network or job for one request id, in a row and at once", async () => {
    const { profiles, networks, jobs } = world.client;
    const profile = profileOf({ selector: { pool: "other" } });
    await sameAnswer(
      (requestId) => profiles.createProfile({ profileId: "p-1", profile, requestId }),
      "profile",
    );
    await sameAtOnce(
      (requestId) => profiles.createProfile({ profileId: "p-2", profile, requestId }),
      "profile",
    );
    const network = networkOf({ ips: ["192.168.101.210", "192.168.101.211"] });
    await sameAtOnce(
      (requestId) => networks.createNetwork({ networkId: "n-1", network, requestId }),
      "network",
    );
    await sameAnswer((requestId) => jobs.createNoopJob({ host: HOST, requestId }), "noop");
    await sameAtOnce((requestId) => jobs.createNoopJob({ host: HOST, requestId }), "noop");
    const { jobs: made } = await jobs.listJobs({ host: HOST });
    assert.equal(made.filter(({ subject }) => subject === "").length, 2);
  });

  it("make one plan and apply it once", async () => {
    const { plans } = world.client;
    await world.enrol("r740-02", buildBareR740(), { pool: "vdpa" });
    const goal = PlanGoal.APPLY_PROFILE;
    const plan = await sameAtOnce(
      (requestId) => plans.createPlan({ host: "hosts/r740-02", goal, requestId }),
      "plan",
    );
    assert.equal((await plans.listPlans({ host: "hosts/r740-02" })).plans.length, 1);
    const { name, etag } = plan;
    const job = await sameAtOnce(
      (requestId) => plans.applyPlan({ name, etag, requestId }),
      "apply",
    );
    await world.doJob(job.name);
    const again = await plans.applyPlan({ name, etag, requestId: "apply-at-once" });
    assert.deepEqual(again, job);
  });

  it("place one VM, ping once and delete it once", async () => {
    const { vms, jobs } = world.client;
    const vm = await sameAtOnce(
      (requestId) => vms.createVm({ vmId: "web-1", vm: vmOf(), requestId }),
      "vm",
    );
    assert.equal((await vms.listVms({})).vms.length, 1);
    await world.doJob(vm.job);
    const target = "192.168.101.2";
    await sameAtOnce((requestId) => vms.pingFromVm({ name: vm.name, target, requestId }), "ping");
    await sameAtOnce((requestId) => vms.deleteVm({ name: vm.name, requestId }), "delete");
    const kinds = (await jobs.listJobs({})).jobs.filter(({ subject }) => subject === vm.name);
    assert.equal(kinds.length, 3);
  });

  it("get the same token for one request id, though only its hash is kept", async () => {
    const { enrollment } = world.client;
    const token = await sameAtOnce(
      (requestId) => enrollment.createEnrollmentToken({ host: "hosts/r740-09", requestId }),
      "token",
    );
    assert.ok(token.token.length >= 40);
  });

  it("get the first answer also at another controller", async () => {
    const request = { host: HOST, requestId: "across-controllers" };
    const job = await world.client.jobs.createNoopJob(request);
    const other = await world.startAnother();
    assert.deepEqual(await other.client.jobs.createNoopJob(request), job);
  });

  it("are refused with another body under the same request id", async () => {
    const { profiles, jobs } = world.client;
    const profile = profileOf({ selector: { pool: "reuse" } });
    const requestId = "reused";
    await profiles.createProfile({ profileId: "reuse", profile, requestId });
    const other = profileOf({ selector: { pool: "reuse" }, vfCount: 5 });
    await refusedWith(
      "REQUEST_ID_REUSED",
      "ALREADY_EXISTS",
      profiles.createProfile({ profileId: "reuse", profile: other, requestId }),
    );
    await refusedWith(
      "REQUEST_ID_REUSED",
      "ALREADY_EXISTS",
      jobs.createNoopJob({ host: HOST, requestId }),
    );
  });

  it("may be tried again under the same request id after a refusal", async () => {
    const { vms, networks } = world.client;
    const request = { vmId: "later", vm: vmOf({ network: "networks/later" }), requestId: "later" };
    await refusedWith("NETWORK_NOT_FOUND", "NOT_FOUND", vms.createVm(request));
    const network = networkOf({ ips: ["192.168.101.220", "192.168.101.221"] });
    await networks.createNetwork({ networkId: "later", network });
    assert.equal((await vms.createVm(request)).name, "vms/later");
  });
});
