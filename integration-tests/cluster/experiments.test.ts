import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import {
  DatapathMode,
  ExperimentMode,
  ExperimentState,
  HostKind,
  PowerSource,
} from "@switchyard/proto";
import { waitFor } from "@switchyard/testkit";
import { type Bench, isOver, startBench } from "./support/experiments.ts";
import { testVm } from "./support/vms.ts";

const [FIRST, SECOND, BAD] = ["hosts/r740-01", "hosts/r740-02", "hosts/r740-03"] as const;
const GBIT = 1e9;
const GONE_MS = 60_000;

const median = (values: readonly number[]): number =>
  [...values].sort((left, right) => left - right)[Math.floor(values.length / 2)] ?? Number.NaN;

describe("an experiment", () => {
  let bench: Bench;
  before(async () => {
    bench = await startBench(3, ["r740-03"]);
  });
  after(() => bench.stack.stop());

  it("refuses hosts that it could not bring back to what they are", async () => {
    await bench.job.createVm("other", testVm({}));
    const { allocation } = await bench.stack.client.vms.getVm({ name: "vms/other" });
    const taken = allocation?.host ?? "";
    await assert.rejects(bench.start("beside", [taken]), { reason: "VMS_WOULD_BREAK" });
    await bench.stack.client.vms.deleteVm({ name: "vms/other" });
    const isGone = async () => (await bench.stack.client.vms.listVms({})).vms.length === 0;
    await waitFor(isGone, { deadlineMs: GONE_MS, pollMs: 100 });
    await assert.rejects(bench.start("twice", [FIRST, FIRST]), { reason: "FIELD_INVALID" });
    await assert.rejects(bench.start("nowhere", ["hosts/none"]), { reason: "HOST_NOT_FOUND" });
    const long = { duration: { seconds: 1n, nanos: 500_000_000 } };
    await assert.rejects(bench.start("broken", [FIRST], long), { reason: "FIELD_INVALID" });
    assert.deepEqual((await bench.stack.client.experiments.listExperiments({})).experiments, []);
  });

  it("compares the three modes between two hosts, and brings both back", async () => {
    const begun = await bench.start("pair", [FIRST, SECOND]);
    assert.equal(begun.modeOrder.length, 3);
    assert.equal(begun.ground, HostKind.SIMULATED);
    await assert.rejects(bench.start("other", [SECOND]), { reason: "HOST_IN_EXPERIMENT" });
    const change = { name: FIRST, mode: DatapathMode.SRIOV };
    await assert.rejects(bench.stack.client.hosts.setDatapathMode(change), {
      reason: "HOST_IN_EXPERIMENT",
    });
    const host = await bench.stack.client.hosts.getHost({ name: FIRST });
    // Without an etag: the experiment changes the host meanwhile.
    const relabelled = { ...host, etag: "", labels: { role: "spare" } };
    await assert.rejects(bench.stack.client.hosts.updateHost({ host: relabelled }), {
      reason: "HOST_IN_EXPERIMENT",
    });
    const profile = await bench.stack.client.profiles.getProfile({ name: "profiles/fleet" });
    await assert.rejects(bench.stack.client.profiles.updateProfile({ profile }), {
      reason: "RESOURCE_IN_USE",
    });
    const done = await bench.reached("pair", isOver);
    assert.equal(done.state, ExperimentState.SUCCEEDED, done.stateReason);
    assert.deepEqual([done.roundsDone, done.roundsTotal], [6, 6]);
    const rounds = await bench.roundsOf("pair");
    const gbits = (mode: ExperimentMode) =>
      median(
        rounds
          .filter((round) => round.mode === mode)
          .map(({ throughput }) => (throughput?.bitsPerSecond ?? 0) / GBIT),
      );
    const [vf, vdpa, software] = [
      gbits(ExperimentMode.SRIOV),
      gbits(ExperimentMode.VDPA),
      gbits(ExperimentMode.VDPA_SW),
    ];
    const text = `${vf} ${vdpa} ${software}`;
    assert.ok(vf > 70 && vf < 90, text);
    assert.ok(vdpa > 45 && vdpa < 85, text);
    assert.ok(software > 24 && software < 32, text);
    for (const { latency, offload, mode, cpu, power } of rounds) {
      assert.deepEqual([latency?.sentCount, latency?.receivedCount], [20, 20]);
      assert.equal(latency?.roundTripMicros.length, 20);
      assert.equal(cpu.length, 2);
      assert.ok(power.some(({ source, joules }) => source === PowerSource.RAPL && joules > 0));
      assert.ok(offload.every(({ proven }) => proven));
      assert.equal(offload.length, mode === ExperimentMode.VDPA ? 2 : 0);
    }
    const output = await bench.stack.client.experiments.getRoundOutput({
      experiment: "experiments/pair",
      mode: ExperimentMode.VDPA,
      round: 1,
    });
    assert.match(output.clientOutput, /"sum_received"/);
    assert.match(output.pingOutput, /20 packets transmitted/);
    await bench.assertRestored(FIRST, SECOND);
    const { jobs } = await bench.stack.client.jobs.listJobs({ pageSize: 200 });
    const ofPair = jobs.filter(({ createTime }) => Number(createTime) >= Number(begun.createTime));
    const traces = new Set(ofPair.map(({ traceId }) => traceId));
    assert.equal(traces.size, 1, `${ofPair.length} jobs of ${traces.size} traces`);
  });

  it("tells that offload is not real where the card takes no rule", async () => {
    const spec = { modes: [ExperimentMode.VDPA], roundCount: 1 };
    await bench.start("unreal", [BAD], spec);
    const done = await bench.reached("unreal", isOver);
    assert.equal(done.state, ExperimentState.SUCCEEDED, done.stateReason);
    const [round] = await bench.roundsOf("unreal");
    assert.deepEqual(
      round?.offload.map(({ host, proven }) => [host, proven]),
      [[BAD, false]],
    );
    assert.match(round?.offload[0]?.found ?? "", /0 of \d+ flows in hardware/);
    const rate = (round?.throughput?.bitsPerSecond ?? 0) / GBIT;
    assert.ok(rate > 24 && rate < 32, `${rate}`);
    await bench.assertRestored(BAD);
  });

  it("brings its hosts back when it is cancelled in the middle", async () => {
    await bench.start("cancelled", [FIRST, SECOND], { roundCount: 50 });
    await bench.reached("cancelled", ({ roundsDone }) => roundsDone > 0);
    const name = "experiments/cancelled";
    await assert.rejects(bench.stack.client.experiments.deleteExperiment({ name }), {
      reason: "EXPERIMENT_STATE_WRONG",
    });
    await bench.stack.client.experiments.cancelExperiment({ name, reason: "seen enough" });
    const done = await bench.reached("cancelled", isOver);
    assert.deepEqual([done.state, done.stateReason], [ExperimentState.CANCELLED, "seen enough"]);
    assert.ok((await bench.roundsOf("cancelled")).length > 0, "what was measured is kept");
    await bench.assertRestored(FIRST, SECOND);
    await bench.stack.client.experiments.deleteExperiment({ name });
  });
});
