import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import {
  ExperimentMode,
  ExperimentState,
  Rollout,
  RolloutGateVerdict,
  RolloutState,
  RolloutStrategy,
} from "@switchyard/proto";
import { waitFor } from "@switchyard/testkit";
import { type Bench, isOver, startBench } from "./support/experiments.ts";

const DONE_MS = 200_000;
/** Its card takes no rule, so that its figures are those of software. */
const BAD = "r740-01";
const GOOD = "hosts/r740-02";
/** Enough for a fall to be significant. */
const ROUNDS = 5;

describe("a rollout with an experiment as its gate", () => {
  let bench: Bench;
  before(async () => {
    bench = await startBench(2, [BAD]);
  });
  after(() => bench.stack.stop());

  const reached = (id: string, state: RolloutState): Promise<Rollout> => {
    let last: Rollout | undefined;
    return waitFor(
      async () => {
        last = await bench.stack.client.rollouts.getRollout({ name: `rollouts/${id}` });
        return last.state === state ? last : undefined;
      },
      {
        ...{ deadlineMs: DONE_MS, pollMs: 250 },
        describe: () => JSON.stringify(last && Rollout.toJSON(last)),
      },
    );
  };
  const start = (rolloutId: string) =>
    bench.stack.client.rollouts.createRollout({
      rolloutId,
      rollout: {
        ...Rollout.create(),
        spec: {
          ...{
            profile: "",
            profiles: ["profiles/fleet"],
            selector: {},
            allHosts: false,
            change: undefined,
          },
          strategy: {
            ...RolloutStrategy.create(),
            ...{ canaryCount: 2, soak: { seconds: 0n, nanos: 0 } },
            gates: [
              {
                gate: {
                  $case: "experiment",
                  value: { baseline: "experiments/before", conditions: ["throughput<-20%"] },
                },
              },
            ],
          },
        },
      },
      ...{ requestId: rolloutId, validateOnly: false },
    });

  it("measures on the canary as before, halts where figures fell, and goes on when told to", async () => {
    const modes = [ExperimentMode.VDPA];
    await bench.start("before", [GOOD], { modes, roundCount: ROUNDS });
    const before = await bench.reached("before", isOver);
    assert.equal(before.state, ExperimentState.SUCCEEDED, before.stateReason);

    await start("same");
    const halted = await reached("same", RolloutState.HALTED);
    const [gate] = halted.gates;
    assert.equal(gate?.verdict, RolloutGateVerdict.FAILED);
    assert.match(gate.found, /^throughput<-20%: throughput of vdpa in same-gate-1: -\d\d\.\d%$/);
    assert.ok(halted.halt?.signalTime, "a failed gate is the bad signal");
    const made = await bench.stack.client.experiments.getExperiment({ name: gate.experiment });
    assert.deepEqual([made.name, made.spec?.modes], ["experiments/same-gate-1", modes]);
    assert.deepEqual(made.spec?.hosts, [`hosts/${BAD}`]);

    const word = { name: "rollouts/same", reason: "it is known", requestId: "resume" };
    await bench.stack.client.rollouts.resumeRollout(word);
    assert.equal((await reached("same", RolloutState.SUCCEEDED)).gates[0]?.accepted, true);
  });
});
