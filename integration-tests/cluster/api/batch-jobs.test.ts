import assert from "node:assert/strict";
import { after, before, beforeEach, describe, it } from "node:test";
import type { CreateNoopJobRequest, Job } from "@switchyard/proto";
import { prepareFleet } from "./prepared-hosts.ts";
import { refusedWith } from "./refusal.ts";
import { startWorld, type World } from "./world.ts";

const HOSTS = ["r740-01", "r740-02"] as const;

const requestOf = (host: string, requestId = ""): CreateNoopJobRequest => ({
  host: `hosts/${host}`,
  requestId,
  validateOnly: false,
});

describe("no-op jobs made in one call", () => {
  let world: World;
  let countBefore: number;

  before(async () => {
    world = await startWorld();
    await prepareFleet(world, HOSTS);
  });
  after(() => world.stop());

  const count = async (): Promise<number> => (await world.client.jobs.listJobs({})).jobs.length;
  const create = (requests: CreateNoopJobRequest[], validateOnly = false) =>
    world.client.jobs.batchCreateNoopJobs({ requests, validateOnly });
  beforeEach(async () => {
    countBefore = await count();
  });

  it("are there in the order of the requests, and are given to their hosts", async () => {
    const order = ["r740-02", "r740-01", "r740-02"];
    const { jobs } = await create(order.map((host) => requestOf(host)));
    assert.deepEqual(
      jobs.map(({ host }) => host),
      order.map((host) => `hosts/${host}`),
    );
    assert.equal(await count(), countBefore + 3);
    for (const { name } of jobs) await world.doJob(name);
  });

  it("are the same for the same request ids", async () => {
    const requests = HOSTS.map((host) => requestOf(host, `batch-${host}`));
    const { jobs } = await create(requests);
    const names = (made: readonly Job[]) => made.map(({ name }) => name);
    assert.deepEqual(names((await create(requests)).jobs), names(jobs));
    assert.equal(await count(), countBefore + 2);
  });

  it("are none where one is refused", async () => {
    const requests = [requestOf("r740-01"), requestOf("none"), requestOf("r740-02", "kept-back")];
    await refusedWith("HOST_NOT_FOUND", "NOT_FOUND", create(requests));
    assert.equal(await count(), countBefore);
    const { jobs } = await create([requestOf("r740-01", "kept-back")]);
    assert.equal(jobs.length, 1);
  });

  it("are none where the caller only asks whether they could be made", async () => {
    const { jobs } = await create([requestOf("r740-01"), requestOf("r740-02")], true);
    assert.equal(jobs.length, 2);
    assert.equal(await count(), countBefore);
  });

  it("are refused with everything that is wrong with each", async () => {
    const nothing = await refusedWith("FIELD_INVALID", "INVALID_ARGUMENT", create([]));
    assert.deepEqual(
      nothing.fieldViolations.map(({ field }) => field),
      ["requests"],
    );
    const wrong = await refusedWith(
      "FIELD_INVALID",
      "INVALID_ARGUMENT",
      create([
        requestOf("r740-01"),
        { ...requestOf(""), validateOnly: true },
        requestOf("r740-01", " "),
      ]),
    );
    assert.deepEqual(
      wrong.fieldViolations.map(({ field }) => field),
      ["requests[1].validate_only", "requests[1].host", "requests[2].request_id"],
    );
    assert.equal(await count(), countBefore);
  });
});
