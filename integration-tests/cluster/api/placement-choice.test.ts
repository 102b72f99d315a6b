import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { AffinityKind, BatchFit, PlacementPolicy, Vm } from "@switchyard/proto";
import { waitFor } from "@switchyard/testkit";
import { buildBareR740 } from "@switchyard/testkit/builders";
import { prepareFleet } from "./prepared-hosts.ts";
import { vmOf } from "./records.ts";
import { refusedWith } from "./refusal.ts";
import { startWorld, type World } from "./world.ts";

const withSpec = (change: object): Vm => {
  const { spec } = vmOf();
  return Vm.fromPartial({ spec: { ...spec, ...change } });
};

/**
 * Everything is deleted again, so that each test begins with four free slots. The placer's view may be a little
 * behind: a host whose slots it still sees taken would not be chosen.
 */
async function clear(world: World): Promise<void> {
  const { vms } = world.client;
  for (const { name } of (await vms.listVms({})).vms) {
    await world.doJob((await vms.deleteVm({ name })).job);
  }
  await waitFor(async () => {
    const { verdicts } = await vms.explainPlacement({ vmId: "ask", vm: vmOf() });
    const totals = verdicts.filter(({ fits }) => fits).map(({ total }) => total);
    return totals.length === 2 && totals[0] === totals[1];
  });
}

describe("the choice of a host over the API", () => {
  let world: World;
  before(async () => {
    world = await startWorld();
    await prepareFleet(world, ["r740-01", "r740-02"]);
    await world.enrol("bare-01", buildBareR740(), { pool: "spare" });
  });
  after(() => world.stop());

  it("explains every host, and takes nothing", async () => {
    const report = await world.client.vms.explainPlacement({ vmId: "ask", vm: vmOf() });
    assert.deepEqual(report.verdicts.map(({ host, fits }) => [host, fits]).sort(), [
      ["hosts/bare-01", false],
      ["hosts/r740-01", true],
      ["hosts/r740-02", true],
    ]);
    assert.equal(report.host, report.verdicts[0]?.host);
    assert.equal(report.verdicts[2]?.refusals[0]?.filter, "bridge");
    const total = report.verdicts[0]?.scores.reduce(
      (sum, { score, weight }) => sum + score * weight,
      0,
    );
    assert.equal(total, report.verdicts[0]?.total);
    assert.equal((await world.client.vms.listVms({})).vms.length, 0);
  });

  it("rehearses a create with the report of where it would go", async () => {
    const dry = await world.client.vms.createVm({ vmId: "dry", vm: vmOf(), validateOnly: true });
    assert.equal(dry.placement?.host, dry.allocation?.host);
    assert.equal(dry.placement?.refusingHostCount, 1);
    const real = await world.client.vms.createVm({ vmId: "dry", vm: vmOf() });
    assert.equal(real.allocation?.host, dry.allocation?.host);
    assert.equal(real.placement, undefined);
    await clear(world);
  });

  it("creates all of a batch or none, or as many as fit", async () => {
    const { vms } = world.client;
    const names = [1, 2, 3, 4, 5].map((at) => `web-${at}`);
    await refusedWith(
      "NO_CAPACITY",
      "RESOURCE_EXHAUSTED",
      vms.batchCreateVms({ vmIds: names, vm: vmOf(), fit: BatchFit.ALL }),
    );
    assert.equal((await vms.listVms({})).vms.length, 0);
    const some = { vmIds: names, vm: vmOf(), fit: BatchFit.AS_MANY_AS_FIT, requestId: "batch-1" };
    const made = await vms.batchCreateVms(some);
    assert.deepEqual(
      made.vms.map(({ name }) => name),
      names.slice(0, 4).map((name) => `vms/${name}`),
    );
    assert.deepEqual(made.unplacedVmIds, ["web-5"]);
    assert.equal(made.unplacedReport?.host, "");
    const again = await vms.batchCreateVms(some);
    assert.deepEqual(
      again.vms.map(({ uid }) => uid),
      made.vms.map(({ uid }) => uid),
    );
    await refusedWith(
      "NO_CAPACITY",
      "RESOURCE_EXHAUSTED",
      vms.batchCreateVms({ vmIds: ["a", "b"], vm: vmOf(), fit: BatchFit.AS_MANY_AS_FIT }),
    );
    await clear(world);
    await refusedWith(
      "FIELD_INVALID",
      "INVALID_ARGUMENT",
      vms.batchCreateVms({ vmIds: ["a", "a"], vm: vmOf() }),
    );
  });

  it("packs where it is told to, and spreads otherwise", async () => {
    const { vms } = world.client;
    const hostsOf = async (vmIds: string[], placementPolicy: PlacementPolicy) => {
      const made = await vms.batchCreateVms({ vmIds, vm: withSpec({ placementPolicy }) });
      return new Set(made.vms.map(({ allocation }) => allocation?.host)).size;
    };
    assert.equal(await hostsOf(["p-1", "p-2"], PlacementPolicy.PACK), 1);
    await clear(world);
    assert.equal(await hostsOf(["s-1", "s-2"], PlacementPolicy.SPREAD), 2);
    await clear(world);
  });

  it("keeps VMs of a group apart under any race, and says who stands in the way", async () => {
    const { vms } = world.client;
    const affinity = [{ kind: AffinityKind.APART, required: true, group: "web" }];
    const answers = await Promise.allSettled(
      [1, 2, 3, 4].map((at) => vms.createVm({ vmId: `apart-${at}`, vm: withSpec({ affinity }) })),
    );
    const placed = answers.flatMap((each) => (each.status === "fulfilled" ? [each.value] : []));
    assert.equal(placed.length, 2);
    assert.equal(new Set(placed.map(({ allocation }) => allocation?.host)).size, 2);
    const report = await vms.explainPlacement({ vmId: "third", vm: withSpec({ affinity }) });
    const refusals = report.verdicts.flatMap((verdict) => verdict.refusals);
    assert.ok(
      refusals.some(({ filter, change }) => filter === "affinity" && /elsewhere/.test(change)),
    );
    await clear(world);
  });

  it("lets two controllers place at once without selling anything twice", async () => {
    const other = await world.startAnother();
    const answers = await Promise.allSettled(
      Array.from({ length: 12 }, (_, at) => {
        const { client } = at % 2 === 0 ? world : other;
        return client.vms.createVm({ vmId: `two-${at}`, vm: vmOf() });
      }),
    );
    const placed = answers.flatMap((each) => (each.status === "fulfilled" ? [each.value] : []));
    assert.equal(placed.length, 4);
    const slots = placed.map(
      ({ allocation }) => `${allocation?.host} ${allocation?.nics[0]?.vfIndex}`,
    );
    assert.equal(new Set(slots).size, 4);
    await clear(world);
    const seen = await other.client.vms.createVm({ vmId: "after", vm: vmOf() });
    assert.ok(seen.allocation);
  });

  it("sees at once what was changed just before", async () => {
    const { hosts, vms } = world.client;
    await clear(world);
    const pinned = vmOf({ hostSelector: { tier: "gold" } });
    await refusedWith("NO_CAPACITY", "RESOURCE_EXHAUSTED", vms.createVm({ vmId: "g", vm: pinned }));
    const host = await hosts.getHost({ name: "hosts/r740-02" });
    await hosts.updateHost({
      host: { ...host, labels: { ...host.labels, tier: "gold" } },
      updateMask: ["labels"],
    });
    const gold = await vms.createVm({ vmId: "g", vm: pinned });
    assert.equal(gold.allocation?.host, "hosts/r740-02");
  });
});
