import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { parseHostId, parsePlanId, parseProfileId } from "@switchyard/model";
import { waitFor } from "@switchyard/testkit";
import type { HostRecord } from "../hosts/host-record.ts";
import type { Store } from "../store.ts";
import {
  ACCEPTED,
  createNoop,
  enrollHost,
  eventsOf,
  FINISHED,
  newJobId,
  noopDraft,
  openStore,
  STARTED,
  SUCCEEDED,
  startTestStore,
  type TestStore,
  uuid,
  write,
} from "../testing/test-store.ts";
import type { JobCreation } from "./dispatch.ts";
import type { JobEventBatch } from "./job-record.ts";

let test: TestStore;
let store: Store;
let host: HostRecord;
before(async () => {
  test = await startTestStore();
  store = test.store;
  host = await enrollHost(store, "r740-01");
});
after(() => test.stop());

const reasonOf = (creation: JobCreation | undefined): string =>
  creation?.kind === "refused" ? creation.error.reason : `was ${creation?.kind}`;

const applyHost = (id: HostRecord["id"]) =>
  ({
    kind: "apply-host",
    plan: parsePlanId(uuid()),
    planDigest: "d",
    desired: {
      host: id,
      generation: 1,
      profile: parseProfileId("p"),
      profileGeneration: 1,
      datapath: undefined,
    },
  }) as const;

describe("createJobs", () => {
  it("writes each job with an outbox row, a change and an audit entry", async () => {
    const cursor = await store.changes.now();
    const job = await createNoop(store, host.id);
    assert.equal((await store.reads.jobs.get(job)).state, "pending");
    const { entries } = await store.changes.read(cursor, 10);
    assert.deepEqual(
      entries.map((entry) => [entry.kind, entry.key, entry.operation]),
      [["jobs", job, "created"]],
    );
    const audit = await store.reads.events.list({
      size: 5,
      after: undefined,
      resource: `jobs/${job}`,
    });
    assert.deepEqual(
      audit.items.map((event) => [event.actor, event.action]),
      [["users/ada", "job.create"]],
    );
    const claimed = await store.dispatch.claimOutbox(10);
    assert.ok(claimed.some((outgoing) => outgoing.job === job && outgoing.hostEpoch === 1));
  });

  it("refuses one job of a batch without the others", async () => {
    const [good, bad] = await store.dispatch.createJobs([
      noopDraft(host.id),
      noopDraft(parseHostId("nowhere")),
    ]);
    assert.equal(good?.kind, "created");
    assert.equal(reasonOf(bad), "HOST_NOT_FOUND");
  });

  it("lets one exclusive job live on a host, whoever races", async () => {
    const other = await enrollHost(store, "exclusive-01");
    const drafts = Array.from({ length: 6 }, () =>
      noopDraft(other.id, { spec: applyHost(other.id) }),
    );
    const outcomes = await Promise.all(drafts.map((draft) => store.dispatch.createJobs([draft])));
    const kinds = outcomes.map(([creation]) => creation?.kind).sort();
    assert.deepEqual(kinds, ["created", ...Array(5).fill("refused")]);
    const winner = outcomes.flat().find((creation) => creation.kind === "created");
    assert.ok(winner?.kind === "created");
    await write(store, (tx) => tx.jobs.end({ job: winner.job.id, state: "failed" }));
    const [next] = await store.dispatch.createJobs([
      noopDraft(other.id, { spec: applyHost(other.id) }),
    ]);
    assert.equal(next?.kind, "created");
  });

  it("answers a repeated request with the first job, also within a batch and in a race", async () => {
    const request = { method: "CreateNoopJob", requestId: uuid(), bodyDigest: "a" };
    const batches = await Promise.all(
      Array.from({ length: 4 }, () =>
        store.dispatch.createJobs([
          noopDraft(host.id, { request }),
          noopDraft(host.id, { request }),
        ]),
      ),
    );
    const creations = batches.flat();
    assert.equal(creations.filter((creation) => creation.kind === "created").length, 1);
    const ids = new Set(
      creations.map((creation) => (creation.kind === "refused" ? "refused" : creation.job.id)),
    );
    assert.equal(ids.size, 1);
    const [reused] = await store.dispatch.createJobs([
      noopDraft(host.id, { request: { ...request, bodyDigest: "b" } }),
    ]);
    assert.equal(reasonOf(reused), "REQUEST_ID_REUSED");
  });

  it("forgets the request id of a job it refused", async () => {
    const request = { method: "CreateNoopJob", requestId: uuid(), bodyDigest: "a" };
    const late = parseHostId("late-01");
    const [refused] = await store.dispatch.createJobs([noopDraft(late, { request })]);
    assert.equal(reasonOf(refused), "HOST_NOT_FOUND");
    await enrollHost(store, "late-01");
    const [created] = await store.dispatch.createJobs([noopDraft(late, { request })]);
    assert.equal(created?.kind, "created");
  });

  it("may be repeated with the same ids after a lost answer", async () => {
    const draft = noopDraft(host.id);
    await store.dispatch.createJobs([draft]);
    const [again] = await store.dispatch.createJobs([draft]);
    assert.equal(again?.kind, "replayed");
  });
});

describe("the outbox", () => {
  it("gives each row to one of two relays that claim at once", async () => {
    const other = await openStore(test.url);
    try {
      await store.dispatch.claimOutbox(256);
      await store.dispatch.createJobs(Array.from({ length: 100 }, () => noopDraft(host.id)));
      const claims = await Promise.all(
        Array.from({ length: 10 }, (_, index) =>
          (index % 2 === 0 ? store : other).dispatch.claimOutbox(10),
        ),
      );
      const jobs = claims.flat().map((outgoing) => outgoing.job);
      assert.equal(jobs.length, 100);
      assert.equal(new Set(jobs).size, 100);
      assert.deepEqual(await store.dispatch.claimOutbox(10), []);
    } finally {
      await other.close();
    }
  });

  it("leaves a job to its creator when it was made as claimed", async () => {
    const draft = noopDraft(host.id, { isClaimed: true });
    await store.dispatch.createJobs([draft]);
    const claimed = await store.dispatch.claimOutbox(256);
    assert.ok(!claimed.some((outgoing) => outgoing.job === draft.id));
    const due = await store.dispatch.nextDueInMs();
    assert.ok(due !== undefined && due > 0 && due <= 5_000);
  });

  it("makes everything unaccepted due again after the broker lost its storage", async () => {
    const lost = await enrollHost(store, "lost-01");
    const job = await createNoop(store, lost.id);
    await store.dispatch.claimOutbox(256);
    assert.equal(await store.dispatch.resendUnaccepted([lost.id]), 1);
    const [again] = await store.dispatch.claimOutbox(256);
    assert.equal(again?.job, job);
  });

  it("ends when the agent accepts, and not for events of another epoch", async () => {
    const job = await createNoop(store, host.id);
    const row = () => test.query("SELECT 1 FROM outbox WHERE job = $1", [job]);
    const stale = eventsOf({ host: host.id, job, epoch: 7 }, 1, [ACCEPTED]);
    assert.deepEqual(await store.dispatch.applyEventBatches([stale]), [
      { kind: "stale", why: "wrong-epoch" },
    ]);
    assert.equal((await row()).length, 1);
    await store.dispatch.applyEventBatches([eventsOf({ host: host.id, job }, 1, [ACCEPTED])]);
    assert.equal((await row()).length, 0);
  });
});

describe("endForgotten", () => {
  it("leaves to an operator what its host took and no longer knows, and frees the host", async () => {
    const { id } = await enrollHost(store, "forgets-01");
    const [creation] = await store.dispatch.createJobs([noopDraft(id, { spec: applyHost(id) })]);
    assert.ok(creation?.kind === "created");
    const job = creation.job.id;
    await store.dispatch.applyEventBatches([eventsOf({ host: id, job }, 1, [ACCEPTED, STARTED])]);
    const [ended] = await store.dispatch.endForgotten([job]);
    assert.deepEqual(
      [ended?.state, ended?.failure?.reason],
      ["needs-operator", "STEP_OUTCOME_UNKNOWN"],
    );
    assert.deepEqual(await store.dispatch.endForgotten([job]), []);
    const [next] = await store.dispatch.createJobs([noopDraft(id, { spec: applyHost(id) })]);
    assert.equal(next?.kind, "created");
  });

  it("leaves a job as it ended", async () => {
    const job = await createNoop(store, host.id);
    await store.dispatch.applyEventBatches([
      eventsOf({ host: host.id, job }, 1, [ACCEPTED, SUCCEEDED]),
    ]);
    assert.deepEqual(await store.dispatch.endForgotten([job]), []);
    assert.equal((await store.reads.jobs.get(job)).state, "succeeded");
  });
});

describe("readHostChange", () => {
  const jobOf = async (id: HostRecord["id"], change: Parameters<typeof noopDraft>[1] = {}) => {
    const [creation] = await store.dispatch.createJobs([noopDraft(id, change)]);
    assert.ok(creation?.kind === "created");
    return creation.job.id;
  };
  const tell = (of: { host: HostRecord["id"]; job: JobEventBatch["job"] }, atMs: number) => {
    const batch = eventsOf(of, 1, [ACCEPTED, SUCCEEDED]);
    const events = batch.events.map((event, index) => ({ ...event, atMs: atMs - index }));
    return store.dispatch.applyEventBatches([{ ...batch, events }]);
  };

  it("knows of nothing on a host without jobs", async () => {
    assert.deepEqual(await store.reads.jobs.readHostChange(parseHostId("nowhere")), {
      isUnderWay: false,
      lastAtMs: undefined,
    });
  });

  it("takes the latest time of a job's events once it ended, whatever their order", async () => {
    const { id } = await enrollHost(store, "change-01");
    const job = await jobOf(id, { spec: applyHost(id) });
    const change = () => store.reads.jobs.readHostChange(id);
    assert.deepEqual(await change(), { isUnderWay: true, lastAtMs: undefined });
    await tell({ host: id, job }, 5_000);
    assert.deepEqual(await change(), { isUnderWay: false, lastAtMs: 5_000 });
  });

  it("leaves out jobs that change nothing, and those that no agent ever had", async () => {
    const { id } = await enrollHost(store, "change-02");
    await tell({ host: id, job: await jobOf(id, { spec: applyHost(id) }) }, 5_000);
    await tell({ host: id, job: await jobOf(id) }, 9_000);
    await jobOf(id);
    const unsent = await jobOf(id, { spec: applyHost(id) });
    await write(store, (tx) => tx.jobs.end({ job: unsent, state: "expired" }));
    assert.deepEqual(await store.reads.jobs.readHostChange(id), {
      isUnderWay: false,
      lastAtMs: 5_000,
    });
  });

  it("lets no agent's clock fail the events of other hosts", async () => {
    const { id } = await enrollHost(store, "change-03");
    for (const atMs of [1e300, 0.5, -7])
      await tell({ host: id, job: await jobOf(id, { spec: applyHost(id) }) }, atMs);
    const { lastAtMs } = await store.reads.jobs.readHostChange(id);
    assert.equal(lastAtMs, Number.MAX_SAFE_INTEGER);
  });
});

describe("applyEventBatches", () => {
  it("ends a job of whose events the agent has only the last, and keeps where the others would be", async () => {
    const job = await createNoop(store, host.id);
    const of = { host: host.id, job };
    await store.dispatch.applyEventBatches([eventsOf(of, 1, [ACCEPTED, STARTED])]);
    const rest = eventsOf(of, 4, [{ kind: "events-dropped", firstSeq: 1 }, SUCCEEDED]);
    assert.deepEqual(await store.dispatch.applyEventBatches([rest]), [
      { kind: "applied", cursor: 5, ended: true },
    ]);
    assert.equal((await store.reads.jobs.get(job)).state, "succeeded");
    const first = await store.reads.jobs.listEvents({ job, size: 2, after: undefined });
    const { items } = await store.reads.jobs.listEvents({ job, size: 9, after: first.next });
    assert.deepEqual(
      items.map(({ seq, body }) => [
        seq,
        body.kind === "events-dropped" ? body.firstSeq : body.kind,
      ]),
      [
        [4, 3],
        [5, "ended"],
      ],
    );
  });

  it("ends a job once though two controllers apply the same events at once", async () => {
    const job = await createNoop(store, host.id);
    const batch = eventsOf({ host: host.id, job }, 1, [ACCEPTED, STARTED, FINISHED, SUCCEEDED]);
    const outcomes = await Promise.all(
      Array.from({ length: 6 }, () => store.dispatch.applyEventBatches([batch])),
    );
    const ends = outcomes.flat().filter((outcome) => outcome.kind === "applied" && outcome.ended);
    assert.equal(ends.length, 1);
    const { items } = await store.reads.jobs.listEvents({ job, size: 10, after: undefined });
    assert.deepEqual(
      items.map((event) => event.seq),
      [1, 2, 3, 4],
    );
    const audit = await store.reads.events.list({
      size: 9,
      after: undefined,
      resource: `jobs/${job}`,
    });
    assert.equal(audit.items.filter((event) => event.action === "job.end").length, 1);
  });

  it("handles many jobs of many hosts in one call, each with its own outcome", async () => {
    const jobs = await Promise.all([createNoop(store, host.id), createNoop(store, host.id)]);
    const [first, second] = jobs;
    assert.ok(first !== undefined && second !== undefined);
    const outcomes = await store.dispatch.applyEventBatches([
      eventsOf({ host: host.id, job: first }, 1, [ACCEPTED]),
      eventsOf({ host: host.id, job: second }, 2, [STARTED]),
      eventsOf({ host: host.id, job: newJobId() }, 1, [ACCEPTED]),
      eventsOf({ host: host.id, job: first }, 2, [STARTED, SUCCEEDED]),
    ]);
    assert.deepEqual(outcomes, [
      { kind: "applied", cursor: 1, ended: false },
      { kind: "gap", replayFrom: 1 },
      { kind: "stale", why: "unknown-job" },
      { kind: "applied", cursor: 3, ended: true },
    ]);
  });

  it("drops events of the epoch before a reassignment and takes the next one's", async () => {
    const job = await createNoop(store, host.id);
    await store.dispatch.applyEventBatches([eventsOf({ host: host.id, job }, 1, [ACCEPTED])]);
    const again = await write(store, (tx) => tx.jobs.reassign(job));
    assert.deepEqual([again.epoch, again.state], [2, "pending"]);
    const [late] = await store.dispatch.applyEventBatches([
      eventsOf({ host: host.id, job }, 2, [SUCCEEDED]),
    ]);
    assert.deepEqual(late, { kind: "stale", why: "wrong-epoch" });
    assert.ok((await store.dispatch.claimOutbox(256)).some((out) => out.epoch === 2));
    const [done] = await store.dispatch.applyEventBatches([
      eventsOf({ host: host.id, job, epoch: 2 }, 1, [ACCEPTED, SUCCEEDED]),
    ]);
    assert.deepEqual(done, { kind: "applied", cursor: 2, ended: true });
  });

  it("writes every command on a host into the audit in the name of who asked", async () => {
    const job = await createNoop(store, host.id);
    const command = {
      argv: ["devlink", "dev"],
      exitCode: 0,
      durationMs: 12,
      outputDigest: "ab",
      stderrTail: "",
    };
    await store.dispatch.applyEventBatches([
      eventsOf({ host: host.id, job }, 1, [
        ACCEPTED,
        { kind: "command", step: "01-noop", command },
      ]),
    ]);
    const { items } = await store.reads.events.list({
      size: 1,
      after: undefined,
      resource: `hosts/${host.id}`,
    });
    assert.equal(items[0]?.action, "host.command");
    assert.equal(items[0]?.actor, "users/ada");
    assert.equal(items[0]?.details["argv"], '["devlink","dev"]');
  });
});

describe("ends without an agent", () => {
  it("cancels a job at once while it was never sent, else marks it", async () => {
    const unsent = await createNoop(store, host.id);
    assert.equal((await write(store, (tx) => tx.jobs.requestCancel(unsent))).state, "cancelled");
    const sent = await createNoop(store, host.id);
    await store.dispatch.claimOutbox(256);
    const marked = await write(store, (tx) => tx.jobs.requestCancel(sent));
    assert.deepEqual([marked.state, marked.isCancelRequested], ["pending", true]);
    const asked = await store.dispatch.listCancelRequested();
    assert.deepEqual(
      asked.map((job) => job.id),
      [sent],
    );
  });

  it("expires a job that nobody accepted, and keeps late events for the log only", async () => {
    const job = await createNoop(store, host.id);
    await test.query("UPDATE outbox SET expires_at = now() - interval '1 min' WHERE job = $1", [
      job,
    ]);
    const { expired } = await store.dispatch.expireOverdue();
    assert.deepEqual(
      expired.map((each) => each.id),
      [job],
    );
    const [late] = await store.dispatch.applyEventBatches([
      eventsOf({ host: host.id, job }, 1, [ACCEPTED, SUCCEEDED]),
    ]);
    assert.deepEqual(late, { kind: "ended-before", state: "expired", cursor: 2 });
    const record = await store.reads.jobs.get(job);
    assert.deepEqual([record.state, record.failure?.reason], ["expired", "JOB_EXPIRED"]);
  });
});

describe("requests of transactions", () => {
  it("run once though many come at once, and give all the first answer", async () => {
    const request = { method: "M", requestId: uuid(), bodyDigest: "a" };
    let runs = 0;
    const answers = await Promise.all(
      Array.from({ length: 6 }, () =>
        write(store, (tx) =>
          tx.once(request, async () => {
            runs += 1;
            return { run: runs };
          }),
        ),
      ),
    );
    assert.deepEqual(answers, Array(6).fill({ run: 1 }));
  });

  it("are tried again after one that failed, and refused with another body", async () => {
    const request = { method: "M", requestId: uuid(), bodyDigest: "a" };
    const failing = write(store, (tx) =>
      tx.once(request, () => Promise.reject(new RangeError("no"))),
    );
    await assert.rejects(failing, RangeError);
    assert.equal(await write(store, (tx) => tx.once(request, async () => "done")), "done");
    await assert.rejects(
      write(store, (tx) => tx.once({ ...request, bodyDigest: "b" }, async () => "done")),
      { reason: "REQUEST_ID_REUSED" },
    );
  });
});

describe("lists of jobs", () => {
  it("page newest first without losing or repeating any", async () => {
    const paged = await enrollHost(store, "paged-01");
    const made: string[] = [];
    for (let count = 0; count < 5; count += 1) made.push(await createNoop(store, paged.id));
    const seen: string[] = [];
    let after: string | undefined;
    await waitFor(async () => {
      const page = await store.reads.jobs.list({ size: 2, after, host: paged.id });
      seen.push(...page.items.map((job) => job.id));
      after = page.next;
      return page.next === undefined;
    });
    assert.deepEqual(seen, [...made].sort().reverse());
    const none = await store.reads.jobs.list({
      size: 9,
      after: undefined,
      host: paged.id,
      states: ["failed"],
    });
    assert.deepEqual(none.items, []);
  });
});
