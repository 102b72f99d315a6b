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
  BootRestoreState,
  type Host,
  JobState,
  PlanGoal,
  PlanState,
  Profile,
} from "@switchyard/proto";
import { silentLogger } from "@switchyard/runtime";
import { waitFor } from "@switchyard/testkit";

const HOST = "hosts/r740-01";
const PORTS = ["enp130s0f0np0", "eth0", "eth1"];

describe("a host whose power is cut while the controller is out of reach", () => {
  let stack: Stack;
  let seen: Host | undefined;
  const job = () =>
    createMainJob({
      client: stack.client,
      report: createReport(process.stderr),
      timeouts: SIMULATED_TIMEOUTS,
    });
  const output = async (...argv: readonly [string, ...string[]]) =>
    (await stack.simHost(HOST).run({ argv })).stdout;
  const isWired = async (): Promise<boolean> => {
    const ports = await output("ovs-vsctl", "list-ports", "cxbr0");
    const devices = await output("vdpa", "dev", "show");
    return PORTS.every((port) => ports.includes(port)) && devices.split("\n").length > 2;
  };

  before(async () => {
    stack = await startStack({
      hosts: 1,
      intervals: { heartbeatMs: 500, inventoryMs: 200, telemetryMs: 3_600_000 },
      log: silentLogger,
    });
    await stack.client.profiles.createProfile({
      profileId: "r740",
      profile: Profile.fromPartial({
        spec: {
          selector: SIM_LABELS,
          datapath: vdpaDatapath({
            vfCount: 2,
            maxVqp: 16,
            bridgeAddresses: { first: "192.168.101.2", last: "192.168.101.9" },
          }),
        },
      }),
    });
    await job().readyHost(HOST);
    const plan = await job().plan(HOST, PlanGoal.APPLY_PROFILE);
    assert.equal((await job().apply(plan)).state, JobState.SUCCEEDED);
  });
  after(() => stack.stop());

  it("has its datapath back before anyone answers", async () => {
    await stack.broker.nats.kill9();
    await stack.simHost(HOST).reboot("power cut");
    await waitFor(isWired, { deadlineMs: 30_000, describe: () => "no datapath after the boot" });
  });

  it("tells of it afterwards, and no job of the controller's was needed", async () => {
    const { bootId } = stack.simHost(HOST);
    await stack.broker.nats.restart();
    const host = await waitFor(
      async () => {
        seen = await stack.client.hosts.getHost({ name: HOST });
        return seen.inventory?.restore?.bootId === bootId ? seen : undefined;
      },
      { deadlineMs: 60_000, describe: () => JSON.stringify(seen?.inventory?.restore) },
    );
    const { state, changedSteps = [], finding } = host.inventory?.restore ?? {};
    assert.deepEqual([state, finding], [BootRestoreState.RESTORED, undefined]);
    assert.ok(changedSteps.length > 5, changedSteps.join("; "));
    assert.deepEqual(host.drift, []);
    const plan = await job().plan(HOST, PlanGoal.APPLY_PROFILE);
    assert.deepEqual([plan.state, plan.steps], [PlanState.EMPTY, []]);
    const { jobs } = await stack.client.jobs.listJobs({ host: HOST });
    assert.equal(jobs.length, 1, "only the job that applied the profile");
  });
});
