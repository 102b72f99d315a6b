import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { BondMode, DatapathMode, PlanGoal, PlanState, Profile } from "@switchyard/client";
import { buildBareR740 } from "@switchyard/testkit/builders";
import { prepareFleet, prepareHost } from "./prepared-hosts.ts";
import { networkOf, profileOf, vmOf } from "./records.ts";
import { refusedWith } from "./refusal.ts";
import { startWorld, type World } from "./world.ts";

const SRIOV = Profile.fromPartial({
  spec: {
    selector: { pool: "sriov" },
    datapath: {
      mode: DatapathMode.SRIOV,
      uplink: { $case: "uplinkPort", value: 0 },
      vfCount: 4,
    },
  },
});

describe("datapath modes over the API", () => {
  let world: World;

  const host = (name: string) => world.client.hosts.getHost({ name: `hosts/${name}` });
  const setMode = (name: string, mode: DatapathMode, more: object = {}) =>
    world.client.hosts.setDatapathMode({ name: `hosts/${name}`, mode, ...more });
  const plan = (name: string) =>
    world.client.plans.createPlan({ host: `hosts/${name}`, goal: PlanGoal.APPLY_PROFILE });
  const apply = async ({ name, etag }: { readonly name: string; readonly etag: string }) => {
    const job = await world.client.plans.applyPlan({ name, etag });
    assert.equal((await world.doJob(job.name)).state, "succeeded");
  };

  before(async () => {
    world = await startWorld();
    await prepareFleet(world, ["r740-01", "r740-02"]);
  });
  after(() => world.stop());

  it("keeps a profile in mode sriov as it was given, and applies it", async () => {
    const created = await world.client.profiles.createProfile({
      profileId: "fast",
      profile: SRIOV,
    });
    const datapath = created.spec?.datapath;
    assert.deepEqual([datapath?.mode, datapath?.vfCount], [DatapathMode.SRIOV, 4]);
    assert.equal(datapath?.bridge, undefined);
    await world.enrol("r740-s", buildBareR740(), { pool: "sriov" });
    await prepareHost(world, "r740-s");
    const { inventory, capacity } = await host("r740-s");
    const pf = inventory?.nics[0]?.pfs[0];
    assert.deepEqual([pf?.eswitchMode, pf?.vfCount], ["legacy", 4]);
    assert.ok(pf?.vfs.every(({ driver, adminMac }) => driver !== "" && adminMac !== ""));
    assert.deepEqual([capacity?.slotCount, capacity?.slotFreeCount], [4, 4]);
    assert.equal((await plan("r740-s")).state, PlanState.EMPTY);
    const { hosts } = await world.client.profiles.diffProfile({ name: "profiles/fast" });
    assert.deepEqual(hosts[0]?.fields, []);
  });

  it("does not place VMs with vDPA NICs on a host whose VFs are vfio's", async () => {
    const picky = vmOf({ hostSelector: { pool: "sriov" } });
    const error = await refusedWith(
      "NO_CAPACITY",
      "RESOURCE_EXHAUSTED",
      world.client.vms.createVm({ vmId: "v", vm: picky, validateOnly: true }),
    );
    const reason = error.preconditions.find(({ subject }) => subject === "hosts/r740-s");
    assert.deepEqual(
      [reason?.type, reason?.description],
      ["mode", "found mode sriov; needs mode vdpa; would do: swy host set-mode r740-s vdpa"],
    );
  });

  it("switches a host and back by one call each, and keeps the mode in later plans", async () => {
    const vdpa = await world.inventoryOf("r740-01");
    const rehearsed = await setMode("r740-01", DatapathMode.SRIOV, { validateOnly: true });
    assert.equal((await host("r740-01")).datapathMode, DatapathMode.UNSPECIFIED);
    const there = await setMode("r740-01", DatapathMode.SRIOV);
    assert.equal(there.state, PlanState.READY);
    assert.equal(there.digest, rehearsed.digest);
    assert.equal((await host("r740-01")).datapathMode, DatapathMode.SRIOV);
    await apply(there);
    assert.equal((await plan("r740-01")).state, PlanState.EMPTY);
    const { hosts } = await world.client.profiles.diffProfile({ name: "profiles/cx6dx" });
    assert.deepEqual(hosts.find((each) => each.host === "hosts/r740-01")?.fields, []);
    await apply(await setMode("r740-01", DatapathMode.UNSPECIFIED));
    const back = await world.inventoryOf("r740-01");
    assert.deepEqual(back.nics, vdpa.nics);
    assert.deepEqual(back.ovs, vdpa.ovs);
  });

  it("answers the same request with the same plan, and makes plans of before stale", async () => {
    const before = await plan("r740-02");
    const request = { requestId: "mode-1" };
    const first = await setMode("r740-02", DatapathMode.SRIOV, request);
    const again = await setMode("r740-02", DatapathMode.SRIOV, request);
    assert.equal(again.name, first.name);
    await refusedWith(
      "GENERATION_STALE",
      "ABORTED",
      world.client.plans.applyPlan({ name: before.name, etag: before.etag }),
    );
    await setMode("r740-02", DatapathMode.UNSPECIFIED);
  });

  it("refuses with the names of the VMs on vDPA devices, and keeps nothing", async () => {
    const vm = await world.client.vms.createVm({
      vmId: "web-1",
      vm: vmOf({ hostSelector: { pool: "vdpa" } }),
    });
    await world.doJob(vm.job);
    const name = (vm.allocation?.host ?? "").replace("hosts/", "");
    const error = await refusedWith(
      "VMS_WOULD_BREAK",
      "FAILED_PRECONDITION",
      setMode(name, DatapathMode.SRIOV),
    );
    assert.equal(error.metadata["found"], "VMs web-1");
    assert.equal((await host(name)).datapathMode, DatapathMode.UNSPECIFIED);
    assert.equal((await plan(name)).state, PlanState.EMPTY);
    const deleted = await world.client.vms.deleteVm({ name: vm.name });
    assert.equal((await world.doJob(deleted.job)).state, "succeeded");
  });

  it("refuses a mode that the profile does not describe, a plan in the way, and bad fields", async () => {
    await refusedWith(
      "MODE_NOT_DESCRIBED",
      "FAILED_PRECONDITION",
      setMode("r740-s", DatapathMode.VDPA),
    );
    assert.equal((await host("r740-s")).datapathMode, DatapathMode.UNSPECIFIED);
    await world.enrol("r740-dark", buildBareR740({ iommuGroupCount: 0 }), { pool: "vdpa" });
    const blocked = await refusedWith(
      "PLAN_BLOCKED",
      "FAILED_PRECONDITION",
      setMode("r740-dark", DatapathMode.SRIOV),
    );
    assert.match(blocked.metadata["found"] ?? "", /IOMMU_GROUP_UNUSABLE/);
    assert.equal((await host("r740-dark")).datapathMode, DatapathMode.UNSPECIFIED);
    await refusedWith(
      "ETAG_STALE",
      "ABORTED",
      setMode("r740-01", DatapathMode.SRIOV, { etag: "x" }),
    );
    await refusedWith("HOST_NOT_FOUND", "NOT_FOUND", setMode("none", DatapathMode.SRIOV));
    const bad = await refusedWith(
      "FIELD_INVALID",
      "INVALID_ARGUMENT",
      world.client.hosts.setDatapathMode({ name: "x", mode: 9 as DatapathMode, requestId: "a b" }),
    );
    assert.deepEqual(
      bad.fieldViolations.map(({ field }) => field),
      ["request_id", "name", "mode"],
    );
  });

  it("brings a host to a bond of both ports and places VMs on either", async () => {
    const { datapath } = profileOf({ vfCount: 1, bridge: "pairbr" }).spec ?? {};
    const bond = {
      name: "bond0",
      mode: BondMode.ACTIVE_BACKUP,
      ports: [{ selector: { $case: "port" as const, value: 1 } }],
    };
    const spec = { selector: { pool: "pair" }, datapath: { ...datapath, bond } };
    const profile = await world.client.profiles.createProfile({
      profileId: "pair",
      profile: Profile.fromPartial({ spec }),
    });
    assert.deepEqual(profile.spec?.datapath?.bond, bond);
    await world.enrol("r740-pair", buildBareR740(), { pool: "pair" });
    await prepareHost(world, "r740-pair");
    assert.equal((await plan("r740-pair")).state, PlanState.EMPTY);
    const { hosts } = await world.client.profiles.diffProfile({ name: "profiles/pair" });
    assert.deepEqual(hosts[0]?.fields, []);
    assert.equal((await host("r740-pair")).capacity?.slotCount, 2);
    await world.client.networks.createNetwork({
      networkId: "pairs",
      network: networkOf({
        bridge: "pairbr",
        macs: ["52:54:00:cc:45:11", "52:54:00:cc:45:ff"],
      }),
    });
    const ports: (string | undefined)[] = [];
    for (const vmId of ["pair-1", "pair-2"]) {
      const vm = await world.client.vms.createVm({
        vmId,
        vm: vmOf({ network: "networks/pairs", hostSelector: { pool: "pair" } }),
      });
      assert.equal((await world.doJob(vm.job)).state, "succeeded");
      ports.push(vm.allocation?.pfPciAddress);
    }
    assert.deepEqual(ports.sort(), ["0000:82:00.0", "0000:82:00.1"]);
    assert.equal((await plan("r740-pair")).state, PlanState.EMPTY);
  });

  it("names the fields that make no sense in a mode", async () => {
    const { datapath } = profileOf().spec ?? {};
    const error = await refusedWith(
      "FIELD_INVALID",
      "INVALID_ARGUMENT",
      world.client.profiles.createProfile({
        profileId: "odd",
        profile: Profile.fromPartial({
          spec: { selector: { a: "b" }, datapath: { ...datapath, mode: DatapathMode.SRIOV } },
        }),
      }),
    );
    assert.deepEqual(
      error.fieldViolations.map(({ field }) => field.replace("profile.spec.datapath.", "")),
      ["max_vqp", "bridge", "hw_offload"],
    );
  });
});
