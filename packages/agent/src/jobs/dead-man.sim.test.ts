import assert from "node:assert/strict";
import { afterEach, describe, it } from "node:test";
import type { Life } from "@switchyard/hostsim";
import {
  type HostDesired,
  type JobEventBody,
  parseIpv4Cidr,
  type StepKind,
} from "@switchyard/model";
import { waitFor } from "@switchyard/testkit";
import type { AgentOptions } from "../agent.ts";
import { createTestbed, DATAPATH, endAllLives, type Testbed } from "../testing/testbed.ts";
import type { CrashPhase, CrashPlace, CrashPoint } from "./crash-point.ts";

const DEAD_MAN: Partial<AgentOptions> = { deadManMs: 300, peerAddresses: ["10.20.0.1"] };
const UPLINK = "enp130s0f0np0";

/** The bridge gets the address of the router that the bus is behind: the host then talks to itself. */
const TAKES_ROUTER: HostDesired = {
  ...DATAPATH,
  datapath: {
    ...(DATAPATH.datapath as Extract<HostDesired["datapath"], { mode: "vdpa" }>),
    bridge: { name: "cxbr0", address: parseIpv4Cidr("10.20.0.1/24") },
  },
};

const guardedOf = (bed: Testbed, job: Parameters<Testbed["ended"]>[0]) =>
  bed.bus
    .events(job)
    .map(({ body }) => body)
    .filter((body) => body.kind === "step-guarded");
type Guarded = Extract<JobEventBody, { kind: "step-guarded" }>;
const brief = (events: readonly Guarded[]) =>
  events.map(({ step, outcome }) => `${step.replace(/^\d+-/, "")} ${outcome}`);

/** Modules stay loaded and Open vSwitch running: those steps say they have no undo. */
const withoutLasting = (titles: readonly string[]) =>
  titles.filter((title) => !/^(Load|Start Open vSwitch)/.test(title));

/** A host whose bus is reached by a bridge over the card, and which nothing tells that. */
async function managedByBridge(): Promise<Testbed> {
  const cidr = "10.0.0.9/24";
  const management = { netdev: UPLINK, cidr, gateway: "10.0.0.1", hasDefaultRoute: false };
  const bed = createTestbed({ host: { overrides: { management } } });
  for (const line of [
    "/usr/share/openvswitch/scripts/ovs-ctl start",
    "ovs-vsctl add-br cxbr0 -- set bridge cxbr0 external_ids:managed-by=switchyard",
    `ip addr del ${cidr} dev ${UPLINK}`,
    `ovs-vsctl add-port cxbr0 ${UPLINK}`,
    "ip link set dev cxbr0 up",
    `ip addr add ${cidr} dev cxbr0`,
  ]) {
    const [program = "", ...words] = line.split(" ");
    const { exitCode, stderr } = await bed.host.run({ argv: [program, ...words] });
    assert.equal(exitCode, 0, `${line}: ${stderr}`);
  }
  assert.equal(bed.host.reachesManagement, true);
  return bed;
}

afterEach(endAllLives);

describe("a step that cuts the management path", () => {
  it("is taken back by the host itself when it takes the router's address", async () => {
    const bed = createTestbed();
    const before = withoutLasting(await bed.rest(TAKES_ROUTER));
    const { agent } = await bed.start(DEAD_MAN);
    const job = bed.newJob(await bed.applyHost(TAKES_ROUTER));
    bed.bus.dispatch(job);
    const { state, failure } = await bed.ended(job.id);
    assert.equal(state, "failed");
    assert.equal(failure?.reason, "MANAGEMENT_PATH_LOST");
    assert.match(failure?.step ?? "", /ensureBridgeAddress/);
    assert.match(
      failure?.metadata["found"] ?? "",
      /gateway 10\.20\.0\.1 is an address of the host.s own cxbr0/,
    );
    assert.match(failure?.metadata["found"] ?? "", /^route to 10\.20\.0\.1 by lo; /);
    assert.match(failure?.metadata["found"] ?? "", /cxbr0 up with 10\.20\.0\.1\/24/);
    assert.deepEqual(brief(guardedOf(bed, job.id)).slice(-2), [
      "ensureBridgeAddress lost",
      "ensureBridgeAddress restored",
    ]);
    assert.equal(bed.host.reachesManagement, true);
    assert.deepEqual(await bed.rest(TAKES_ROUTER), before);
    await agent.stop();
  });

  it("is taken back when it takes the port that nobody knew the host is managed by", async () => {
    const bed = await managedByBridge();
    const before = withoutLasting(await bed.rest());
    const { agent } = await bed.start(DEAD_MAN);
    const { state, failure, result } = await bed.runJob(await bed.applyHost());
    assert.equal(state, "failed");
    assert.equal(failure?.reason, "MANAGEMENT_PATH_LOST");
    assert.match(failure?.step ?? "", /ensureNoBridgePort/);
    assert.match(result.leftState ?? "", /As it was found|Still in effect: Load/);
    assert.equal(bed.host.reachesManagement, true);
    assert.deepEqual(withoutLasting(await bed.rest()), before);
    await agent.stop();
  });
});

describe("a guarded step that leaves the path alone", () => {
  it("is confirmed before it is done", async () => {
    const bed = createTestbed();
    const { agent } = await bed.start(DEAD_MAN);
    const job = bed.newJob(await bed.applyHost());
    bed.bus.dispatch(job);
    assert.equal((await bed.ended(job.id)).state, "succeeded");
    const bodies = bed.bus.events(job.id).map(({ body }) => body);
    const plan = bodies.find((body) => body.kind === "planned");
    const guarded = (plan?.kind === "planned" ? plan.steps : []).filter(({ guard }) => guard);
    assert.ok(guarded.length > 3);
    const confirmed = guardedOf(bed, job.id);
    assert.deepEqual(
      confirmed.map(({ step, outcome }) => [step, outcome]),
      guarded.map(({ id }) => [id, "confirmed"]),
    );
    await agent.stop();
  });
});

/** Does something once, when a job comes to a place. */
function at(place: Pick<CrashPlace, "step" | "phase">, act: () => unknown): CrashPoint {
  let isDone = false;
  return {
    reach: async ({ step, phase }) => {
      if (isDone || step !== place.step || phase !== place.phase) return;
      isDone = true;
      await act();
    },
  };
}

describe("an outage of the bus that no step made", () => {
  const BEFORE = { step: "ensureEswitchMode", phase: "before-intent" } as const;

  it("is waited out before a guarded step begins", async () => {
    const bed = createTestbed();
    const crash = at(BEFORE, () => {
      bed.bus.isDown = true;
    });
    const { agent } = await bed.start({ deadManMs: 5_000, crash });
    const job = bed.newJob(await bed.applyHost());
    bed.bus.dispatch(job);
    await waitFor(() => bed.bus.unansweredCount > 1);
    bed.bus.isDown = false;
    assert.equal((await bed.ended(job.id)).state, "succeeded");
    await agent.stop();
  });

  it("that lasts stops the job before the step, which is not begun", async () => {
    const bed = createTestbed();
    const failing = Promise.withResolvers<void>();
    const crash: CrashPoint = {
      reach: async ({ step, phase }) => {
        if (step === BEFORE.step && phase === BEFORE.phase) bed.bus.isDown = true;
        if (phase === "before-end") failing.resolve();
      },
    };
    const { agent } = await bed.start({ deadManMs: 100, crash });
    const job = bed.newJob(await bed.applyHost());
    bed.bus.dispatch(job);
    await failing.promise;
    bed.bus.isDown = false;
    const { state, failure } = await bed.ended(job.id);
    assert.deepEqual([state, failure?.reason], ["failed", "MANAGEMENT_PATH_UNCONFIRMED"]);
    assert.match(failure?.metadata["found"] ?? "", /gateway 10\.20\.0\.1 answers/);
    const started = bed.bus.events(job.id).map(({ body }) => body);
    assert.equal(
      started.some((body) => body.kind === "step-started" && /EswitchMode/.test(body.step)),
      false,
    );
    await agent.stop();
  });
});

type Killed = Extract<CrashPhase, "after-intent" | "after-effect" | "after-undo" | "before-end">;

/** Kills the agent where the step that cuts the path is, and starts another one. */
async function killedAt(
  phase: Killed,
  options: { readonly isPowerLost: boolean } = { isPowerLost: false },
) {
  const bed = createTestbed();
  const step: StepKind | "job" = phase === "before-end" ? "job" : "ensureBridgeAddress";
  const before = withoutLasting(await bed.rest(TAKES_ROUTER));
  let life: Life | undefined;
  const killed = Promise.withResolvers<void>();
  const crash = at({ step, phase }, async () => {
    life?.kill();
    killed.resolve();
    await new Promise(() => undefined);
  });
  const first = await bed.start({ ...DEAD_MAN, crash });
  life = first.life;
  const job = bed.newJob(await bed.applyHost(TAKES_ROUTER));
  bed.bus.dispatch(job);
  await killed.promise;
  if (options.isPowerLost) await bed.host.reboot("power lost");
  const cut = !bed.host.reachesManagement;
  const second = await bed.start(DEAD_MAN);
  const ended = await bed.ended(job.id);
  const rest = withoutLasting(await bed.rest(TAKES_ROUTER));
  await second.agent.stop();
  return { bed, job, ended, cut, before, rest };
}

describe("an agent killed between a step that cuts the path and its confirmation", () => {
  const phases: readonly Killed[] = ["after-intent", "after-effect", "after-undo", "before-end"];
  for (const phase of phases) {
    it(`brings the host back in its next life, killed ${phase}`, async () => {
      const { bed, job, ended, cut, before, rest } = await killedAt(phase);
      assert.equal(cut, phase === "after-effect");
      assert.deepEqual(
        [ended.state, ended.failure?.reason, bed.host.reachesManagement],
        ["failed", "MANAGEMENT_PATH_LOST", true],
      );
      assert.match(ended.failure?.step ?? "", /ensureBridgeAddress/);
      assert.deepEqual(rest, before);
      const ends = bed.bus.events(job.id).filter(({ body }) => body.kind === "ended");
      assert.equal(ends.length, 1);
    });
  }

  it("brings it back after a loss of power too", async () => {
    const { bed, ended } = await killedAt("after-effect", { isPowerLost: true });
    assert.deepEqual(
      [ended.state, ended.failure?.reason, bed.host.reachesManagement],
      ["failed", "MANAGEMENT_PATH_LOST", true],
    );
  });
});
