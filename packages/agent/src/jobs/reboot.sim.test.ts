import assert from "node:assert/strict";
import { afterEach, describe, it } from "node:test";
import { type Change, checkEffects, type Effect, type Life } from "@switchyard/hostsim";
import type { HostDesired, JobId } from "@switchyard/model";
import { waitFor } from "@switchyard/testkit";
import {
  createTestbed,
  DATAPATH,
  endAllLives,
  type Testbed,
  vmInSlot,
} from "../testing/testbed.ts";
import { type CrashPlace, type CrashPoint, formatCrashPlace, noCrash } from "./crash-point.ts";

const REBOOT: HostDesired = { ...DATAPATH, generation: 2, reboot: { reason: "new microcode" } };

/** Starts an agent now and after every boot or death, as systemd would; `crash` outlives them all. */
function supervise(bed: Testbed, crash: CrashPoint = noCrash) {
  let life: Life | undefined;
  const start = () =>
    bed.start({ crash }, (_moment, own) => {
      life = own;
    });
  const revive = () => {
    life?.kill();
    return start();
  };
  bed.host.subscribeReboots(() => void revive());
  return { start, revive };
}

async function buildUp(bed: Testbed): Promise<void> {
  const { agent } = await bed.start();
  await bed.runJob(await bed.applyHost());
  await agent.stop();
}

const isBoot = ({ source }: Effect): boolean =>
  source.kind === "machine" && source.what.startsWith("reboot");

const boots = (bed: Testbed): number => bed.host.effects.filter(isBoot).length;

const kindsOf = (bed: Testbed, job: JobId) => bed.bus.events(job).map(({ body }) => body.kind);

afterEach(endAllLives);

describe("a plan with a boot in it", () => {
  it("goes on by itself in the next boot and brings the datapath back", async () => {
    const bed = createTestbed();
    await buildUp(bed);
    const job = bed.newJob(await bed.applyHost(REBOOT));
    await supervise(bed).start();
    bed.bus.dispatch(job);
    const { state, failure } = await bed.ended(job.id);
    assert.deepEqual([state, failure], ["succeeded", undefined]);
    assert.equal(boots(bed), 1);
    assert.deepEqual(await bed.rest(), []);
    const kinds = kindsOf(bed, job.id);
    assert.equal(kinds.filter((kind) => kind === "ended").length, 1);
    assert.deepEqual(
      bed.bus.events(job.id).map(({ seq }) => seq),
      kinds.map((_, index) => index + 1),
    );
  });

  it("boots once, wherever the agent is killed", async () => {
    const places = new Set<string>();
    for (let count = 1; ; count += 1) {
      const place = await killedAt(count);
      if (place === undefined) break;
      places.add(formatCrashPlace(place));
    }
    for (const phase of ["after-intent", "after-effect", "after-done"]) {
      assert.ok(places.has(`apply-host:ensureRebooted:${phase}`), `never killed ${phase}`);
    }
  });

  it("is refused while VMs run, and names them", async () => {
    const bed = createTestbed();
    await buildUp(bed);
    const { agent } = await bed.start();
    await bed.runJob({ kind: "start-vm", vm: vmInSlot(0) });
    const { state, failure } = await bed.runJob(await bed.applyHost(REBOOT));
    assert.equal(state, "failed");
    assert.equal(failure?.reason, "VMS_WOULD_BREAK");
    assert.match(failure?.metadata["found"] ?? "", /vm-0/);
    assert.equal(boots(bed), 0);
    await agent.stop();
  });

  it("shuts the VMs down first where it was told to", async () => {
    const bed = createTestbed();
    await buildUp(bed);
    const first = await bed.start();
    await bed.runJob({ kind: "start-vm", vm: vmInSlot(0) });
    await first.agent.stop();
    const spec = await bed.applyHost({ ...REBOOT, vmPolicy: "stop" });
    await supervise(bed).start();
    const { state } = await bed.runJob(spec);
    assert.equal(state, "succeeded");
    assert.deepEqual(bed.host.vms, []);
    const at = bed.host.effects.findIndex(isBoot);
    const isStop = ({ object, after }: Change) => object === "vm vm-0" && after === "absent";
    assert.ok(bed.host.effects.slice(0, at).some(({ changed }) => changed.some(isStop)));
  });

  it("stops a job under which the host boots again and again", async () => {
    const bed = createTestbed();
    await buildUp(bed);
    let powerCuts = 0;
    const { start } = supervise(bed, {
      reach: async ({ step, phase }) => {
        if (step !== "ensureVfCount" || phase !== "before-intent") return;
        powerCuts += 1;
        await bed.host.reboot("power cut");
        await new Promise(() => undefined);
      },
    });
    const job = bed.newJob(await bed.applyHost(REBOOT));
    await start();
    bed.bus.dispatch(job);
    const { state, failure, result } = await bed.ended(job.id);
    assert.deepEqual([state, failure?.reason], ["needs-operator", "REBOOT_BUDGET_SPENT"]);
    assert.match(result.leftState ?? "", /nothing was taken back/);
    assert.equal(powerCuts, 3);
  });
});

/** Kills the agent at the n-th boundary, over all its lives; undefined when there is no n-th. */
async function killedAt(count: number): Promise<CrashPlace | undefined> {
  const bed = createTestbed();
  await buildUp(bed);
  const before = bed.host.effects.length;
  let reached = 0;
  let killedPlace: CrashPlace | undefined;
  const died = Promise.withResolvers<void>();
  const { start, revive } = supervise(bed, {
    reach: async (place) => {
      reached += 1;
      if (reached !== count) return;
      killedPlace = place;
      died.resolve();
      await new Promise(() => undefined);
    },
  });
  const job = bed.newJob(await bed.applyHost(REBOOT));
  await start();
  bed.bus.dispatch(job);
  await Promise.race([bed.ended(job.id), died.promise]);
  if (killedPlace !== undefined) {
    await revive();
    await bed.bus.redeliver();
  }
  const { state } = await bed.ended(job.id);
  const what = killedPlace === undefined ? "not killed" : formatCrashPlace(killedPlace);
  assert.equal(state, "succeeded", what);
  assert.equal(boots(bed), 1, what);
  const { repeated } = checkEffects(bed.host.effects.slice(before));
  assert.deepEqual(
    repeated.filter(({ object }) => object !== "vswitchd"),
    [],
    what,
  );
  await waitFor(async () => (await bed.rest()).length === 0, { describe: () => what });
  endAllLives();
  return killedPlace;
}
