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
  Profile,
  Rollout,
  RolloutHostState,
  RolloutState,
  RolloutVmPolicy,
  VmState,
} from "@switchyard/proto";
import { silentLogger } from "@switchyard/runtime";
import { waitFor } from "@switchyard/testkit";
import { addressOf, importTestImage, TEST_IMAGE, testVm } from "./support/vms.ts";

const DONE_MS = 120_000;
const ENDS: readonly RolloutState[] = [
  RolloutState.SUCCEEDED,
  RolloutState.HALTED,
  RolloutState.ROLLED_BACK,
];

describe("a rollout over hosts with running VMs", () => {
  let stack: Stack;
  const job = () =>
    createMainJob({
      client: stack.client,
      report: createReport(process.stderr),
      timeouts: SIMULATED_TIMEOUTS,
    });
  const short = (host: string) => host.replace("hosts/", "");
  const getHost = (name: string) => stack.client.hosts.getHost({ name });
  const bootIds = () =>
    Promise.all(stack.hostNames.map(async (name) => (await getHost(name)).inventory?.bootId ?? ""));
  const vms = async () => (await stack.client.vms.listVms({})).vms;

  const boot = (rolloutId: string, vmPolicy: RolloutVmPolicy, hosts = stack.hostNames) =>
    stack.client.rollouts.createRollout({
      rolloutId,
      rollout: Rollout.fromPartial({
        spec: {
          profile: "profiles/fleet",
          selector: hosts.length === 1 ? { name: short(hosts[0] ?? "") } : {},
          change: { rebootReason: "a test" },
          strategy: { vmPolicy, maxUnavailableCount: 1, soak: { seconds: 0n, nanos: 0 } },
        },
      }),
      requestId: rolloutId,
    });
  const tracesSince = async (begin: Date | undefined): Promise<ReadonlySet<string>> => {
    const { jobs } = await stack.client.jobs.listJobs({ pageSize: 200 });
    const made = jobs.filter(({ createTime }) => Number(createTime) >= Number(begin));
    assert.ok(made.length > stack.hostNames.length, `${made.length} jobs`);
    return new Set(made.map(({ traceId }) => traceId));
  };
  const ended = async (id: string): Promise<Rollout> => {
    let last: Rollout | undefined;
    return waitFor(
      async () => {
        last = await stack.client.rollouts.getRollout({ name: `rollouts/${id}` });
        return ENDS.includes(last.state) ? last : undefined;
      },
      { deadlineMs: DONE_MS, describe: () => JSON.stringify(Rollout.toJSON(last!)) },
    );
  };
  const hostsOf = async (id: string) =>
    (await stack.client.rollouts.listRolloutHosts({ rollout: `rollouts/${id}` })).hosts;

  before(async () => {
    stack = await startStack({
      hosts: 3,
      web: createSimWeb({ [TEST_IMAGE.url]: TEST_IMAGE.file }),
      log: silentLogger,
    });
    await importTestImage(stack.client);
    for (const name of stack.hostNames) {
      await job().readyHost(name);
      const host = await getHost(name);
      const labels = { ...host.labels, name: short(name) };
      await stack.client.hosts.updateHost({ host: { ...host, labels }, updateMask: ["labels"] });
    }
    const bridgeAddresses = { first: "192.168.101.2", last: "192.168.101.19" };
    const datapath = vdpaDatapath({ vfCount: 4, maxVqp: 8, bridgeAddresses });
    await stack.client.profiles.createProfile({
      profileId: "fleet",
      profile: Profile.fromPartial({ spec: { selector: SIM_LABELS, datapath } }),
    });
    await job().createNetwork(
      "lan",
      Network.fromPartial({
        spec: {
          bridge: "cxbr0",
          subnet: "192.168.101.0/24",
          ipPool: { first: "192.168.101.20", last: "192.168.101.99" },
          macPool: { first: "52:54:00:cb:45:11", last: "52:54:00:cb:45:99" },
        },
      }),
    );
    await stack.client.rollouts.createRollout({
      rolloutId: "first",
      rollout: Rollout.fromPartial({
        spec: {
          profile: "profiles/fleet",
          strategy: { maxUnavailableCount: 3, soak: { seconds: 0n, nanos: 0 } },
        },
      }),
      requestId: "first",
    });
    assert.equal((await ended("first")).state, RolloutState.SUCCEEDED);
    for (const name of stack.hostNames) {
      await job().createVm(`on-${short(name)}`, testVm({ role: "vm-host" }));
    }
  });
  after(() => stack.stop());

  it("stops at the first host whose VMs it would cut off, and names them", async () => {
    await boot("refusing", RolloutVmPolicy.REFUSE);
    const { state, counts } = await ended("refusing");
    assert.deepEqual([state, counts?.failed], [RolloutState.HALTED, 1]);
    const failed = (await hostsOf("refusing")).find(
      (host) => host.state === RolloutHostState.FAILED,
    );
    assert.equal(failed?.failure?.reason, "VMS_WOULD_BREAK");
    await stack.client.rollouts.abortRollout({ name: "rollouts/refusing", reason: "enough" });
  });

  it("moves them elsewhere first and home again after", async () => {
    const before = await vms();
    const booted = await bootIds();
    const { createTime: begun } = await boot("draining", RolloutVmPolicy.DRAIN);
    const { state, stateReason } = await ended("draining");
    assert.equal(state, RolloutState.SUCCEEDED, stateReason);
    for (const [at, id] of (await bootIds()).entries()) assert.notEqual(id, booted[at]);
    const homeAgain = await waitFor(
      async () => {
        const now = await vms();
        const isHome = now.every(
          (vm) =>
            vm.state === VmState.RUNNING &&
            vm.allocation?.host === before.find(({ name }) => name === vm.name)?.allocation?.host,
        );
        return isHome ? now : undefined;
      },
      { deadlineMs: DONE_MS },
    );
    assert.deepEqual(
      homeAgain.map((vm) => addressOf(vm)),
      before.map((vm) => addressOf(vm)),
    );
    for (const host of await hostsOf("draining")) assert.equal(host.emptied, false);
    assert.equal((await tracesSince(begun)).size, 1, "its jobs and its moves' are one trace");
    for (const name of stack.hostNames) assert.equal((await getHost(name)).cordon, undefined);
  });

  it("gives up a host whose VMs find no place, which takes them again", async () => {
    const [first = "", ...others] = stack.hostNames;
    for (const name of others) {
      await stack.client.moves.cordonHost({ name, reason: "no room" });
    }
    await boot("nowhere", RolloutVmPolicy.DRAIN, [first]);
    assert.equal((await ended("nowhere")).state, RolloutState.HALTED);
    const [place] = await hostsOf("nowhere");
    assert.equal(place?.failure?.reason, "NO_CAPACITY");
    await waitFor(async () => (await getHost(first)).cordon === undefined, {
      deadlineMs: DONE_MS,
    });
    for (const { state } of await vms()) assert.equal(state, VmState.RUNNING);
  });
});
