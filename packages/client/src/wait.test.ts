import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type ServiceError, status } from "@grpc/grpc-js";
import { Job, JobEvent, JobState } from "@switchyard/proto";
import { ApiError } from "./api-error.ts";
import type { SwitchyardClient } from "./client.ts";
import type { Timing } from "./timing.ts";
import { waitForJob } from "./wait.ts";

const unavailable = () =>
  new ApiError(Object.assign(new Error("lost"), { code: status.UNAVAILABLE }) as ServiceError);

const event = (seq: number, epoch = 1): JobEvent =>
  JobEvent.fromPartial({ job: "jobs/1", epoch: BigInt(epoch), seq: BigInt(seq) });
const ended = (seq: number): JobEvent =>
  JobEvent.fromPartial({ ...event(seq), body: { $case: "ended", value: {} } });

/** A client whose job events come by script, one stream per call. */
function scriptedClient(
  streams: readonly (readonly (JobEvent | ApiError)[])[],
  states: JobState[],
) {
  let call = 0;
  const jobs = {
    watchJobEvents: async function* () {
      const stream = streams[call] ?? [];
      call += 1;
      for (const item of stream) {
        if (item instanceof ApiError) throw item;
        yield item;
      }
    },
    getJob: async () =>
      Job.fromPartial({ name: "jobs/1", state: states.shift() ?? JobState.SUCCEEDED }),
  };
  return { jobs } as unknown as SwitchyardClient;
}

/** Time passes only by sleeping. */
function steppingTiming(): Timing {
  let nowMs = 0;
  return {
    nowMs: () => nowMs,
    sleep: async (ms) => {
      nowMs += ms;
    },
    random: () => 0,
  };
}

async function seen(client: SwitchyardClient, timeoutMs = 60_000) {
  const seqs: string[] = [];
  const job = await waitForJob(client, "jobs/1", {
    timeoutMs,
    timing: steppingTiming(),
    onEvent: ({ epoch, seq }) => seqs.push(`${epoch}.${seq}`),
  });
  return { seqs, job };
}

describe("waitForJob", () => {
  it("tells of every event once, across a lost connection", async () => {
    const client = scriptedClient(
      [
        [event(1), event(2), unavailable()],
        [event(1), event(2), event(3), ended(4)],
      ],
      [],
    );
    const { seqs, job } = await seen(client);
    assert.deepEqual(seqs, ["1.1", "1.2", "1.3", "1.4"]);
    assert.equal(job.state, JobState.SUCCEEDED);
  });

  it("goes on when the controller ended the stream before the job ended", async () => {
    const client = scriptedClient([[event(1)], [event(1), ended(2)]], [JobState.RUNNING]);
    assert.deepEqual((await seen(client)).seqs, ["1.1", "1.2"]);
  });

  it("ends with a job that ended without its host's word", async () => {
    const client = scriptedClient([[]], [JobState.EXPIRED, JobState.EXPIRED]);
    assert.equal((await seen(client)).job.state, JobState.EXPIRED);
  });

  it("drops what an older epoch still says", async () => {
    const client = scriptedClient([[event(1, 2), event(5, 1), event(2, 2), ended(9)]], []);
    assert.deepEqual((await seen(client)).seqs, ["2.1", "2.2"]);
  });

  it("gives up when its time is over", async () => {
    const streams = Array.from({ length: 100 }, () => [unavailable()]);
    await assert.rejects(
      seen(scriptedClient(streams, []), 3_000),
      (error) => error instanceof ApiError && error.code === "UNAVAILABLE",
    );
  });
});
