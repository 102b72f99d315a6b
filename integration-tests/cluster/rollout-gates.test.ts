import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import {
  createMainJob,
  createReport,
  SIMULATED_TIMEOUTS,
  vdpaDatapath,
} from "@switchyard/dev/main-job";
import { SIM_LABELS, type Stack, startStack } from "@switchyard/dev/stack";
import {
  Profile,
  Rollout,
  type RolloutGate,
  RolloutGateVerdict,
  RolloutState,
  RolloutStrategy,
} from "@switchyard/proto";
import { silentLogger } from "@switchyard/runtime";
import { waitFor } from "@switchyard/testkit";

const HOSTS = 4;
const INTERVALS = { heartbeatMs: 1_000, inventoryMs: 500, telemetryMs: 2_000 };
const DONE_MS = 200_000;
const SOAK = { seconds: 30n, nanos: 0 };

const PROFILE = Profile.fromPartial({
  spec: {
    selector: SIM_LABELS,
    datapath: vdpaDatapath({
      ...{ vfCount: 2, maxVqp: 8 },
      bridgeAddresses: { first: "192.168.101.2", last: "192.168.101.19" },
    }),
  },
});

const metric = (name: string, percent: number): RolloutGate => ({
  gate: { $case: "metric", value: { metric: name, percent } },
});

describe("a rollout with gates on metrics", () => {
  let stack: Stack;
  before(async () => {
    stack = await startStack({ hosts: HOSTS, intervals: INTERVALS, log: silentLogger });
    const report = createReport(process.stderr);
    const job = createMainJob({ client: stack.client, report, timeouts: SIMULATED_TIMEOUTS });
    for (const host of stack.hostNames) await job.readyHost(host);
    await stack.client.profiles.createProfile({ profileId: "fleet", profile: PROFILE });
  });
  after(() => stack.stop());

  const start = (rolloutId: string, hwOffload: boolean, gates: RolloutGate[]) =>
    stack.client.rollouts.createRollout({
      rolloutId,
      rollout: {
        ...Rollout.create(),
        spec: {
          ...{ profile: "", profiles: ["profiles/fleet"], selector: {}, allHosts: false },
          change: { hwOffload, rebootReason: "" },
          strategy: {
            ...RolloutStrategy.create(),
            ...{ waveCount: 1, maxUnavailableCount: HOSTS, soak: SOAK, gates },
          },
        },
      },
      requestId: rolloutId,
      validateOnly: false,
    });
  const reached = (id: string, state: RolloutState): Promise<Rollout> => {
    let last: Rollout | undefined;
    const name = `rollouts/${id}`;
    return waitFor(
      async () => {
        last = await stack.client.rollouts.getRollout({ name });
        return last.state === state ? last : undefined;
      },
      { deadlineMs: DONE_MS, pollMs: 500 },
    ).catch((error: unknown) => {
      throw new Error(`rollout ${id} stands at ${JSON.stringify(last && Rollout.toJSON(last))}`, {
        cause: error,
      });
    });
  };

  it("compares hosts with the change to those without, and goes on where they are alike", async () => {
    await start("alike", true, [metric("host.memory_available", 50)]);
    const { gates } = await reached("alike", RolloutState.SUCCEEDED);
    assert.deepEqual(
      gates.map(({ wave, verdict }) => [wave, verdict]),
      [[1, RolloutGateVerdict.PASSED]],
    );
    assert.match(gates[0]?.found ?? "", /on 1 hosts with the change, .* on 3 without/);
  });

  it("pauses where there are too few samples, and goes on once a person accepted that", async () => {
    await start("unknown", false, [metric("vm.cpu_seconds", 20)]);
    const paused = await reached("unknown", RolloutState.PAUSED);
    assert.equal(paused.gates[0]?.verdict, RolloutGateVerdict.INCONCLUSIVE);
    assert.match(paused.stateReason, /vm\.cpu_seconds>\+20%: too few samples/);
    assert.equal(paused.counts?.waiting, HOSTS - 1);
    await stack.client.rollouts.resumeRollout({
      ...{ name: "rollouts/unknown", reason: "there are no VMs", requestId: "resume" },
    });
    const { gates } = await reached("unknown", RolloutState.SUCCEEDED);
    assert.equal(gates[0]?.accepted, true);
  });
});
