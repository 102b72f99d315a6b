import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import {
  createMainJob,
  createReport,
  SIMULATED_TIMEOUTS,
  vdpaDatapath,
} from "@switchyard/dev/main-job";
import { SIM_LABELS, type Stack, startStack } from "@switchyard/dev/stack";
import { createSimWeb } from "@switchyard/hostsim";
import {
  Network,
  NicKind,
  Profile,
  Rollout,
  type RolloutHost,
  RolloutHostState,
  RolloutState,
  type RolloutStrategy,
  Vm,
  VmState,
} from "@switchyard/proto";
import { silentLogger } from "@switchyard/runtime";
import { waitFor } from "@switchyard/testkit";
import { importTestImage, TEST_IMAGE } from "./support/vms.ts";

const HOSTS = 6;
/** The one host of a class whose card takes no rule: offload is set there and never real. */
const BAD_HOST = "r740-06";
const INTERVALS = { heartbeatMs: 1_000, inventoryMs: 500, telemetryMs: 3_600_000 };
const DONE_MS = 120_000;

const profileOf = (hwOffload: boolean): Profile => {
  const bridgeAddresses = { first: "192.168.101.2", last: "192.168.101.19" };
  const datapath = vdpaDatapath({ vfCount: 4, maxVqp: 8, bridgeAddresses });
  return Profile.fromPartial({
    spec: { selector: SIM_LABELS, datapath: { ...datapath, hwOffload } },
  });
};

const NETWORK = Network.fromPartial({
  spec: {
    bridge: "cxbr0",
    subnet: "192.168.101.0/24",
    ipPool: { first: "192.168.101.20", last: "192.168.101.99" },
    macPool: { first: "52:54:00:cb:45:11", last: "52:54:00:cb:45:99" },
  },
});

const vmOn = (host: string): Vm =>
  Vm.fromPartial({
    spec: {
      vcpuCount: 1,
      memoryBytes: 1n << 30n,
      boot: { $case: "image", value: { image: "images/rocky9" } },
      nics: [{ network: "networks/lan", kind: NicKind.VDPA }],
      hostSelector: { name: host },
      hasGuestAgent: true,
    },
  });

const FAST: Partial<RolloutStrategy> = {
  waveCount: 2,
  maxUnavailableCount: 3,
  soak: { seconds: 0n, nanos: 0 },
};

describe("a rollout", () => {
  let stack: Stack;
  const job = () =>
    createMainJob({
      client: stack.client,
      report: createReport(process.stderr),
      timeouts: SIMULATED_TIMEOUTS,
    });
  const rollouts = () => stack.client.rollouts;
  const start = (
    rolloutId: string,
    spec: { hwOffload?: boolean; strategy?: Partial<RolloutStrategy> },
  ): Promise<Rollout> => {
    const { hwOffload, strategy = {} } = spec;
    return rollouts().createRollout({
      rolloutId,
      rollout: Rollout.fromPartial({
        spec: {
          profile: "profiles/fleet",
          change: { ...(hwOffload !== undefined && { hwOffload }) },
          strategy: { ...FAST, ...strategy },
        },
      }),
      requestId: rolloutId,
      validateOnly: false,
    });
  };
  const reached = (id: string, ...states: readonly RolloutState[]): Promise<Rollout> => {
    let last: Rollout | undefined;
    return waitFor(
      async () => {
        last = await rollouts().getRollout({ name: `rollouts/${id}` });
        return states.includes(last.state) ? last : undefined;
      },
      { deadlineMs: DONE_MS },
    ).catch((error: unknown) => {
      throw new Error(`rollout ${id} stands at ${JSON.stringify(Rollout.toJSON(last!))}`, {
        cause: error,
      });
    });
  };
  const hostsOf = async (id: string): Promise<readonly RolloutHost[]> =>
    (await rollouts().listRolloutHosts({ rollout: `rollouts/${id}` })).hosts;
  const offloads = (host: string) =>
    waitFor(async () => {
      const { inventory } = await stack.client.hosts.getHost({ name: host });
      return inventory?.ovs === undefined ? undefined : { is: inventory.ovs.hwOffload };
    });

  before(async () => {
    const other = { carriesFlows: false, psid: "MT_0000000359" };
    stack = await startStack({
      hosts: HOSTS,
      intervals: INTERVALS,
      overrides: { [BAD_HOST]: other },
      web: createSimWeb({ [TEST_IMAGE.url]: TEST_IMAGE.file }),
      log: silentLogger,
    });
    await importTestImage(stack.client);
    for (const host of stack.hostNames) {
      await job().readyHost(host);
      const found = await stack.client.hosts.getHost({ name: host });
      const name = host.split("/")[1] ?? "";
      await stack.client.hosts.updateHost({
        host: { ...found, labels: { ...found.labels, name } },
        updateMask: ["labels"],
      });
    }
    await stack.client.profiles.createProfile({ profileId: "fleet", profile: profileOf(false) });
    await job().createNetwork("lan", NETWORK);
  });
  after(() => stack.stop());

  it("brings a bare fleet to its profile, wave by wave, with every class in the canary", async () => {
    const { waveCount } = await start("first", {});
    assert.equal(waveCount, 3);
    const done = await reached("first", RolloutState.SUCCEEDED, RolloutState.HALTED);
    assert.equal(done.state, RolloutState.SUCCEEDED, done.stateReason);
    const hosts = await hostsOf("first");
    assert.ok(hosts.every(({ state }) => state === RolloutHostState.UPDATED));
    const canary = hosts.filter(({ wave }) => wave === 1);
    assert.equal(new Set(canary.map(({ hardwareClass }) => hardwareClass)).size, 2);
  });

  it("finds nothing to do where every host is as wished", async () => {
    await start("again", {});
    const done = await reached("again", RolloutState.SUCCEEDED);
    assert.equal(done.counts?.unchanged, HOSTS);
  });

  it("halts at a canary whose offload never becomes real, and brings it back by itself", async () => {
    for (const name of stack.hostNames.map((host) => host.split("/")[1] ?? "")) {
      for (const at of ["a", "b"]) {
        const vm = await job().createVm(`${name}-${at}`, vmOn(name));
        assert.equal(vm.state, VmState.RUNNING, vm.failure?.message);
      }
    }
    await start("offload", { hwOffload: true, strategy: { autoRollBack: true } });
    const back = await reached("offload", RolloutState.ROLLED_BACK, RolloutState.FAILED);
    assert.equal(back.state, RolloutState.ROLLED_BACK, back.stateReason);
    const hosts = await hostsOf("offload");
    const bad = hosts.find(({ host }) => host === `hosts/${BAD_HOST}`);
    assert.equal(bad?.failure?.reason, "ROLLOUT_CHECK_FAILED");
    assert.match(bad?.proof ?? "", /0 of \d+ flows in hardware/);
    const touched = hosts.filter(({ state }) => state === RolloutHostState.ROLLED_BACK);
    assert.ok(touched.length <= 2, "no host beyond the canary was touched");
    assert.ok((back.halt?.blastRadius ?? HOSTS) <= 1);
    for (const host of stack.hostNames) assert.deepEqual(await offloads(host), { is: false });
    const profile = await stack.client.profiles.getProfile({ name: "profiles/fleet" });
    assert.equal(profile.spec?.datapath?.hwOffload, false);
  });

  it("proves offload on hosts that carry flows in hardware", async () => {
    await rollouts().createRollout({
      rolloutId: "good",
      rollout: Rollout.fromPartial({
        spec: {
          profile: "profiles/fleet",
          change: { hwOffload: true },
          strategy: { ...FAST, failureBudget: 1 },
        },
      }),
      requestId: "good",
      validateOnly: false,
    });
    const done = await reached("good", RolloutState.SUCCEEDED, RolloutState.HALTED);
    assert.equal(done.state, RolloutState.SUCCEEDED, done.stateReason);
    assert.equal(done.counts?.failed, 1);
    const proven = (await hostsOf("good")).filter(({ proof }) => /flows in hardware/.test(proof));
    assert.equal(proven.length, HOSTS);
  });

  it("keeps its profile from being changed, is paused, resumed and aborted with a reason", async () => {
    await start("slow", { hwOffload: false, strategy: { soak: { seconds: 3600n, nanos: 0 } } });
    const name = "rollouts/slow";
    await assert.rejects(
      stack.client.profiles.updateProfile({
        profile: { ...profileOf(true), name: "profiles/fleet" },
      }),
      { reason: "RESOURCE_IN_USE" },
    );
    await assert.rejects(start("second", {}), { reason: "RESOURCE_IN_USE" });
    await reached("slow", RolloutState.SOAKING);
    const paused = await rollouts().pauseRollout({ name, reason: "look at it" });
    assert.deepEqual([paused.state, paused.stateReason], [RolloutState.PAUSED, "look at it"]);
    await assert.rejects(rollouts().pauseRollout({ name, reason: "again" }), {
      reason: "ROLLOUT_STATE_WRONG",
    });
    await assert.rejects(rollouts().resumeRollout({ name, reason: "" }), {
      reason: "FIELD_INVALID",
    });
    await rollouts().resumeRollout({ name, reason: "fine" });
    await rollouts().promoteRollout({ name, reason: "seen enough" });
    const next = await waitFor(async () => {
      const rollout = await rollouts().getRollout({ name });
      return rollout.wave === 2 ? rollout : undefined;
    });
    assert.ok(next.state === RolloutState.RUNNING || next.state === RolloutState.SOAKING);
    await rollouts().pauseRollout({ name, reason: "what is in hand ends" });
    const settled = await waitFor(async () => {
      const rollout = await rollouts().getRollout({ name });
      return rollout.counts?.underWay === 0 ? rollout : undefined;
    });
    assert.equal(settled.state, RolloutState.PAUSED);
    const { state } = await rollouts().abortRollout({ name, reason: "enough" });
    assert.equal(state, RolloutState.ABORTED);
  });

  it("goes on when the controller that ran it is gone", async () => {
    await start("handed-over", { hwOffload: true, strategy: { failureBudget: 1 } });
    const other = await stack.startController();
    const done = await reached("handed-over", RolloutState.SUCCEEDED, RolloutState.HALTED);
    assert.equal(done.state, RolloutState.SUCCEEDED, done.stateReason);
    await other.stop();
  });

  it("refuses to begin where it would touch no host", async () => {
    const draft = Rollout.fromPartial({
      spec: { profile: "profiles/fleet", selector: { rack: "none" } },
    });
    await assert.rejects(
      rollouts().createRollout({
        rolloutId: "nobody",
        rollout: draft,
        requestId: "nobody",
        validateOnly: false,
      }),
      { reason: "ROLLOUT_WITHOUT_HOSTS" },
    );
  });
});
