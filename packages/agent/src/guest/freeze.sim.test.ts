import assert from "node:assert/strict";
import { after, before, beforeEach, describe, it } from "node:test";
import { guestExec, thawGuest, withFrozenGuest } from "@switchyard/host";
import { vmPaths } from "@switchyard/model";
import { systemClock } from "@switchyard/runtime";
import { waitFor } from "@switchyard/testkit";
import type { Agent } from "../agent.ts";
import { createTestbed, endAllLives, vmInSlot } from "../testing/testbed.ts";

const VM = "vm-0";
const paths = vmPaths(VM);

describe("a frozen guest", () => {
  const bed = createTestbed();
  const guest = { host: bed.host, vm: VM, clock: systemClock };
  const hostname = () =>
    guestExec(bed.host, paths.guestAgentSocket, ["hostname"], {
      timeoutMs: 1000,
      clock: systemClock,
    });
  let agent: Agent;
  before(async () => {
    ({ agent } = await bed.start({
      intervals: {
        ...{ heartbeatMs: 3_600_000, telemetryMs: 3_600_000, inventoryMs: 3_600_000 },
        ...{ serialLogMs: 3_600_000, guestFactsMs: 50, vmWatchMs: 3_600_000 },
      },
    }));
    await bed.runJob(await bed.applyHost());
    await bed.runJob({ kind: "start-vm", vm: vmInSlot(0) });
  });
  beforeEach(async () => {
    await waitFor(() => hostname().catch(() => undefined));
  });
  after(async () => {
    await agent.stop();
    endAllLives();
  });
  const isThawed = async () => {
    assert.equal((await hostname()).stdout, "vm-0\n");
    assert.equal(await bed.host.exists(paths.frozenMark), false);
  };

  it("is thawed after the work, and does nothing meanwhile", async () => {
    const result = await withFrozenGuest(guest, { maxMs: 5_000 }, async () => {
      await assert.rejects(hostname(), { reason: "GUEST_COMMAND_FAILED" });
      return "copied";
    });
    assert.equal(result, "copied");
    await isThawed();
  });

  it("is thawed when the work fails, and when it takes too long", async () => {
    const failing = withFrozenGuest(guest, { maxMs: 5_000 }, async () => {
      throw new Error("no room");
    });
    await assert.rejects(failing, /no room/);
    await isThawed();
    let wasTold = false;
    const slow = withFrozenGuest(guest, { maxMs: 20 }, async (signal) => {
      await systemClock.sleep(60_000, signal);
      wasTold = signal.aborted;
    });
    await assert.rejects(slow, { reason: "COMMAND_TIMED_OUT" });
    assert.equal(wasTold, true);
    await isThawed();
  });

  it("is thawed by the next agent when this one was killed", async () => {
    const released = Promise.withResolvers<void>();
    const frozen = withFrozenGuest(guest, { maxMs: 60_000 }, () => released.promise);
    await waitFor(() =>
      hostname().then(
        () => undefined,
        () => true,
      ),
    );
    // As a killed agent leaves it, its time long over.
    await bed.host.replaceFile(paths.frozenMark, "1\n");
    await waitFor(async () => ((await bed.host.exists(paths.frozenMark)) ? undefined : true));
    await isThawed();
    released.resolve();
    await frozen;
  });

  it("may be thawed twice, and when it is gone", async () => {
    assert.equal(await thawGuest(guest), 0);
    bed.host.killVm(VM);
    assert.equal(await thawGuest(guest), 0);
  });
});
