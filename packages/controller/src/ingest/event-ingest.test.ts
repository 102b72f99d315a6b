import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { DecodedEvents, Delivery } from "@switchyard/bus";
import {
  DispatchError,
  type JobEvent,
  type JobId,
  parseHostId,
  parseJobId,
  StoreError,
} from "@switchyard/model";
import { newUuid, silentLogger, systemClock, systemRandom } from "@switchyard/runtime";
import type { JobEventBatch, JobEventOutcome } from "@switchyard/store";
import { waitFor } from "@switchyard/testkit";
import { startEventIngest } from "./event-ingest.ts";
import type { SignatureVerdict } from "./host-keys.ts";

const host = parseHostId("host-a");
const newJobId = () => parseJobId(newUuid(systemClock, systemRandom));
const eventOf = (job: JobId, seq: number): JobEvent => ({
  host,
  job,
  epoch: 1,
  seq,
  atMs: 1,
  body: { kind: "log", step: "s", line: "l" },
});

interface Answers {
  readonly outcome?: (batch: JobEventBatch) => JobEventOutcome;
  readonly verdict?: SignatureVerdict;
  readonly isHostAway?: boolean;
  readonly fails?: (batches: readonly JobEventBatch[]) => Error | undefined;
}

function start(answers: Answers = {}) {
  const seen = { commits: [] as (readonly JobEventBatch[])[], replays: [] as JobId[] };
  const log: string[] = [];
  let deliver: (delivery: Delivery<DecodedEvents>) => void = () => undefined;
  const gate = { open: Promise.resolve() };
  const service = startEventIngest({
    bus: {
      consumeEvents: (handler) => {
        deliver = handler;
        return { stop: async () => undefined };
      },
    },
    store: {
      applyEventBatches: async (batches) => {
        await gate.open;
        const failure = answers.fails?.(batches);
        if (failure !== undefined) throw failure;
        seen.commits.push(batches);
        log.push("commit");
        return batches.map(
          answers.outcome ?? (() => ({ kind: "applied", cursor: 1, ended: false }) as const),
        );
      },
    },
    keys: { checkAll: async (messages) => messages.map(() => answers.verdict ?? "valid") },
    commands: {
      jobAgain: async ({ id }) => {
        if (answers.isHostAway === true) throw new DispatchError("HOST_UNREACHABLE", "away");
        seen.replays.push(id);
        return { isDone: true, reason: undefined, message: "" };
      },
    },
    log: silentLogger,
  });
  const send = (events: readonly JobEvent[], deliveryCount = 1) =>
    deliver({
      content: {
        host,
        hostEpoch: 1,
        events,
        signedBytes: Buffer.alloc(0),
        signature: Buffer.alloc(64),
      },
      deliveryCount,
      pendingCount: 0,
      storedAtMs: 0,
      ack: () => log.push("ack"),
      retry: () => log.push("retry"),
      reject: () => log.push("reject"),
    });
  return { seen, log, send, service, gate };
}

describe("startEventIngest", () => {
  it("acknowledges after the commit", async () => {
    const { log, send } = start();
    send([eventOf(newJobId(), 1)]);
    await waitFor(() => log.length === 2);
    assert.deepEqual(log, ["commit", "ack"]);
  });

  it("commits what came meanwhile together, each job's events in order", async () => {
    const { seen, log, send, gate } = start();
    const { promise, resolve } = Promise.withResolvers<void>();
    gate.open = promise;
    const job = newJobId();
    send([eventOf(newJobId(), 1)]);
    send([eventOf(job, 2)]);
    send([eventOf(job, 1), eventOf(newJobId(), 1)]);
    resolve();
    await waitFor(() => log.filter((entry) => entry === "ack").length === 3);
    assert.equal(seen.commits.length, 2);
    const batch = seen.commits[1]?.find((candidate) => candidate.job === job);
    assert.deepEqual(
      batch?.events.map((event) => event.seq),
      [1, 2],
    );
  });

  it("removes what the host did not sign, and commits none of it", async () => {
    const { seen, log, send } = start({ verdict: "wrong-signature" });
    send([eventOf(newJobId(), 1)]);
    await waitFor(() => log.length === 1);
    assert.deepEqual(log, ["reject"]);
    assert.deepEqual(seen.commits, []);
  });

  it("waits for the events between before it asks for a replay", async () => {
    const { seen, log, send } = start({ outcome: () => ({ kind: "gap", replayFrom: 2 }) });
    const job = newJobId();
    send([eventOf(job, 5)]);
    await waitFor(() => log.includes("retry"));
    assert.deepEqual(seen.replays, []);
    send([eventOf(job, 5)], 4);
    await waitFor(() => log.includes("ack"));
    assert.deepEqual(seen.replays, [job]);
  });

  it("keeps events whose predecessors the host could not be asked for", async () => {
    const { log, send } = start({
      outcome: () => ({ kind: "gap", replayFrom: 2 }),
      isHostAway: true,
    });
    send([eventOf(newJobId(), 5)], 4);
    await waitFor(() => log.includes("retry"));
    assert.ok(!log.includes("ack"));
  });

  it("keeps events while the database is away", async () => {
    const { log, send } = start({ fails: () => new StoreError("DATABASE_UNAVAILABLE", "away") });
    send([eventOf(newJobId(), 1)]);
    await waitFor(() => log.length === 1);
    assert.deepEqual(log, ["retry"]);
  });

  it("does not let events that can't be stored hold up the others", async () => {
    const poison = newJobId();
    const { log, send, gate, seen } = start({
      fails: (batches) =>
        batches.some((batch) => batch.job === poison)
          ? new StoreError("FIELD_INVALID", "no text")
          : undefined,
    });
    const { promise, resolve } = Promise.withResolvers<void>();
    gate.open = promise;
    send([eventOf(newJobId(), 1)]);
    const good = newJobId();
    send([eventOf(poison, 1)]);
    send([eventOf(good, 1)]);
    resolve();
    await waitFor(() => log.includes("reject") && log.filter((it) => it === "ack").length === 2);
    assert.ok(seen.commits.flat().some((batch) => batch.job === good));
  });

  it("drops events of an older assignment", async () => {
    const { log, send } = start({ outcome: () => ({ kind: "stale", why: "wrong-epoch" }) });
    send([eventOf(newJobId(), 1)]);
    await waitFor(() => log.includes("ack"));
  });
});
