import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { JobState, PlanGoal, PlanState } from "@switchyard/client";
import { type Inventory, parseHostId } from "@switchyard/model";
import { waitFor } from "@switchyard/testkit";
import {
  buildBareLabHost,
  buildBareR740,
  buildConnectX6,
  labVfMac,
  OLD_FIRMWARE,
} from "@switchyard/testkit/builders";
import { profileOf } from "./records.ts";
import { refusedWith } from "./refusal.ts";
import { startWorld, type World } from "./world.ts";

/** A lab host that says beforehand which MACs its VFs will have. */
function labHostWithKnownMacs(): Inventory {
  const inventory = buildBareLabHost();
  const macs = [0, 1].map((index) => ({ index, mac: labVfMac(index) }));
  const nics = inventory.nics.map((nic) => ({
    ...nic,
    pfs: nic.pfs.map((pf) => ({ ...pf, fixedVfMacs: macs })),
  }));
  return { ...inventory, nics };
}

describe("plans over the API", () => {
  let world: World;

  const plan = (host: string, goal: PlanGoal = PlanGoal.APPLY_PROFILE) =>
    world.client.plans.createPlan({ host: `hosts/${host}`, goal });

  before(async () => {
    world = await startWorld();
    await world.client.profiles.createProfile({ profileId: "cx6dx", profile: profileOf() });
  });
  after(() => world.stop());

  it("needs exactly one profile that matches the host", async () => {
    await world.enrol("r740-01", buildBareR740(), { pool: "none" });
    const none = await refusedWith("HOST_HAS_NO_PROFILE", "FAILED_PRECONDITION", plan("r740-01"));
    assert.equal(none.metadata["found"], "labels pool=none");
    assert.equal(none.preconditions[0]?.subject, "hosts/r740-01");
    await world.client.profiles.createProfile({
      profileId: "also",
      profile: profileOf({ selector: { also: "yes" } }),
    });
    await world.enrol("r740-02", buildBareR740(), { pool: "vdpa", also: "yes" });
    const several = await refusedWith("PROFILE_AMBIGUOUS", "FAILED_PRECONDITION", plan("r740-02"));
    assert.equal(several.metadata["found"], "also, cx6dx");
  });

  it("blocks the plan of a host with old firmware; the host shows it without any profile", async () => {
    const old = buildBareR740({ nics: [buildConnectX6(OLD_FIRMWARE)] });
    await world.enrol("r740-old", old, { pool: "vdpa" });
    const host = await world.client.hosts.getHost({ name: "hosts/r740-old" });
    assert.ok(host.findings.some(({ reason }) => reason === "ESWITCH_FIRMWARE_TOO_OLD"));
    const blocked = await plan("r740-old");
    assert.equal(blocked.state, PlanState.BLOCKED);
    const finding = blocked.findings.find(({ reason }) => reason === "ESWITCH_FIRMWARE_TOO_OLD");
    assert.match(finding?.found ?? "", /22\.27\.61\.06 on 0000:82:00\.0/);
    assert.match(finding?.needs ?? "", /22\.39\.10\.02 or newer/);
    const error = await refusedWith(
      "PLAN_BLOCKED",
      "FAILED_PRECONDITION",
      world.client.plans.applyPlan({ name: blocked.name, etag: blocked.etag }),
    );
    assert.match(error.metadata["found"] ?? "", /ESWITCH_FIRMWARE_TOO_OLD/);
  });

  it("plans a host from its port by position, and blocks one without such a port", async () => {
    await world.enrol("r740-nonic", buildBareR740({ nics: [] }), { pool: "vdpa" });
    const blocked = await plan("r740-nonic");
    assert.deepEqual(
      blocked.findings.map(({ reason }) => reason),
      ["NIC_NOT_FOUND"],
    );
  });

  it("gives every host MACs and a bridge address of its own, the same ones every time", async () => {
    await world.enrol("r740-03", buildBareR740(), { pool: "vdpa" });
    await world.enrol("r740-04", buildBareR740(), { pool: "vdpa" });
    const [first, second] = [await plan("r740-03"), await plan("r740-04")];
    const again = await plan("r740-03");
    assert.equal(again.digest, first.digest);
    const macsOf = (text: string): readonly string[] => [
      ...new Set(text.match(/52:54:00(:[0-9a-f]{2}){3}/g)),
    ];
    const textOf = (steps: readonly { readonly argumentsJson: string }[]): string =>
      steps.map(({ argumentsJson }) => argumentsJson).join();
    const macs = [...macsOf(textOf(first.steps)), ...macsOf(textOf(second.steps))];
    assert.equal(new Set(macs).size, 4, macs.join(", "));
    assert.notEqual(
      /192\.168\.101\.\d+/.exec(textOf(first.steps))?.[0],
      /192\.168\.101\.\d+/.exec(textOf(second.steps))?.[0],
    );
  });

  it("refuses to apply with a stale etag, twice, or beside another exclusive job", async () => {
    const first = await plan("r740-03");
    const beside = await plan("r740-03");
    const apply = (name: string, etag: string) => world.client.plans.applyPlan({ name, etag });
    await refusedWith("ETAG_STALE", "ABORTED", apply(first.name, "old"));
    const job = await apply(first.name, first.etag);
    await refusedWith("PLAN_ALREADY_APPLIED", "FAILED_PRECONDITION", apply(first.name, ""));
    await refusedWith("GENERATION_STALE", "ABORTED", apply(beside.name, beside.etag));
    const later = await plan("r740-03");
    await refusedWith("HOST_NOT_READY", "FAILED_PRECONDITION", apply(later.name, later.etag));
    assert.equal((await world.client.plans.getPlan({ name: later.name })).state, PlanState.READY);
    await world.doJob(job.name);
  });

  it("refuses a plan whose profile changed since", async () => {
    const before = await plan("r740-04");
    const { profiles, plans } = world.client;
    const profile = await profiles.getProfile({ name: "profiles/cx6dx" });
    await profiles.updateProfile({
      profile: { ...profile, spec: profileOf({ vfCount: 4 }).spec },
    });
    const stale = plans.applyPlan({ name: before.name, etag: before.etag });
    const error = await refusedWith("GENERATION_STALE", "ABORTED", stale);
    assert.match(error.metadata["found"] ?? "", /profile cx6dx is at generation 2/);
  });

  it("refuses a plan when the host is no longer as it was planned from", async () => {
    const before = await plan("r740-04");
    const inventory = await world.inventoryOf("r740-04");
    assert.ok(inventory.ovs);
    await world.report("r740-04", { ...inventory, ovs: { ...inventory.ovs, hwOffload: true } });
    await refusedWith(
      "PLAN_STALE",
      "ABORTED",
      world.client.plans.applyPlan({ name: before.name, etag: before.etag }),
    );
  });

  it("leaves the host where it was when its job fails, and plans it anew", async () => {
    await world.enrol("r740-05", buildBareR740(), { pool: "vdpa" });
    const first = await plan("r740-05");
    const job = await world.client.plans.applyPlan({ name: first.name, etag: first.etag });
    await world.failJob(job.name, {
      reason: "ESWITCH_BUSY",
      message: "the eswitch is busy",
      metadata: { stderr: "Error: mlx5_core: EBUSY" },
      step: "02-ensureEswitchMode",
    });
    const ended = await world.client.jobs.getJob({ name: job.name });
    assert.equal(ended.state, JobState.FAILED);
    assert.equal(ended.failure?.reason, "ESWITCH_BUSY");
    assert.equal(ended.failure?.metadata["stderr"], "Error: mlx5_core: EBUSY");
    const host = await world.client.hosts.getHost({ name: "hosts/r740-05" });
    assert.equal(host.appliedGeneration, 0n);
    const second = await plan("r740-05");
    await world.client.plans.applyPlan({ name: second.name, etag: second.etag });
  });

  it("reserves the MACs that hardware fixes, and refuses two hosts with the same", async () => {
    await world.enrol("lab-01", labHostWithKnownMacs(), { lab: "yes" });
    await world.enrol("lab-02", labHostWithKnownMacs(), { lab: "yes" });
    await world.client.profiles.createProfile({
      profileId: "lab",
      profile: profileOf({ selector: { lab: "yes" }, bridge: "labbr0" }),
    });
    const first = await plan("lab-01");
    assert.equal(first.state, PlanState.READY);
    const text = first.steps.map(({ argumentsJson }) => argumentsJson).join();
    assert.ok(text.includes(labVfMac(0)) && text.includes(labVfMac(1)), text);
    const error = await refusedWith("MAC_TAKEN", "ALREADY_EXISTS", plan("lab-02"));
    assert.match(error.message + JSON.stringify(error.metadata), /52:54:00/);
  });

  it("refuses a host beyond the bridge addresses of the profile", async () => {
    await world.client.profiles.createProfile({
      profileId: "narrow",
      profile: profileOf({
        selector: { narrow: "yes" },
        bridge: "nbr0",
        addresses: ["192.168.77.2", "192.168.77.2"],
      }),
    });
    await world.enrol("narrow-1", buildBareR740(), { narrow: "yes" });
    await world.enrol("narrow-2", buildBareR740(), { narrow: "yes" });
    await plan("narrow-1");
    await refusedWith("BRIDGE_ADDRESS_POOL_EXHAUSTED", "RESOURCE_EXHAUSTED", plan("narrow-2"));
  });

  it("says of a host that does not report how old what it plans from is", async () => {
    const silent = parseHostId("r740-06");
    await world.enrol(silent, buildBareR740(), { pool: "vdpa" });
    const first = await plan(silent);
    const job = await world.client.plans.applyPlan({ name: first.name, etag: first.etag });
    await world.doJob(job.name);
    const fallsSilent = () =>
      waitFor(async () => {
        await world.store.presence.sweep({ suspectAfterMs: 0, lostAfterMs: 600_000 });
        return (await world.store.reads.hosts.get(silent)).state === "suspect";
      });
    const tellingOf = async (): Promise<string | undefined> => {
      const { findings } = await plan(silent);
      return findings.find(({ reason }) => reason === "HOST_UNREACHABLE")?.message;
    };
    await fallsSilent();
    assert.match((await tellingOf()) ?? "", /made from its last inventory/);
    const { lastAtMs = 0 } = await world.store.reads.jobs.readHostChange(silent);
    await world.report(silent, {
      ...(await world.inventoryOf(silent)),
      observedAtMs: lastAtMs - 1_000,
    });
    await fallsSilent();
    assert.match((await tellingOf()) ?? "", /older than its last job/);
  });
});
