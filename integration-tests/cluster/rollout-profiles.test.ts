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
  RolloutChange,
  type RolloutHost,
  RolloutHostState,
  RolloutSpec,
  RolloutState,
  RolloutStrategy,
  Vm,
  VmState,
} from "@switchyard/proto";
import { silentLogger } from "@switchyard/runtime";
import { waitFor } from "@switchyard/testkit";
import { importTestImage, TEST_IMAGE } from "./support/vms.ts";

/** Two profiles over two racks; the one host of a class whose card takes no rule is in the second profile. */
const HOSTS = ["blue a", "blue a", "blue b", "green a", "green a", "green b"] as const;
const BAD_HOST = "r740-04";
const INTERVALS = { heartbeatMs: 1_000, inventoryMs: 500, telemetryMs: 3_600_000 };
const DONE_MS = 120_000;
const SHORT: RolloutStrategy = {
  ...RolloutStrategy.create(),
  ...{ soak: { seconds: 0n, nanos: 0 }, maxUnavailableCount: HOSTS.length },
};
const RACK_A = { rack: "a" };

const profileOf = (pool: string, first: number): Profile =>
  Profile.fromPartial({
    spec: {
      selector: { ...SIM_LABELS, pool },
      datapath: {
        ...vdpaDatapath({
          ...{ vfCount: 2, maxVqp: 8 },
          bridgeAddresses: { first: `192.168.101.${first}`, last: `192.168.101.${first + 7}` },
        }),
        hwOffload: false,
      },
    },
  });

const NETWORK = Network.fromPartial({
  spec: {
    bridge: "cxbr0",
    subnet: "192.168.101.0/24",
    ipPool: { first: "192.168.101.20", last: "192.168.101.99" },
    macPool: { first: "52:54:00:cb:45:11", last: "52:54:00:cb:45:99" },
  },
});

const VM_ON_BAD_HOST = Vm.fromPartial({
  spec: {
    vcpuCount: 1,
    memoryBytes: 1n << 30n,
    boot: { $case: "image", value: { image: "images/rocky9" } },
    nics: [{ network: "networks/lan", kind: NicKind.VDPA }],
    hostSelector: { class: "bad" },
    hasGuestAgent: true,
  },
});

describe("a rollout over several profiles", () => {
  let stack: Stack;
  const job = () =>
    createMainJob({
      client: stack.client,
      report: createReport(process.stderr),
      timeouts: SIMULATED_TIMEOUTS,
    });
  const start = (
    rolloutId: string,
    { change, ...spec }: Partial<Omit<RolloutSpec, "change">> & { change?: Partial<RolloutChange> },
    validateOnly = false,
  ): Promise<Rollout> =>
    stack.client.rollouts.createRollout({
      rolloutId,
      rollout: {
        ...Rollout.create(),
        spec: {
          ...{ ...RolloutSpec.create(), strategy: SHORT, ...spec },
          change: { ...RolloutChange.create(), ...change },
        },
      },
      requestId: rolloutId,
      validateOnly,
    });
  const reached = (id: string, ...states: readonly RolloutState[]): Promise<Rollout> => {
    let last: Rollout | undefined;
    return waitFor(
      async () => {
        last = await stack.client.rollouts.getRollout({ name: `rollouts/${id}` });
        return states.includes(last.state) ? last : undefined;
      },
      {
        deadlineMs: DONE_MS,
        describe: () => `rollout ${id} stands at ${JSON.stringify(last && Rollout.toJSON(last))}`,
      },
    );
  };
  const hostsOf = async (id: string): Promise<readonly RolloutHost[]> =>
    (await stack.client.rollouts.listRolloutHosts({ rollout: `rollouts/${id}` })).hosts;
  const profile = (id: string) => stack.client.profiles.getProfile({ name: `profiles/${id}` });
  const versions = async () => {
    const both = await Promise.all([profile("blue"), profile("green")]);
    return both.map(({ generation, spec }) => [Number(generation), spec?.datapath?.hwOffload]);
  };
  const appliedGenerations = async () => {
    const { hosts } = await stack.client.hosts.listHosts({});
    return new Map(hosts.map(({ name, appliedGeneration }) => [name, appliedGeneration]));
  };

  before(async () => {
    const other = { carriesFlows: false, psid: "MT_0000000359" };
    stack = await startStack({
      hosts: HOSTS.length,
      intervals: INTERVALS,
      overrides: { [BAD_HOST]: other },
      web: createSimWeb({ [TEST_IMAGE.url]: TEST_IMAGE.file }),
      log: silentLogger,
    });
    await importTestImage(stack.client);
    for (const [at, host] of stack.hostNames.entries()) {
      await job().readyHost(host);
      const found = await stack.client.hosts.getHost({ name: host });
      const [pool = "", rack = ""] = HOSTS[at]?.split(" ") ?? [];
      const hostClass = host.endsWith(BAD_HOST) ? "bad" : "good";
      await stack.client.hosts.updateHost({
        host: { ...found, labels: { ...found.labels, pool, rack, class: hostClass } },
        updateMask: ["labels"],
      });
    }
    for (const [pool, first] of [
      ["blue", 2],
      ["green", 10],
    ] as const) {
      await stack.client.profiles.createProfile({
        profileId: pool,
        profile: profileOf(pool, first),
      });
    }
    await job().createNetwork("lan", NETWORK);
  });
  after(() => stack.stop());

  it("goes over the whole fleet only where that is asked for, one host of a rack at a time", async () => {
    await assert.rejects(start("nothing", {}), { reason: "FIELD_INVALID" });
    const { profiles } = await start("first", {
      allHosts: true,
      strategy: { ...SHORT, domainLabel: "rack", domainMaxUnavailable: 1 },
    });
    assert.deepEqual(
      profiles.map((each) => [each.profile, each.waveHostCounts, each.outsideHostCount]),
      [
        ["profiles/blue", [1, 2], 0],
        ["profiles/green", [2, 1], 0],
      ],
    );
    const done = await reached("first", RolloutState.SUCCEEDED, RolloutState.HALTED);
    assert.equal(done.state, RolloutState.SUCCEEDED, done.stateReason);
    const hosts = await hostsOf("first");
    const jobs = await Promise.all(
      hosts.map(async ({ host, job: name }) => {
        const { createTime, endTime } = await stack.client.jobs.getJob({ name });
        const rack = HOSTS[stack.hostNames.indexOf(host)]?.split(" ")[1];
        return { rack, beginMs: createTime?.getTime() ?? 0, endMs: endTime?.getTime() ?? 0 };
      }),
    );
    for (const one of jobs) {
      const beside = jobs.filter(
        (other) =>
          other !== one &&
          other.rack === one.rack &&
          other.beginMs < one.endMs &&
          one.beginMs < other.endMs,
      );
      assert.deepEqual(beside, [], "jobs of one rack overlap");
    }
  });

  it("says beforehand what it would change where, and who is left out", async () => {
    const before = await versions();
    const spec = { selector: RACK_A, change: { hwOffload: true } };
    const { profiles, waveCount } = await start("rehearsed", spec, true);
    assert.equal(waveCount, 2);
    assert.deepEqual(
      profiles.map((each) => ({
        ...{ profile: each.profile, hosts: each.waveHostCounts, outside: each.outsideHosts },
        to: [each.beforeGeneration, each.targetGeneration, each.provenGeneration],
        changes: each.changes,
      })),
      ["blue", "green"].map((name) => ({
        profile: `profiles/${name}`,
        hosts: name === "blue" ? [1, 1] : [2],
        outside: [name === "blue" ? "hosts/r740-03" : "hosts/r740-06"],
        to: [1n, 2n, 1n],
        changes: [{ field: "datapath.hw_offload", before: "false", after: "true" }],
      })),
    );
    assert.deepEqual(await versions(), before);
    await assert.rejects(stack.client.rollouts.getRollout({ name: "rollouts/rehearsed" }), {
      reason: "ROLLOUT_NOT_FOUND",
    });
  });

  it("puts every profile back where one host of one of them is a bad canary", async () => {
    for (const name of ["bad-a", "bad-b"]) {
      const vm = await job().createVm(name, VM_ON_BAD_HOST);
      assert.equal(vm.state, VmState.RUNNING, vm.failure?.message);
    }
    const before = await appliedGenerations();
    await start("offload", {
      selector: RACK_A,
      change: { hwOffload: true },
      strategy: { ...SHORT, autoRollBack: true },
    });
    const back = await reached("offload", RolloutState.ROLLED_BACK, RolloutState.FAILED);
    assert.equal(back.state, RolloutState.ROLLED_BACK, back.stateReason);
    assert.deepEqual(await versions(), [
      [3, false],
      [3, false],
    ]);
    assert.deepEqual(
      back.profiles.map(({ targetGeneration, backGeneration }) => [
        targetGeneration,
        backGeneration,
      ]),
      [
        [2n, 3n],
        [2n, 3n],
      ],
    );
    const hosts = await hostsOf("offload");
    const touched = hosts.filter(({ job: name }) => name !== "");
    assert.ok(touched.every(({ state }) => state === RolloutHostState.ROLLED_BACK));
    assert.ok(touched.length <= 3, "no host beyond the canary was touched");
    const after = await appliedGenerations();
    for (const host of ["hosts/r740-03", "hosts/r740-06"]) {
      assert.equal(after.get(host), before.get(host), `${host} is not in rack a`);
    }
  });

  it("takes all of its profiles or none, and leaves alone those that are so already", async () => {
    const slow = { ...SHORT, soak: { seconds: 3600n, nanos: 0 } };
    const blue: Partial<RolloutSpec> = { profiles: ["profiles/blue"], selector: RACK_A };
    await start("blue", { ...blue, change: { hwOffload: true }, strategy: slow });
    assert.deepEqual(await versions(), [
      [4, true],
      [3, false],
    ]);
    await assert.rejects(start("both", { allHosts: true, change: { hwOffload: true } }), {
      reason: "RESOURCE_IN_USE",
    });
    assert.deepEqual((await versions())[1], [3, false], "nothing is half done");
    const soaking = await reached("blue", RolloutState.SOAKING);
    await stack.client.rollouts.abortRollout({ name: soaking.name, reason: "seen enough" });
    const both = await start("both", { allHosts: true, change: { hwOffload: true } }, true);
    assert.deepEqual(
      both.profiles.map(({ changes, targetGeneration }) => [changes.length, targetGeneration]),
      [
        [0, 4n],
        [1, 4n],
      ],
    );
  });

  it("refuses hosts that two profiles match, and profiles without hosts", async () => {
    const third = profileOf("blue", 30);
    await stack.client.profiles.createProfile({ profileId: "third", profile: third });
    await assert.rejects(start("ambiguous", { selector: RACK_A }), { reason: "PROFILE_AMBIGUOUS" });
    await stack.client.profiles.deleteProfile({ name: "profiles/third" });
    const profiles = ["profiles/blue", "profiles/green"];
    await assert.rejects(start("half", { profiles, selector: { pool: "blue" } }), {
      reason: "ROLLOUT_WITHOUT_HOSTS",
    });
  });
});
