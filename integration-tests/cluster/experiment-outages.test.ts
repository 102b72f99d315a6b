import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { createClient } from "@switchyard/client";
import { ExperimentMode, ExperimentState, HostState } from "@switchyard/proto";
import { waitFor } from "@switchyard/testkit";
import { type Bench, isOver, startBench } from "./support/experiments.ts";

const [FIRST, SECOND] = ["hosts/r740-01", "hosts/r740-02"] as const;
/** A lease and its sweep, on a machine that does much else. */
const LOST_MS = 120_000;
const GIVEN_BACK_MS = 60_000;

describe("an experiment in outages", () => {
  let bench: Bench;
  before(async () => {
    bench = await startBench(2);
  });
  after(() => bench.stack.stop());

  it("fails when a host is lost, brings the other back at once, and that one when it returns", async () => {
    const sim = bench.stack.simHost(SECOND);
    await bench.start("lost", [FIRST, SECOND], { modes: [ExperimentMode.SRIOV], roundCount: 50 });
    await bench.reached("lost", ({ roundsDone }) => roundsDone > 0);
    await sim.run({ argv: ["ip", "link", "set", "eno1", "down"] });
    await waitFor(
      async () =>
        (await bench.stack.client.hosts.getHost({ name: SECOND })).state === HostState.LOST,
      { deadlineMs: LOST_MS, pollMs: 200 },
    );
    const released = async () =>
      (await bench.stack.client.hosts.getHost({ name: FIRST })).experiment === "";
    await waitFor(released, { deadlineMs: GIVEN_BACK_MS, pollMs: 100 });
    const open = await bench.stack.client.experiments.getExperiment({ name: "experiments/lost" });
    assert.equal(open.state, ExperimentState.RESTORING);
    await sim.run({ argv: ["ip", "link", "set", "eno1", "up"] });
    const done = await bench.reached("lost", isOver);
    assert.deepEqual(
      [done.state, done.failure?.reason],
      [ExperimentState.FAILED, "HOST_UNREACHABLE"],
    );
    await bench.assertRestored(FIRST, SECOND);
  });

  // The last: it ends the controller that the others go by.
  it("goes on at another controller where the one that had it is gone", async () => {
    await bench.start("handed-over", [FIRST, SECOND], {
      modes: [ExperimentMode.VDPA],
      roundCount: 4,
    });
    await bench.reached("handed-over", ({ roundsDone }) => roundsDone > 0);
    const { address } = await bench.stack.startController();
    await bench.stack.controller.stop();
    const client = createClient({ address, security: { kind: "insecure" } });
    try {
      const done = await bench.reached("handed-over", isOver, client);
      assert.equal(done.state, ExperimentState.SUCCEEDED, done.stateReason);
      const { rounds } = await client.experiments.getExperimentResult({
        experiment: "experiments/handed-over",
      });
      assert.deepEqual(
        rounds.map(({ round }) => round),
        [1, 2, 3, 4],
      );
    } finally {
      client.close();
    }
  });
});
