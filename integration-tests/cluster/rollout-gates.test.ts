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
  DriftPolicy,
  type Host,
  Profile,
  Rollout,
  type RolloutGate,
  RolloutGateVerdict,
  RolloutHostState,
  type RolloutSpec,
  RolloutState,
  RolloutStrategy,
} from "@switchyard/proto";
import { silentLogger } from "@switchyard/runtime";
import { waitFor } from "@switchyard/testkit";

/** By profile and rack: eight that the rollouts go over, one of their profile that they leave out, two of another. */
const HOSTS = [...Array.from({ length: 8 }, () => "fleet a"), "fleet b", "other a", "other a"];
const [WAITING_COUNT, CANARY_COUNT] = [5, 3];
const OUTSIDE = "hosts/r740-09";
const INTERVALS = { heartbeatMs: 1_000, inventoryMs: 500, telemetryMs: 2_000 };
const DONE_MS = 200_000;
/** Switches that keep two threads busy as soon as they offload: a fault that no check of the doctor sees. */
const FAULT = { offloadBusyThreads: 2 };

const profileOf = (pool: string, first: number): Profile =>
  Profile.fromPartial({
    spec: {
      selector: { ...SIM_LABELS, pool },
      driftPolicy: DriftPolicy.ENFORCE,
      datapath: {
        ...vdpaDatapath({
          ...{ vfCount: 2, maxVqp: 8 },
          bridgeAddresses: { first: `192.168.101.${first}`, last: `192.168.101.${first + 17}` },
        }),
        hwOffload: false,
      },
    },
  });

const metric = (name: string, percent: number): RolloutGate => ({
  gate: { $case: "metric", value: { metric: name, percent } },
});

describe("a rollout with gates on metrics", () => {
  let stack: Stack;
  before(async () => {
    const names = HOSTS.map((_, at) => `r740-${String(at + 1).padStart(2, "0")}`);
    stack = await startStack({
      ...{ hosts: HOSTS.length, intervals: INTERVALS, log: silentLogger },
      overrides: Object.fromEntries(names.map((name) => [name, FAULT])),
    });
    const report = createReport(process.stderr);
    const job = createMainJob({ client: stack.client, report, timeouts: SIMULATED_TIMEOUTS });
    for (const [at, host] of stack.hostNames.entries()) {
      await job.readyHost(host);
      const found = await stack.client.hosts.getHost({ name: host });
      const [pool = "", rack = ""] = HOSTS[at]?.split(" ") ?? [];
      await stack.client.hosts.updateHost({
        host: { ...found, labels: { ...found.labels, pool, rack } },
        updateMask: ["labels"],
      });
    }
    for (const [profileId, first] of [
      ["fleet", 2],
      ["other", 30],
    ] as const) {
      await stack.client.profiles.createProfile({
        ...{ profileId, profile: profileOf(profileId, first) },
      });
    }
  });
  after(() => stack.stop());

  const start = (
    rolloutId: string,
    wanted: Partial<RolloutStrategy> & {
      readonly hwOffload?: boolean;
      readonly profile?: string;
      readonly selector?: RolloutSpec["selector"];
    },
  ) => {
    const { hwOffload, profile = "fleet", selector = {}, ...strategy } = wanted;
    return stack.client.rollouts.createRollout({
      rolloutId,
      rollout: {
        ...Rollout.create(),
        spec: {
          ...{ profile: "", profiles: [`profiles/${profile}`], selector, allHosts: false },
          change: { hwOffload, rebootReason: "" },
          strategy: {
            ...RolloutStrategy.create(),
            ...{ waveCount: 1, maxUnavailableCount: HOSTS.length, ...strategy },
            soak: { seconds: 20n, nanos: 0 },
          },
        },
      },
      requestId: rolloutId,
      validateOnly: false,
    });
  };
  const reached = (id: string, ...states: readonly RolloutState[]): Promise<Rollout> => {
    let last: Rollout | undefined;
    return waitFor(
      async () => {
        last = await stack.client.rollouts.getRollout({ name: `rollouts/${id}` });
        return states.includes(last.state) ? last : undefined;
      },
      {
        ...{ deadlineMs: DONE_MS, pollMs: 500 },
        describe: () => `rollout ${id} stands at ${JSON.stringify(last && Rollout.toJSON(last))}`,
      },
    );
  };
  const hostsOf = async (id: string, state: RolloutHostState): Promise<readonly string[]> => {
    const { hosts } = await stack.client.rollouts.listRolloutHosts({ rollout: `rollouts/${id}` });
    return hosts.filter((host) => host.state === state).map(({ host }) => host);
  };
  const hostWhen = (name: string, isSo: (host: Host) => boolean): Promise<Host> => {
    let seen: Host | undefined;
    return waitFor(
      async () => {
        seen = await stack.client.hosts.getHost({ name });
        return isSo(seen) ? seen : undefined;
      },
      {
        deadlineMs: DONE_MS,
        describe: () => `${name}: ${JSON.stringify(seen && { ...seen, inventory: undefined })}`,
      },
    );
  };
  const appliedOf = async (names: readonly string[]) => {
    const hosts = await Promise.all(names.map((name) => stack.client.hosts.getHost({ name })));
    return hosts.map(({ appliedGeneration }) => appliedGeneration);
  };
  /** Takes a port away, and waits until it is there again. */
  const breakAndWait = async (name: string): Promise<Host> => {
    const { appliedGeneration } = await hostWhen(name, ({ drift }) => drift.length === 0);
    await stack.simHost(name).run({ argv: ["ovs-vsctl", "del-port", "cxbr0", "eth0"] });
    const host = await hostWhen(
      name,
      (now) => now.appliedGeneration > appliedGeneration && now.drift.length === 0,
    );
    const { stdout } = await stack
      .simHost(name)
      .run({ argv: ["ovs-vsctl", "list-ports", "cxbr0"] });
    assert.match(stdout, /^eth0$/m);
    return host;
  };

  it("compares hosts with the change to those without, and goes on where they are alike", async () => {
    await start("unknown", { profile: "other", gates: [metric("vm.cpu_seconds", 20)] });
    await start("alike", { gates: [metric("host.memory_available", 50)] });
    const { gates } = await reached("alike", RolloutState.SUCCEEDED);
    assert.deepEqual(
      gates.map(({ wave, verdict }) => [wave, verdict]),
      [[1, RolloutGateVerdict.PASSED]],
    );
    assert.match(gates[0]?.found ?? "", /on 1 hosts with the change, .* on 8 without/);
  });

  it("halts by itself where hosts got worse that no check finds fault with", async () => {
    await start("worse", {
      ...{ hwOffload: true, selector: { rack: "a" }, canaryCount: CANARY_COUNT },
      gates: [metric("host.cpu_busy_seconds", 20)],
    });
    const { HALTED, PAUSED, SUCCEEDED } = RolloutState;
    const halted = await reached("worse", HALTED, PAUSED, SUCCEEDED);
    assert.equal(halted.state, HALTED, halted.stateReason);
    const figures =
      /^host\.cpu_busy_seconds>\+20%: \+(\d+)\.\d%: (\S+) on 3 hosts with the change, (\S+) on 5 without, p 0\.036$/;
    const [, share, now, before] = figures.exec(halted.stateReason) ?? [];
    assert.ok(share !== undefined, halted.stateReason);
    assert.ok(Number(now) - Number(before) > FAULT.offloadBusyThreads, halted.stateReason);
    assert.deepEqual(
      halted.gates.map(({ wave, verdict, accepted }) => [wave, verdict, accepted]),
      [[1, RolloutGateVerdict.FAILED, false]],
    );
    const { updated, waiting, failed, underWay } = halted.counts ?? {};
    assert.deepEqual([updated, waiting, failed, underWay], [CANARY_COUNT, WAITING_COUNT, 0, 0]);
    assert.equal(halted.halt?.blastRadius, 0);
    assert.ok((halted.halt?.haltTime ?? 0) >= (halted.halt?.signalTime ?? Infinity));
  });

  it("leaves hosts of later waves and outside at what was applied, also where they are mended", async () => {
    const [waiting = ""] = await hostsOf("worse", RolloutHostState.WAITING);
    const [updated = ""] = await hostsOf("worse", RolloutHostState.UPDATED);
    const [later, outside, canary] = await Promise.all([
      breakAndWait(waiting),
      breakAndWait(OUTSIDE),
      breakAndWait(updated),
    ]);
    assert.equal(later.inventory?.ovs?.hwOffload, false, "its wave has not come");
    assert.equal(outside.inventory?.ovs?.hwOffload, false, "no rollout goes over it");
    assert.equal(canary.inventory?.ovs?.hwOffload, true, "the rollout brought it there");
    const { events } = await stack.client.events.listEvents({});
    assert.ok(events.some(({ actor }) => actor === "controller/drift"));
  });

  it("rolls back the hosts that it touched, and no others", async () => {
    const untouched = await hostsOf("worse", RolloutHostState.WAITING);
    const before = await appliedOf(untouched);
    const name = "rollouts/worse";
    await stack.client.rollouts.rollBackRollout({ name, reason: "slow", requestId: "back" });
    const back = await reached("worse", RolloutState.ROLLED_BACK, RolloutState.FAILED);
    assert.equal(back.state, RolloutState.ROLLED_BACK, back.stateReason);
    assert.equal((await hostsOf("worse", RolloutHostState.ROLLED_BACK)).length, CANARY_COUNT);
    assert.deepEqual(await appliedOf(untouched), before);
  });

  it("pauses where there are too few samples, and goes on once a person accepted that", async () => {
    const paused = await reached("unknown", RolloutState.PAUSED);
    assert.equal(paused.gates[0]?.verdict, RolloutGateVerdict.INCONCLUSIVE);
    assert.match(paused.stateReason, /vm\.cpu_seconds>\+20%: too few samples/);
    assert.deepEqual([paused.counts?.updated, paused.counts?.waiting], [1, 1]);
    await stack.client.rollouts.resumeRollout({
      ...{ name: "rollouts/unknown", reason: "there are no VMs", requestId: "resume" },
    });
    const { gates } = await waitFor(
      async () => {
        const now = await stack.client.rollouts.getRollout({ name: "rollouts/unknown" });
        return now.wave === 2 ? now : undefined;
      },
      { deadlineMs: DONE_MS, describe: () => "it does not go on to its second wave" },
    );
    assert.equal(gates[0]?.accepted, true);
  });
});
