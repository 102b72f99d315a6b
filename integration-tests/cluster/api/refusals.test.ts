import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { Network, PlanGoal, Profile, Vm } from "@switchyard/client";
import { buildBareR740 } from "@switchyard/testkit/builders";
import { networkOf, profileOf, vmOf } from "./records.ts";
import { refusal, refusedWith } from "./refusal.ts";
import { startWorld, type World } from "./world.ts";

const ABSENT_ID = "0190b8d4-7c10-7000-8000-000000000000";

describe("what the API refuses", () => {
  let world: World;

  before(async () => {
    world = await startWorld();
    await world.enrol("r740-01", buildBareR740(), { pool: "vdpa" });
  });
  after(() => world.stop());

  it("names all wrong fields of a profile, network and VM at once", async () => {
    const { profiles, networks, vms } = world.client;
    const bad = { validateOnly: true, requestId: "a b" };
    const profile = await refusedWith(
      "FIELD_INVALID",
      "INVALID_ARGUMENT",
      profiles.createProfile({
        ...bad,
        profileId: "-x",
        profile: Profile.fromPartial({ spec: {} }),
      }),
    );
    assert.deepEqual(
      profile.fieldViolations.map(({ field }) => field),
      ["request_id", "profile_id", "profile.spec.datapath"],
    );
    const network = await refusal(
      networks.createNetwork({ ...bad, networkId: "", network: Network.fromPartial({}) }),
    );
    assert.deepEqual(
      network.fieldViolations.map(({ field }) => field),
      ["request_id", "network_id", "network.spec"],
    );
    const vm = await refusal(vms.createVm({ ...bad, vmId: "A", vm: Vm.fromPartial({ spec: {} }) }));
    assert.deepEqual(
      vm.fieldViolations.map(({ field }) => field),
      ["request_id", "vm_id", "vcpu_count", "memory_bytes", "image", "network"].map((field, at) =>
        at < 2 ? field : `vm.spec.${field}`,
      ),
    );
  });

  it("says of every kind of resource that there is none of this name", async () => {
    const { hosts, profiles, plans, jobs, networks, vms } = world.client;
    const plan = { name: `plans/${ABSENT_ID}` };
    const job = { name: `jobs/${ABSENT_ID}` };
    const goal = PlanGoal.APPLY_PROFILE;
    const cases: readonly (readonly [string, () => Promise<unknown>])[] = [
      ["HOST_NOT_FOUND", () => hosts.getHost({ name: "hosts/none" })],
      ["HOST_NOT_FOUND", () => plans.createPlan({ host: "hosts/none", goal })],
      ["HOST_NOT_FOUND", () => jobs.createNoopJob({ host: "hosts/none" })],
      ["PROFILE_NOT_FOUND", () => profiles.getProfile({ name: "profiles/none" })],
      ["PROFILE_NOT_FOUND", () => profiles.diffProfile({ name: "profiles/none" })],
      ["PROFILE_NOT_FOUND", () => profiles.deleteProfile({ name: "profiles/none" })],
      ["PLAN_NOT_FOUND", () => plans.getPlan(plan)],
      ["PLAN_NOT_FOUND", () => plans.applyPlan(plan)],
      ["JOB_NOT_FOUND", () => jobs.getJob(job)],
      ["JOB_NOT_FOUND", () => jobs.cancelJob(job)],
      ["JOB_NOT_FOUND", () => jobs.listJobEvents({ job: job.name })],
      ["NETWORK_NOT_FOUND", () => networks.getNetwork({ name: "networks/none" })],
      [
        "NETWORK_NOT_FOUND",
        () => vms.createVm({ vmId: "vm-1", vm: vmOf({ network: "networks/none" }) }),
      ],
      ["VM_NOT_FOUND", () => vms.getVm({ name: "vms/none" })],
      ["VM_NOT_FOUND", () => vms.deleteVm({ name: "vms/none" })],
      ["VM_NOT_FOUND", () => vms.startVm({ name: "vms/none" })],
      ["VM_NOT_FOUND", () => vms.stopVm({ name: "vms/none" })],
      ["VM_NOT_FOUND", () => vms.rebootVm({ name: "vms/none" })],
      ["VM_NOT_FOUND", () => vms.pingFromVm({ name: "vms/none", target: "10.0.0.1" })],
    ];
    for (const [reason, call] of cases) await refusedWith(reason, "NOT_FOUND", call());
  });

  it("refuses names of another collection and ids that are none", async () => {
    const { hosts, plans, jobs, vms } = world.client;
    const calls = [
      () => hosts.getHost({ name: "vms/r740-01" }),
      () => hosts.getHost({ name: "r740-01" }),
      () => plans.getPlan({ name: "plans/1" }),
      () => jobs.getJob({ name: "jobs/1" }),
      () => vms.getVm({ name: "" }),
    ];
    for (const call of calls) {
      const error = await refusedWith("FIELD_INVALID", "INVALID_ARGUMENT", call());
      assert.equal(error.fieldViolations[0]?.field, "name");
    }
  });

  it("refuses a name that is taken", async () => {
    const { profiles, networks } = world.client;
    const profile = { profileId: "taken", profile: profileOf({ selector: { pool: "other" } }) };
    await profiles.createProfile(profile);
    await refusedWith("NAME_TAKEN", "ALREADY_EXISTS", profiles.createProfile(profile));
    const network = { networkId: "taken", network: networkOf() };
    await networks.createNetwork(network);
    await refusedWith("NAME_TAKEN", "ALREADY_EXISTS", networks.createNetwork(network));
  });

  it("refuses an update or a deletion of something that changed since it was read", async () => {
    const { hosts, profiles, networks } = world.client;
    const profile = await profiles.createProfile({
      profileId: "edited",
      profile: profileOf({ selector: { pool: "none" } }),
    });
    const changed = await profiles.updateProfile({
      profile: {
        ...profile,
        ...profileOf({ selector: { pool: "none" }, vfCount: 3 }),
        name: profile.name,
        etag: profile.etag,
      },
    });
    assert.equal(changed.generation, 2n);
    assert.notEqual(changed.etag, profile.etag);
    const stale = { name: profile.name, etag: profile.etag };
    await refusedWith("ETAG_STALE", "ABORTED", profiles.deleteProfile(stale));
    await refusedWith("ETAG_STALE", "ABORTED", profiles.updateProfile({ profile }));
    await refusedWith(
      "ETAG_STALE",
      "ABORTED",
      networks.deleteNetwork({ name: "networks/taken", etag: "old" }),
    );
    const host = await hosts.getHost({ name: "hosts/r740-01" });
    await hosts.updateHost({ host: { ...host, labels: { pool: "vdpa", rack: "1" } } });
    await refusedWith("ETAG_STALE", "ABORTED", hosts.updateHost({ host }));
  });

  it("changes only labels of a host, and nothing when only asked to validate", async () => {
    const { hosts } = world.client;
    const host = await hosts.getHost({ name: "hosts/r740-01" });
    const error = await refusal(hosts.updateHost({ host, updateMask: ["kind"] }));
    assert.equal(error.fieldViolations[0]?.field, "update_mask");
    const wish = { ...host, labels: { rack: "9" } };
    const answer = await hosts.updateHost({ host: wish, validateOnly: true });
    assert.deepEqual(answer.labels, { rack: "9" });
    assert.deepEqual((await hosts.getHost({ name: host.name })).labels, host.labels);
  });

  it("refuses a network whose pool holds what hosts' bridges take", async () => {
    const { networks, profiles } = world.client;
    await profiles.createProfile({
      profileId: "overlap",
      profile: profileOf({
        selector: { pool: "x" },
        addresses: ["192.168.101.30", "192.168.101.40"],
      }),
    });
    await refusedWith(
      "LINT_FAILED",
      "FAILED_PRECONDITION",
      networks.createNetwork({ networkId: "overlap", network: networkOf() }),
    );
    await profiles.deleteProfile({ name: "profiles/overlap" });
  });

  it("refuses an enrolment without a good token, and a token that lives too long", async () => {
    const { enrollment } = world.client;
    const error = await refusal(
      enrollment.enroll({ host: "hosts/r740-02", token: "x", nkeyPublic: "no", agentVersion: "" }),
    );
    assert.deepEqual(
      error.fieldViolations.map(({ field }) => field),
      ["nkey_public", "agent_version"],
    );
    const ttl = await refusal(
      enrollment.createEnrollmentToken({
        host: "hosts/r740-02",
        ttl: { seconds: 90_000n, nanos: 0 },
      }),
    );
    assert.equal(ttl.fieldViolations[0]?.field, "ttl");
  });
});

describe("page sizes and tokens", () => {
  let world: World;
  const HOSTS = ["h-1", "h-2", "h-3", "h-4", "h-5"];

  before(async () => {
    world = await startWorld();
    for (const host of HOSTS) {
      await world.enrol(host, buildBareR740(), { rack: host === "h-5" ? "b" : "a" });
    }
  });
  after(() => world.stop());

  it("lists everything once over pages of any size", async () => {
    for (const pageSize of [1, 2, 5, 1000]) {
      const names: string[] = [];
      let pageToken = "";
      do {
        const page = await world.client.hosts.listHosts({ pageSize, pageToken });
        assert.ok(page.hosts.length <= pageSize);
        names.push(...page.hosts.map(({ name }) => name));
        pageToken = page.nextPageToken;
      } while (pageToken !== "");
      assert.deepEqual(
        names,
        HOSTS.map((host) => `hosts/${host}`),
      );
    }
  });

  it("lists by labels", async () => {
    const { hosts } = await world.client.hosts.listHosts({ labelSelector: { rack: "b" } });
    assert.deepEqual(
      hosts.map(({ name }) => name),
      ["hosts/h-5"],
    );
  });

  it("takes a token at another controller, and refuses it with another filter or list", async () => {
    const request = { pageSize: 2, labelSelector: { rack: "a" } };
    const { nextPageToken } = await world.client.hosts.listHosts(request);
    const other = await world.startAnother();
    const page = await other.client.hosts.listHosts({ ...request, pageToken: nextPageToken });
    assert.equal(page.hosts[0]?.name, "hosts/h-3");
    const refused = [
      () => world.client.hosts.listHosts({ pageSize: 2, pageToken: nextPageToken }),
      () => world.client.vms.listVms({ pageToken: nextPageToken }),
      () => world.client.hosts.listHosts({ ...request, pageToken: `${nextPageToken}x` }),
      () => world.client.hosts.listHosts({ ...request, pageToken: "made-up" }),
    ];
    for (const call of refused) await refusedWith("PAGE_TOKEN_INVALID", "INVALID_ARGUMENT", call());
  });

  it("refuses page sizes out of bounds", async () => {
    for (const pageSize of [-1, 1001]) {
      const error = await refusal(world.client.hosts.listHosts({ pageSize }));
      assert.equal(error.fieldViolations[0]?.field, "page_size");
    }
  });
});
