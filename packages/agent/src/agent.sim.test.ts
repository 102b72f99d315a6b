import assert from "node:assert/strict";
import { afterEach, describe, it } from "node:test";
import { checkEffects } from "@switchyard/hostsim";
import { waitFor } from "@switchyard/testkit";
import { createTestbed, endAllLives, pingJob, TORN_DOWN, vmInSlot } from "./testing/testbed.ts";

afterEach(endAllLives);

describe("createAgent", () => {
  it("applies a profile, starts VMs that ping each other, deletes them and tears down", async () => {
    const bed = createTestbed();
    const { agent } = await bed.start();
    const applied = await bed.runJob(await bed.applyHost());
    assert.equal(applied.state, "succeeded", JSON.stringify(applied));
    assert.deepEqual(await bed.rest(), []);
    for (const slot of [0, 1]) {
      const started = await bed.runJob({ kind: "start-vm", vm: vmInSlot(slot) });
      assert.equal(started.state, "succeeded", JSON.stringify(started));
    }
    const { state, result } = await bed.runJob(pingJob(0, 1));
    assert.equal(state, "succeeded");
    assert.equal(result.ping?.received, 3);
    for (const slot of [0, 1]) {
      const deleted = await bed.runJob({ kind: "delete-vm", vm: vmInSlot(slot) });
      assert.equal(deleted.state, "succeeded", JSON.stringify(deleted));
    }
    assert.deepEqual(bed.host.vms, []);
    const tornDown = await bed.runJob(await bed.applyHost(TORN_DOWN));
    assert.equal(tornDown.state, "succeeded", JSON.stringify(tornDown));
    assert.deepEqual(await bed.rest(TORN_DOWN), []);
    assert.deepEqual(checkEffects(bed.host.effects).repeated, []);
    await agent.stop();
  });

  it("shows a changed inventory soon after a job", async () => {
    const bed = createTestbed();
    const { agent } = await bed.start();
    await waitFor(() => bed.bus.inventories.length === 1);
    await bed.runJob(await bed.applyHost());
    const report = await waitFor(() => bed.bus.inventories[1]);
    assert.equal(report.version, 2);
    assert.equal(report.inventory.nics[0]?.pfs[0]?.vfCount, 2);
    await agent.stop();
  });
});
