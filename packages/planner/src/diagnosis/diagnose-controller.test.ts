import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { CHECKS_OF_CONTROLLER, type ControllerCheckId } from "@switchyard/model";
import { type ControllerFacts, diagnoseController } from "./diagnose-controller.ts";

const HEALTHY: ControllerFacts = {
  database: { isUp: true, latencyMs: 2 },
  bus: { isUp: true, latencyMs: 1 },
  waitingJobs: [],
  jobsForOperators: [],
  hosts: [{ id: "r740-01", state: "ready" }],
};

const JOB = { id: "j1", host: "r740-01" };
const BAD: Readonly<
  Record<ControllerCheckId, readonly ["warn" | "fail", Partial<ControllerFacts>]>
> = {
  "CTL-DATABASE": ["fail", { database: { isUp: false, why: "ECONNREFUSED" } }],
  "CTL-BUS": ["fail", { bus: { isUp: false, why: "no answer" } }],
  "CTL-OUTBOX": ["warn", { waitingJobs: [JOB] }],
  "CTL-JOBS": ["fail", { jobsForOperators: [JOB] }],
  "CTL-HOSTS": ["warn", { hosts: [{ id: "r740-02", state: "lost" }] }],
};

describe("diagnoseController", () => {
  it("passes all checks of a control plane that works", () => {
    const others = diagnoseController(HEALTHY).filter(({ status }) => status !== "pass");
    assert.deepEqual(others, []);
  });

  for (const id of Object.keys(CHECKS_OF_CONTROLLER) as ControllerCheckId[]) {
    it(`${id} finds where it does not hold that ${CHECKS_OF_CONTROLLER[id].title}`, () => {
      const [status, change] = BAD[id];
      const [result] = diagnoseController({ ...HEALTHY, ...change }, new Set([id]));
      assert.equal(result?.status, status);
      assert.notEqual(result?.fix, "");
    });
  }

  it("skips what a database that is down could not tell", () => {
    const results = diagnoseController({
      database: { isUp: false, why: "ECONNREFUSED" },
      bus: undefined,
      waitingJobs: undefined,
      jobsForOperators: undefined,
      hosts: undefined,
    });
    assert.deepEqual(
      results.map(({ status }) => status),
      ["fail", "skip", "skip", "skip", "skip"],
    );
  });

  it("warns of a part that answers slowly", () => {
    const database = { isUp: true, latencyMs: 4_000 } as const;
    const [result] = diagnoseController({ ...HEALTHY, database });
    assert.equal(result?.status, "warn");
  });
});
