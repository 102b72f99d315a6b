import assert from "node:assert/strict";
import { afterEach, describe, it } from "node:test";
import type { CommandAnswer } from "@switchyard/bus";
import { type JobId, parseHostId, parseJobId } from "@switchyard/model";
import { ManualClock, type Service, silentLogger } from "@switchyard/runtime";
import type { JobRecord } from "@switchyard/store";
import { startMissingResults } from "./missing-results.ts";

const host = parseHostId("host-a");
const JOB = parseJobId("01a21da8-26cf-7e5c-8ed2-bcc23496c578");
const ROUND_MS = 5_000;
const SETTLED_MS = 12_000;

const answer = (change: Partial<CommandAnswer>): CommandAnswer => ({
  isDone: false,
  reason: undefined,
  message: "",
  ...change,
});

describe("startMissingResults", () => {
  let service: Service | undefined;
  afterEach(() => service?.stop());

  /** A job that was accepted long ago, and what its host runs and answers. */
  function fixture(said: {
    readonly runs: readonly JobId[];
    readonly answer: CommandAnswer | Error;
  }) {
    const clock = new ManualClock();
    const asked: JobId[] = [];
    const ended: JobId[] = [];
    const job = { id: JOB, host, epoch: 1, hostEpoch: 1, acceptedAtMs: clock.nowMs() };
    const beat = { hostEpoch: 1, running: said.runs.map((id) => ({ job: id, epoch: 1 })) };
    service = startMissingResults({
      clock,
      log: silentLogger,
      jobs: { list: async () => ({ items: [job as JobRecord], next: undefined }) },
      presence: { latest: new Map([[host, beat as never]]) },
      commands: {
        jobAgain: async ({ id }) => {
          asked.push(id);
          if (said.answer instanceof Error) throw said.answer;
          return said.answer;
        },
      },
      store: {
        endForgotten: async (jobs) => {
          ended.push(...jobs);
          return [];
        },
      },
    });
    /** Lets a round or more go by, to its end. */
    const rounds = async () => {
      await clock.advance(SETTLED_MS + ROUND_MS);
      await service?.stop();
    };
    return { rounds, asked, ended };
  }

  it("asks for the result of a job that its host no longer runs", async () => {
    const { rounds, asked, ended } = fixture({ runs: [], answer: answer({ isDone: true }) });
    await rounds();
    assert.deepEqual(new Set(asked), new Set([JOB]));
    assert.deepEqual(ended, []);
  });

  it("asks for nothing that the host says it runs", async () => {
    const { rounds, asked } = fixture({ runs: [JOB], answer: answer({}) });
    await rounds();
    assert.deepEqual(asked, []);
  });

  it("ends what the host says that it does not know", async () => {
    const { rounds, ended } = fixture({ runs: [], answer: answer({ reason: "JOB_NOT_FOUND" }) });
    await rounds();
    assert.deepEqual(new Set(ended), new Set([JOB]));
  });

  it("ends nothing of a host that does not answer", async () => {
    const { rounds, asked, ended } = fixture({ runs: [], answer: new Error("away") });
    await rounds();
    assert.ok(asked.length > 0);
    assert.deepEqual(ended, []);
  });
});
