import assert from "node:assert/strict";
import { afterEach, describe, it } from "node:test";
import type { PublishOutcome } from "@switchyard/bus";
import { type HostId, type JobId, parseHostId, parseJobId, StoreError } from "@switchyard/model";
import { newUuid, silentLogger, systemClock, systemRandom } from "@switchyard/runtime";
import type { OutgoingJob } from "@switchyard/store";
import { waitFor } from "@switchyard/testkit";
import { createRelay, type Relay } from "./relay.ts";
import { createWaker } from "./waker.ts";

const host = parseHostId("host-a");
const newJob = (sends = 1): OutgoingJob => ({
  host,
  hostEpoch: 1,
  job: parseJobId(newUuid(systemClock, systemRandom)),
  epoch: 1,
  expireAtMs: Date.now() + 60_000,
  specJson: "{}",
  traceparent: "",
  sends,
});

describe("createRelay", () => {
  let relay: Relay;
  afterEach(() => relay.stop());

  const start = (
    answers: { readonly outcome?: PublishOutcome; readonly claimFails?: number } = {},
  ) => {
    const seen = {
      due: [] as OutgoingJob[],
      published: [] as JobId[],
      delayed: [] as JobId[],
      ensured: [] as HostId[],
      goneCount: 0,
      ringCount: 0,
    };
    let failures = answers.claimFails ?? 0;
    const waker = createWaker(systemClock);
    relay = createRelay({
      outbox: {
        claimOutbox: async (limit) => {
          if (failures > 0) {
            failures -= 1;
            throw new StoreError("DATABASE_UNAVAILABLE", "away");
          }
          return seen.due.splice(0, limit);
        },
        delayOutbox: async (jobs) => void seen.delayed.push(...jobs),
      },
      bus: {
        publishJobs: async (jobs) => {
          seen.published.push(...jobs.map((job) => job.job));
          return jobs.map(() => answers.outcome ?? "stored");
        },
        ensureHosts: async (hosts) => void seen.ensured.push(...hosts),
        ring: () => {
          seen.ringCount += 1;
        },
        isConnected: () => true,
      },
      recovery: {
        streamsGone: () => {
          seen.goneCount += 1;
        },
      },
      waker,
      clock: systemClock,
      log: silentLogger,
    });
    return { seen, waker };
  };

  it("publishes what was committed once it is woken", async () => {
    const { seen, waker } = start();
    const job = newJob();
    seen.due.push(job);
    waker.wake();
    await waitFor(() => seen.published.includes(job.job), { deadlineMs: 200 });
  });

  it("finds what nobody woke it for", async () => {
    const { seen } = start();
    const job = newJob();
    seen.due.push(job);
    await waitFor(() => seen.published.includes(job.job));
  });

  it("publishes jobs it is given without asking the outbox", async () => {
    const { seen } = start();
    const job = newJob();
    relay.send([job]);
    await waitFor(() => seen.published.includes(job.job));
  });

  it("takes a job that is queued already for published", async () => {
    const { seen } = start({ outcome: "held" });
    relay.send([newJob()]);
    await waitFor(() => seen.published.length === 1);
    await relay.stop();
    assert.deepEqual(seen.delayed, []);
  });

  it("has a job whose publish is in doubt tried again soon", async () => {
    const { seen } = start({ outcome: "unknown" });
    const job = newJob();
    relay.send([job]);
    await waitFor(() => seen.delayed.includes(job.job));
  });

  it("reports that the streams are gone", async () => {
    const { seen } = start({ outcome: "absent" });
    relay.send([newJob()]);
    await waitFor(() => seen.goneCount === 1);
  });

  it("ensures the consumer of a host that did not take a job", async () => {
    const { seen } = start();
    relay.send([newJob(2)]);
    await waitFor(() => seen.ensured.includes(host));
  });

  it("calls the other controllers when more waits than one claim takes", async () => {
    const { seen, waker } = start();
    seen.due.push(...Array.from({ length: 300 }, () => newJob()));
    waker.wake();
    await waitFor(() => seen.published.length === 300);
    assert.equal(seen.ringCount, 1);
  });

  it("goes on after the database was away", async () => {
    const { seen } = start({ claimFails: 1 });
    seen.due.push(newJob());
    await waitFor(() => seen.published.length === 1);
  });
});
