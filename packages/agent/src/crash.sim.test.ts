import assert from "node:assert/strict";
import { afterEach, describe, it } from "node:test";
import { listDomainVms } from "@switchyard/host";
import type { Life, Watch } from "@switchyard/hostsim";
import { checkEffects, type Effect, type Repetition } from "@switchyard/hostsim";
import type { JobEvent, JobSpec, VmRuntimeKind } from "@switchyard/model";
import { seededRandom } from "@switchyard/runtime";
import { type CrashPlace, type CrashPoint, formatCrashPlace } from "./jobs/crash-point.ts";
import {
  createTestbed,
  endAllLives,
  type Testbed,
  TORN_DOWN,
  vmInSlot,
} from "./testing/testbed.ts";

/** Lives after which a job that is killed again and again is left alone. */
const KILLS_MAX = 5;
const RANDOM_KILLS = 200;
/** Calls to host, disk and bus of one whole job, and some more: where chance strikes. */
const CALLS_OF_JOB = 900;

/** Whatever is killed: the job ends once, its events are whole, and every effect was made once. */
function checkJob(events: readonly JobEvent[], effects: readonly Effect[], what: string): void {
  const seqs = events.map(({ seq }) => seq);
  assert.deepEqual(
    seqs,
    seqs.map((_, index) => index + 1),
    `${what}: gaps in the events`,
  );
  const ends = events.filter(({ body }) => body.kind === "ended");
  assert.equal(ends.length, 1, `${what}: ended ${ends.length} times`);
  assert.equal(ends[0]?.body.kind === "ended" && ends[0].body.state, "succeeded", what);
  const { repeated, redone } = checkEffects(effects);
  assert.deepEqual(withoutRestarts(repeated), [], `${what}: effects made twice`);
  assert.deepEqual(withoutRestarts(redone), [], `${what}: effects undone and made again`);
  const finished = events.flatMap(({ body }) => (body.kind === "step-finished" ? body.step : []));
  assert.equal(new Set(finished).size, finished.length, `${what}: a step finished twice`);
}

/** A restart of OVS is the one effect that may be made again: whether it was made can't be seen. */
const withoutRestarts = (repetitions: readonly Repetition[]): readonly Repetition[] =>
  repetitions.filter(({ object }) => object !== "vswitchd");

/** Kills the agent at the n-th boundary that it reaches. */
function crashAtBoundary(
  count: number,
  onReach: (place: CrashPlace) => void,
): { readonly crash: CrashPoint; bind(life: () => Life | undefined): void } {
  let reached = 0;
  let lifeOf: () => Life | undefined = () => undefined;
  return {
    bind: (life) => {
      lifeOf = life;
    },
    crash: {
      reach: async (place) => {
        onReach(place);
        reached += 1;
        if (reached !== count) return;
        lifeOf()?.kill();
        await new Promise(() => undefined);
      },
    },
  };
}

async function runKilledAtBoundary(spec: SpecOf, count: number): Promise<CrashPlace | undefined> {
  const bed = createTestbed();
  await spec.prepare(bed);
  const effectsBefore = bed.host.effects.length;
  const job = bed.newJob(await spec.make(bed));
  let place: CrashPlace | undefined;
  let life: Life | undefined;
  const boundary = crashAtBoundary(count, (reached) => {
    place = reached;
  });
  boundary.bind(() => life);
  const first = await bed.start({ crash: boundary.crash }, (_moment, own) => {
    life = own;
  });
  bed.bus.dispatch(job);
  await Promise.race([bed.ended(job.id), dead(first.life)]);
  if (!first.life.isOver) {
    await first.agent.stop();
    return undefined;
  }
  const second = await bed.start();
  await bed.bus.redeliver();
  await bed.ended(job.id);
  const what = place === undefined ? "" : formatCrashPlace(place);
  checkJob(bed.bus.events(job.id), bed.host.effects.slice(effectsBefore), what);
  assert.deepEqual(await spec.rest(bed), []);
  await second.agent.stop();
  return place;
}

const dead = (life: Life): Promise<void> =>
  new Promise((resolve) => {
    if (life.isOver) resolve();
    else life.signal.addEventListener("abort", () => resolve(), { once: true });
  });

interface SpecOf {
  prepare(bed: Testbed): Promise<void>;
  make(bed: Testbed): Promise<JobSpec>;
  /** What is still to be done afterwards. */
  rest(bed: Testbed): Promise<readonly string[]>;
}

const BUILD_UP: SpecOf = {
  prepare: async () => undefined,
  make: (bed) => bed.applyHost(),
  rest: (bed) => bed.rest(),
};

async function built(bed: Testbed): Promise<void> {
  const { agent } = await bed.start();
  await bed.runJob(await bed.applyHost());
  await agent.stop();
}

/** The jobs of a VM's life with a runtime. */
function lifeBy(runtime: VmRuntimeKind) {
  const placed = vmInSlot(0);
  const vm = { ...placed, spec: { ...placed.spec, runtime } };
  const running = async (bed: Testbed): Promise<void> => {
    await built(bed);
    const { agent } = await bed.start();
    await bed.runJob({ kind: "start-vm", vm });
    await agent.stop();
  };
  const START_VM: SpecOf = {
    prepare: built,
    make: async () => ({ kind: "start-vm", vm }),
    rest: async (bed) => (bed.host.vms.length === 1 ? [] : ["the VM does not run"]),
  };
  const STOP_VM: SpecOf = {
    prepare: running,
    make: async () => ({ kind: "stop-vm", vm, gracePeriodMs: 1_000 }),
    rest: async (bed) => [...bed.host.vms, ...(await listDomainVms(bed.host))],
  };
  const DELETE_VM: SpecOf = { ...STOP_VM, make: async () => ({ kind: "delete-vm", vm }) };
  return { START_VM, STOP_VM, DELETE_VM };
}

const { START_VM, STOP_VM, DELETE_VM } = lifeBy("qemu");
const BY_LIBVIRT = lifeBy("libvirt");

const TEAR_DOWN: SpecOf = {
  prepare: built,
  make: (bed) => bed.applyHost(TORN_DOWN),
  rest: (bed) => bed.rest(TORN_DOWN),
};

afterEach(endAllLives);

describe("an agent killed at a step's boundary", () => {
  for (const [name, spec] of Object.entries({
    BUILD_UP,
    TEAR_DOWN,
    START_VM,
    STOP_VM,
    DELETE_VM,
    START_VM_BY_LIBVIRT: BY_LIBVIRT.START_VM,
    STOP_VM_BY_LIBVIRT: BY_LIBVIRT.STOP_VM,
    DELETE_VM_BY_LIBVIRT: BY_LIBVIRT.DELETE_VM,
  })) {
    const words = name.toLowerCase().replaceAll("_", " ");
    it(`ends the job once and makes every effect once, at each boundary of: ${words}`, async () => {
      const places = new Set<string>();
      for (let count = 1; ; count += 1) {
        const place = await runKilledAtBoundary(spec, count);
        if (place === undefined) break;
        places.add(formatCrashPlace(place));
      }
      for (const phase of [
        "after-accept",
        "after-plan",
        "after-intent",
        "after-effect",
        "after-done",
        "after-end",
      ]) {
        assert.ok(
          [...places].some((place) => place.endsWith(phase)),
          `never killed ${phase}`,
        );
      }
    });
  }
});

/** Kills at a call chosen by chance, before it is made or after it had its effect. */
function killByChance(float: () => number): Watch {
  let calls = Math.floor(float() * CALLS_OF_JOB);
  const moment = float() < 0.5 ? "before" : "after";
  return (reached, life) => {
    if (reached !== moment) return;
    calls -= 1;
    if (calls < 0) life.kill();
  };
}

async function runKilledByChance(seed: number): Promise<number> {
  const random = seededRandom(seed);
  const bed = createTestbed({ seed });
  const job = bed.newJob(await bed.applyHost());
  bed.bus.dispatch(job);
  for (let kills = 0; ; kills += 1) {
    const watch = kills < KILLS_MAX ? killByChance(random.float) : undefined;
    const { agent, life } = await bed.start({}, watch);
    if (!life.isOver) await Promise.race([bed.ended(job.id), dead(life)]);
    if (!life.isOver) {
      checkJob(bed.bus.events(job.id), bed.host.effects, `seed ${seed}`);
      assert.deepEqual(await bed.rest(), [], `seed ${seed}`);
      await Promise.race([agent.stop(), dead(life)]);
      return kills;
    }
    bed.disk.loseUnsynced(random);
  }
}

describe("an agent killed at random", () => {
  it(`ends the job once and makes every effect once, over ${RANDOM_KILLS} kills`, async () => {
    let kills = 0;
    for (let seed = 1; kills < RANDOM_KILLS; seed += 1) kills += await runKilledByChance(seed);
  });
});
