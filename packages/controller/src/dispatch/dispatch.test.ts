import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { type JobId, type JobState, parseHostId } from "@switchyard/model";
import { waitFor } from "@switchyard/testkit";
import type { Dispatch } from "./dispatch.ts";
import type { FakeAgent } from "./testing/fake-agent.ts";
import { startTestFleet, type TestFleet } from "./testing/test-fleet.ts";

const host = parseHostId("host-a");
/** A delivery lost with its connection comes again after 10 s, a job sent in vain after 5, 10 and 20 s. */
const DEADLINE = { deadlineMs: 45_000 };

describe("dispatch on Postgres and nats-server, with two controllers", () => {
  let fleet: TestFleet;
  let first: Dispatch;
  let second: Dispatch;
  let agent: FakeAgent;

  before(async () => {
    fleet = await startTestFleet();
    [first, second] = await Promise.all([fleet.startController(), fleet.startController()]);
    agent = await fleet.addHost(host);
  });
  after(() => fleet.stop());

  const stateOf = async (job: JobId): Promise<JobState> =>
    (await fleet.store.reads.jobs.get(job)).state;
  const untilSucceeded = (jobs: readonly JobId[]) =>
    waitFor(async () => {
      const states = await Promise.all(jobs.map(stateOf));
      return states.every((state) => state === "succeeded");
    }, DEADLINE);
  const effectsOf = (jobs: readonly JobId[]) =>
    jobs.map((job) => agent.effects.filter((effect) => effect === job).length);
  const once = (jobs: readonly JobId[]) => jobs.map(() => 1);
  const createJobs = (count: number) =>
    Promise.all(Array.from({ length: count }, () => fleet.createJob(host)));

  it("brings a job to its host and its result to the database", async () => {
    const job = await fleet.createJob(host);
    first.wake();
    await untilSucceeded([job]);
    assert.deepEqual(effectsOf([job]), [1]);
  });

  it("runs each of many jobs once, whichever controller is woken", async () => {
    const jobs = await createJobs(200);
    first.wake();
    second.wake();
    await untilSucceeded(jobs);
    assert.deepEqual(effectsOf(jobs), once(jobs));
  });

  it("dispatches what no one woke it for", async () => {
    await untilSucceeded([await fleet.createJob(host)]);
  });

  it("loses and doubles nothing when nats-server is killed under load", async () => {
    const jobs = await createJobs(100);
    first.wake();
    await waitFor(() => jobs.some((job) => agent.effects.includes(job)));
    await fleet.broker.kill9();
    const during = await createJobs(10);
    second.wake();
    await fleet.broker.start();
    await untilSucceeded([...jobs, ...during]);
    assert.deepEqual(effectsOf([...jobs, ...during]), once([...jobs, ...during]));
  });

  it("makes streams anew and sends unaccepted jobs again when NATS lost its storage", async () => {
    const kept = await fleet.addHost("host-b");
    const hostB = parseHostId("host-b");
    await kept.close();
    const queued = await fleet.createJob(hostB);
    first.wake();
    await fleet.broker.kill9();
    await fleet.broker.wipeStorage();
    const during = await createJobs(20);
    await fleet.broker.start();
    await untilSucceeded(during);
    assert.deepEqual(effectsOf(during), once(during));
    assert.equal(await stateOf(queued), "pending");
  });

  it("asks for results that NATS lost after it had confirmed them", async () => {
    agent.setReporting(false);
    const job = await fleet.createJob(host);
    first.wake();
    await waitFor(() => agent.effects.includes(job));
    agent.setReporting(true);
    await agent.bus.publishEvents([
      {
        host,
        job,
        epoch: 1,
        seq: 2,
        atMs: Date.now(),
        body: { kind: "log", step: "s", line: "the event before is missing" },
      },
    ]);
    await waitFor(() => agent.replays.includes(job), DEADLINE);
    await untilSucceeded([job]);
  });

  it("goes on after Postgres was killed", async () => {
    const jobs = await createJobs(50);
    first.wake();
    await fleet.postgres.kill9();
    await fleet.postgres.restart();
    await untilSucceeded(jobs);
    assert.deepEqual(effectsOf(jobs), once(jobs));
  });
});
