import assert from "node:assert/strict";
import { afterEach, describe, it } from "node:test";
import { waitFor } from "@switchyard/testkit";
import { kinds } from "../testing/job-events.ts";
import { builtUp, createTestbed, DATAPATH, endAllLives, type Testbed } from "../testing/testbed.ts";

afterEach(endAllLives);

describe("accepting jobs", () => {
  it("runs a job that is delivered again only once, and publishes its events again", async () => {
    const bed = createTestbed();
    const { agent } = await bed.start();
    const job = bed.newJob({ kind: "noop" });
    bed.bus.dispatch(job);
    await bed.ended(job.id);
    const events = bed.bus.events(job.id);
    assert.deepEqual(kinds(events), [
      "accepted",
      "planned",
      "step-started",
      "step-finished",
      "ended",
    ]);
    bed.bus.dispatch(job);
    await waitFor(() => bed.bus.queued().length === 0);
    await waitFor(() => bed.bus.publishedCount(job.id) === 2 * events.length);
    assert.deepEqual(bed.bus.events(job.id), events);
    await agent.stop();
  });

  it("syncs the acceptance and the end of a no-op job to disk together", async () => {
    const bed = createTestbed();
    const { agent } = await bed.start();
    await bed.runJob({ kind: "noop" });
    const before = bed.disk.syncCount;
    await bed.runJob({ kind: "noop" });
    assert.equal(bed.disk.syncCount - before, 1);
    await agent.stop();
  });

  it("answers an older epoch with the one it has accepted", async () => {
    const bed = createTestbed();
    const { agent } = await bed.start();
    const job = bed.newJob({ kind: "noop" }, 3);
    bed.bus.dispatch(job);
    await bed.ended(job.id, 3);
    bed.bus.dispatch({ ...job, epoch: 2 });
    const [event] = await waitFor(() => {
      const events = bed.bus.events(job.id, 2);
      return events.length > 0 && events;
    });
    assert.deepEqual(event?.body, { kind: "rejected-stale", acceptedEpoch: 3 });
    await waitFor(() => bed.bus.queued().length === 0);
    await agent.stop();
  });

  it("runs a newer epoch of an ended job anew", async () => {
    const bed = createTestbed();
    const { agent } = await bed.start();
    const job = bed.newJob({ kind: "noop" });
    bed.bus.dispatch(job);
    await bed.ended(job.id);
    bed.bus.dispatch({ ...job, epoch: 2 });
    assert.equal((await bed.ended(job.id, 2)).state, "succeeded");
    await agent.stop();
  });

  it("ends a job of an older generation as stale, also after a restart", async () => {
    const bed = createTestbed();
    await builtUp(bed);
    const { agent } = await bed.start();
    const older = { ...DATAPATH, generation: 0 };
    const { state, failure } = await bed.runJob(await bed.applyHost(older));
    assert.equal(state, "failed");
    assert.equal(failure?.reason, "JOB_STALE");
    assert.equal(failure?.metadata["found"], "generation 0");
    await agent.stop();
  });

  it("ends a job that came after it expired", async () => {
    const bed = createTestbed();
    const { agent } = await bed.start();
    const job = bed.newJob({ kind: "noop" });
    bed.bus.dispatch(job, { expireAtMs: 1 });
    assert.equal((await bed.ended(job.id)).failure?.reason, "JOB_EXPIRED");
    await agent.stop();
  });

  it("leaves jobs in the queue and says so while the ledger is full, and takes them after", async () => {
    const bed = createTestbed();
    const { agent } = await bed.start();
    bed.disk.capacity = 0;
    await fillLedger(bed);
    const job = bed.newJob({ kind: "noop" });
    bed.bus.dispatch(job);
    await bed.bus.command("inspect");
    const finding = bed.bus.inventories.at(-1)?.inventory.findings.at(-1);
    assert.equal(finding?.reason, "LEDGER_FULL");
    assert.deepEqual(bed.bus.queued(), [job.id]);
    bed.disk.capacity = Number.POSITIVE_INFINITY;
    await bed.bus.redeliver();
    assert.equal((await bed.ended(job.id)).state, "succeeded");
    await agent.stop();
  });

  it("refuses jobs visibly while the ledger is corrupt", async () => {
    const bed = createTestbed();
    await builtUp(bed);
    const name = bed.disk.names()[0] ?? "";
    const bytes = bed.disk.read(name).slice();
    bytes[60] = (bytes[60] ?? 0) ^ 0xff;
    bed.disk.overwrite(name, bytes);
    const { agent } = await bed.start();
    const job = bed.newJob({ kind: "noop" });
    bed.bus.dispatch(job);
    await waitFor(() =>
      bed.bus.inventories
        .at(-1)
        ?.inventory.findings.some(({ reason }) => reason === "LEDGER_CORRUPT"),
    );
    assert.deepEqual(bed.bus.queued(), [job.id]);
    assert.deepEqual(bed.bus.events(job.id), []);
    await agent.stop();
  });
});

/** Runs jobs until the disk gives no more space. */
async function fillLedger(bed: Testbed): Promise<void> {
  for (let turn = 0; turn < 2_000; turn += 1) {
    const job = bed.newJob({ kind: "noop" });
    bed.bus.dispatch(job);
    await bed.bus.redeliver();
    if (bed.bus.queued().length > 0) {
      bed.bus.withdraw(job.id);
      return;
    }
  }
  throw new Error("the ledger never filled");
}
