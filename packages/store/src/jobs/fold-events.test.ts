import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isJobEnd, type JobEvent, parseHostId, parseJobId } from "@switchyard/model";
import { seededRandom } from "@switchyard/runtime";
import { testSeed } from "@switchyard/testkit";
import { ACCEPTED, eventsOf, FINISHED, STARTED, SUCCEEDED } from "../testing/test-store.ts";
import { foldEvents, type JobProgress } from "./fold-events.ts";

const host = parseHostId("r740-01");
const job = parseJobId("01a206e0-fb51-7719-ab57-11400aa56dc5");

const PENDING: JobProgress = {
  state: "pending",
  epoch: 1,
  host,
  hostEpoch: 1,
  currentStep: undefined,
  stepsDone: 0,
  stepCount: 0,
  result: undefined,
  failure: undefined,
  cursor: 0,
};

const batch = (first: number, bodies: Parameters<typeof eventsOf>[2]) =>
  eventsOf({ host, job }, first, bodies);

describe("foldEvents", () => {
  it("moves a job from pending to its end in one batch", () => {
    const { progress, outcome, stored } = foldEvents(
      PENDING,
      batch(1, [ACCEPTED, { kind: "planned", steps: [] }, STARTED, FINISHED, SUCCEEDED]),
    );
    assert.equal(progress.state, "succeeded");
    assert.equal(progress.stepsDone, 1);
    assert.equal(stored.length, 5);
    assert.deepEqual(outcome, { kind: "applied", cursor: 5, ended: true });
  });

  it("counts a step once that a boot made the job look at again", () => {
    const started = (step: string) => ({ kind: "step-started", step, title: step }) as const;
    const finished = (step: string) => ({ kind: "step-finished", step, changed: false }) as const;
    const once = ["01-noop", "02-noop"].flatMap((step) => [started(step), finished(step)]);
    const counts = [once, [...once, ...once], [...once, ...once, finished("03-noop")]].map(
      (bodies) => foldEvents(PENDING, batch(1, [ACCEPTED, ...bodies])).progress.stepsDone,
    );
    assert.deepEqual(counts, [2, 2, 3]);
  });

  it("does not believe a position beyond the plan", () => {
    const bodies = [{ kind: "step-finished", step: "999999999999-noop", changed: false }] as const;
    assert.equal(foldEvents(PENDING, batch(1, [ACCEPTED, ...bodies])).progress.stepsDone, 1);
  });

  it("asks for events from the first missing one on, and keeps what came before", () => {
    const { events, ...rest } = batch(1, [ACCEPTED, STARTED, FINISHED]);
    const holed = { ...rest, events: events.filter((event) => event.seq !== 2) };
    const { progress, outcome } = foldEvents(PENDING, holed);
    assert.deepEqual(outcome, { kind: "gap", replayFrom: 2 });
    assert.equal(progress.state, "accepted");
  });

  it("takes the agent's word that it dropped the events between, and ends the job", () => {
    const running = foldEvents(PENDING, batch(1, [ACCEPTED, STARTED])).progress;
    const rest = batch(8, [{ kind: "events-dropped", firstSeq: 1 }, SUCCEEDED]);
    const { progress, outcome, stored } = foldEvents(running, rest);
    assert.equal(progress.state, "succeeded");
    assert.deepEqual(outcome, { kind: "applied", cursor: 9, ended: true });
    assert.deepEqual(
      stored.map(({ seq, body }) => [seq, body.kind === "events-dropped" && body.firstSeq]),
      [
        [8, 3],
        [9, false],
      ],
    );
    assert.deepEqual(foldEvents(progress, rest).stored, []);
  });

  it("believes an event that came rather than the notice that it was dropped", () => {
    const all = batch(1, [ACCEPTED, STARTED, FINISHED, SUCCEEDED]);
    const notice = batch(3, [{ kind: "events-dropped", firstSeq: 1 }]).events;
    const fold = foldEvents(PENDING, { ...all, events: [...notice, ...all.events] });
    assert.deepEqual(fold.stored, all.events);
  });

  it("waits for events that come before those that were dropped", () => {
    const late = batch(8, [{ kind: "events-dropped", firstSeq: 5 }, SUCCEEDED]);
    const { outcome, stored } = foldEvents(PENDING, late);
    assert.deepEqual(outcome, { kind: "gap", replayFrom: 1 });
    assert.deepEqual(stored, []);
  });

  it("drops events of another epoch, enrolment or host", () => {
    const good = batch(1, [ACCEPTED]);
    const why = (change: object) => foldEvents(PENDING, { ...good, ...change }).outcome;
    assert.deepEqual(why({ epoch: 2 }), { kind: "stale", why: "wrong-epoch" });
    assert.deepEqual(why({ hostEpoch: 2 }), { kind: "stale", why: "wrong-host-epoch" });
    assert.deepEqual(why({ host: parseHostId("r740-02") }), { kind: "stale", why: "wrong-host" });
  });

  it("keeps the first end whatever comes after it", () => {
    const ended = foldEvents(PENDING, batch(1, [ACCEPTED, SUCCEEDED])).progress;
    const again = foldEvents(
      ended,
      batch(3, [
        {
          kind: "ended",
          state: "failed",
          result: { changedSteps: 0, ping: undefined, leftState: undefined },
          failure: undefined,
        },
      ]),
    );
    assert.equal(again.progress.state, "succeeded");
    assert.deepEqual(again.outcome, { kind: "applied", cursor: 3, ended: false });
  });

  it("fails a job that the host refuses as stale", () => {
    const { progress } = foldEvents(
      PENDING,
      batch(1, [{ kind: "rejected-stale", acceptedEpoch: 4 }]),
    );
    assert.equal(progress.state, "failed");
    assert.equal(progress.failure?.reason, "JOB_STALE");
  });

  it("comes to the same end whatever the order, the repeats and the cuts of batches", () => {
    const random = seededRandom(testSeed());
    const pick = (limit: number) => Math.floor(random.float() * limit);
    const all = batch(1, [ACCEPTED, STARTED, FINISHED, STARTED, FINISHED, SUCCEEDED]);
    const expected = foldEvents(PENDING, all).progress;
    for (let round = 0; round < 500; round += 1) {
      let progress = PENDING;
      let ends = 0;
      const stored: JobEvent[] = [];
      for (let sent = 0; sent < 1_000 && !isJobEnd(progress.state); sent += 1) {
        const events = Array.from(
          { length: 1 + pick(4) },
          () => all.events[pick(all.events.length)]!,
        );
        const fold = foldEvents(progress, { ...all, events });
        progress = fold.progress;
        stored.push(...fold.stored);
        if (fold.outcome.kind === "applied" && fold.outcome.ended) ends += 1;
      }
      assert.deepEqual(progress, expected);
      assert.ok(ends <= 1);
      assert.deepEqual(stored, all.events);
    }
  });
});
