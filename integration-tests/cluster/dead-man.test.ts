import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import {
  createMainJob,
  createReport,
  SIMULATED_TIMEOUTS,
  vdpaDatapath,
} from "@switchyard/dev/main-job";
import { type Stack, startStack } from "@switchyard/dev/stack";
import {
  GuardOutcome,
  type Job,
  JobState,
  type Plan,
  PlanGoal,
  PlanState,
} from "@switchyard/proto";
import { silentLogger } from "@switchyard/runtime";
import { waitFor } from "@switchyard/testkit";

/** Long enough for a client of NATS to connect anew. */
const DEAD_MAN_MS = 5_000;
const UPLINK = "enp130s0f0np0";
const MANAGED = "10.0.0.9/24";
/** The router of the first host's management network, which a profile gives to a bridge by mistake. */
const ROUTER = "10.20.0.1";

const BY_ADDRESS = "hosts/r740-01";
const BY_BRIDGE = "hosts/r740-02";

/** Managed through a bridge over the card, and nothing on the host says so: no default route. */
const BRIDGED = [
  "/usr/share/openvswitch/scripts/ovs-ctl start",
  "ovs-vsctl add-br cxbr0 -- set bridge cxbr0 external_ids:managed-by=switchyard",
  `ip addr del ${MANAGED} dev ${UPLINK}`,
  `ovs-vsctl add-port cxbr0 ${UPLINK}`,
  "ip link set dev cxbr0 up",
  `ip addr add ${MANAGED} dev cxbr0`,
];

/** Modules stay loaded and Open vSwitch running: those steps have no undo. */
const titlesOf = ({ steps }: Plan) =>
  steps.map(({ title }) => title).filter((title) => !/^(Load|Start Open vSwitch)/.test(title));

describe("a profile that takes the way to the host", () => {
  let stack: Stack;
  const main = () =>
    createMainJob({
      client: stack.client,
      report: createReport(process.stderr),
      timeouts: SIMULATED_TIMEOUTS,
    });
  const eventsOf = async ({ name }: Job) => {
    const { events } = await stack.client.jobs.listJobEvents({ job: name, pageSize: 1_000 });
    return events.flatMap(({ body }) =>
      body?.$case === "stepGuarded" ? [body.value.outcome] : [],
    );
  };

  before(async () => {
    const management = {
      ...{ netdev: UPLINK, cidr: MANAGED, gateway: "10.0.0.1" },
      hasDefaultRoute: false,
    };
    stack = await startStack({
      hosts: 2,
      overrides: { "r740-02": { management } },
      deadManMs: DEAD_MAN_MS,
      log: silentLogger,
    });
    const host = stack.simHost(BY_BRIDGE);
    for (const line of BRIDGED) {
      const [program = "", ...words] = line.split(" ");
      const { exitCode, stderr } = await host.run({ argv: [program, ...words] });
      assert.equal(exitCode, 0, `${line}: ${stderr}`);
    }
    for (const name of stack.hostNames) await main().readyHost(name);
    const bridgeAddresses = { first: ROUTER, last: "10.20.0.9" };
    const datapath = vdpaDatapath({ vfCount: 2, maxVqp: 16, bridgeAddresses });
    await main().createProfile("r740", datapath, { role: "vm-host" });
  });
  after(() => stack.stop());

  const cases = [
    { host: BY_ADDRESS, how: "by an address that takes over the route", step: /BridgeAddress/ },
    { host: BY_BRIDGE, how: "by a port that nobody knew it needs", step: /NoBridgePort/ },
  ];
  for (const { host, how, step } of cases) {
    it(`finds the host come back by itself: ${how}`, async () => {
      const plan = await main().plan(host, PlanGoal.APPLY_PROFILE);
      assert.equal(plan.state, PlanState.READY, JSON.stringify(plan.findings));
      assert.ok(plan.steps.some(({ id, guard }) => step.test(id) && guard !== ""));

      const job = await main().apply(plan);
      assert.deepEqual(
        [job.state, job.failure?.reason],
        [JobState.FAILED, "MANAGEMENT_PATH_LOST"],
        JSON.stringify([job.failure, job.result]),
      );
      assert.match(job.failure?.step ?? "", step);
      assert.deepEqual((await eventsOf(job)).slice(-2), [GuardOutcome.LOST, GuardOutcome.RESTORED]);

      assert.equal(stack.simHost(host).reachesManagement, true);
      const again = await main().plan(host, PlanGoal.APPLY_PROFILE);
      assert.deepEqual(titlesOf(again), titlesOf(plan), "the host is as before");
    });
  }

  it("finds the host come back though its agent was killed while it was cut off", async () => {
    const plan = await main().plan(BY_ADDRESS, PlanGoal.APPLY_PROFILE);
    const applying = main().apply(plan);
    const host = stack.simHost(BY_ADDRESS);
    await waitFor(() => !host.reachesManagement, { deadlineMs: 30_000 });
    stack.agents.find(({ name }) => `hosts/${name}` === BY_ADDRESS)?.restart();
    const job = await applying;
    assert.deepEqual(
      [job.state, job.failure?.reason],
      [JobState.FAILED, "MANAGEMENT_PATH_LOST"],
      JSON.stringify([job.failure, job.result]),
    );
    assert.deepEqual((await eventsOf(job)).slice(-2), [GuardOutcome.LOST, GuardOutcome.RESTORED]);
    assert.equal(host.reachesManagement, true);
  });
});
