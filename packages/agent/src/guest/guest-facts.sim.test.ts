import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { waitFor } from "@switchyard/testkit";
import type { Agent } from "../agent.ts";
import { createTestbed, endAllLives, vmAddress, vmInSlot } from "../testing/testbed.ts";

describe("what guests say of themselves", () => {
  const bed = createTestbed();
  let agent: Agent;
  before(async () => {
    ({ agent } = await bed.start({
      intervals: {
        ...{ heartbeatMs: 3_600_000, telemetryMs: 3_600_000, inventoryMs: 20 },
        ...{ serialLogMs: 3_600_000, guestFactsMs: 20, vmWatchMs: 3_600_000 },
      },
    }));
    await bed.runJob(await bed.applyHost());
    await bed.runJob({ kind: "start-vm", vm: vmInSlot(0) });
  });
  after(async () => {
    await agent.stop();
    endAllLives();
  });
  const latest = () => bed.bus.inventories.at(-1)?.inventory.vms.find(({ vm }) => vm === "vm-0");

  it("is in the inventory, with the address that the guest really has", async () => {
    const guest = await waitFor(() => {
      const seen = latest()?.guest;
      return seen?.netdevs.some(({ addresses }) => addresses.length > 0) ? seen : undefined;
    });
    assert.equal(guest.hostname, "vm-0");
    assert.match(guest.os, /Rocky Linux/);
    assert.deepEqual(
      guest.netdevs.map(({ name, addresses }) => [name, addresses]),
      [["eth0", [vmAddress(0)]]],
    );
  });

  it("is forgotten when the guest is gone", async () => {
    bed.host.killVm("vm-0");
    await waitFor(() => (latest()?.guest === undefined ? true : undefined));
  });
});
