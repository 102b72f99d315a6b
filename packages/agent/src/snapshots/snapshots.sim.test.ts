import assert from "node:assert/strict";
import { afterEach, describe, it } from "node:test";
import { AREA_READERS } from "@switchyard/host";
import type { Life } from "@switchyard/hostsim";
import {
  diffSnapshots,
  type HostSnapshot,
  type JobId,
  type JobSpec,
  SNAPSHOT_AREAS,
  type SnapshotFacts,
} from "@switchyard/model";
import { unfoldSeries } from "@switchyard/planner";
import { waitFor } from "@switchyard/testkit";
import {
  createTestbed,
  DATAPATH,
  endAllLives,
  HOST,
  SRIOV,
  type Testbed,
} from "../testing/testbed.ts";
import { readSeries } from "./series-folder.ts";

const FOLDER = "/var/lib/switchyard/snapshots";

afterEach(endAllLives);

const seriesOf = async ({ host }: Testbed, job: JobId) => {
  const series = await readSeries(host, { host: HOST, job });
  assert.ok(series !== undefined, "the job has snapshots");
  return series;
};

async function run(testbed: Testbed, spec: JobSpec) {
  const job = testbed.newJob(spec);
  testbed.bus.dispatch(job);
  const ended = await testbed.ended(job.id);
  const series = await seriesOf(testbed, job.id);
  return { job: job.id, ended, series, snapshots: unfoldSeries(series) };
}

async function readAll({ host }: Testbed): Promise<SnapshotFacts> {
  const read = await Promise.all(AREA_READERS.map((reader) => reader.read(host)));
  return Object.assign({}, ...read) as SnapshotFacts;
}

const pointsOf = (snapshots: readonly HostSnapshot[]) => snapshots.map(({ point }) => point);

function at(snapshots: readonly HostSnapshot[], point: string): HostSnapshot {
  const found = snapshots.find((each) => each.point === point);
  assert.ok(found !== undefined, `there is a snapshot ${point} among ${pointsOf(snapshots)}`);
  return found;
}

/** What the step of this kind changed, by area and item. */
function changedBy(snapshots: readonly HostSnapshot[], kind: string): readonly string[] {
  const index = snapshots.findIndex(({ step }) => step?.endsWith(`-${kind}`));
  const [before, after] = [snapshots[index - 1], snapshots[index]];
  assert.ok(before !== undefined && after !== undefined, `a step ${kind} was taken`);
  return diffSnapshots(before.facts, after.facts).map(
    ({ area, item, field }) => `${area} ${item} ${field}`,
  );
}

describe("snapshots of a job", () => {
  it("are taken before the first step, after each, and at the end", async () => {
    const testbed = createTestbed();
    await testbed.start();
    const spec = await testbed.applyHost();
    const steps = await testbed.rest();
    const { ended, snapshots, series } = await run(testbed, spec);
    assert.equal(ended.state, "succeeded");
    const middle = steps.map((_, index) => `step-${index + 1}`);
    assert.deepEqual(pointsOf(snapshots), ["start", ...middle, "end"]);
    assert.deepEqual(series.missing, []);
    assert.deepEqual([series.hostKind, series.host], ["simulated", "r740-01"]);
    assert.deepEqual(
      Object.keys(at(snapshots, "start").facts).toSorted(),
      SNAPSHOT_AREAS.toSorted(),
    );
    for (const { unread, point } of snapshots) assert.deepEqual(unread, [], point);
  });

  it("show what a step changed", async () => {
    const testbed = createTestbed();
    await testbed.start();
    const { snapshots } = await run(testbed, await testbed.applyHost());
    assert.ok(
      changedBy(snapshots, "ensureEswitchMode").includes("eswitches pci/0000:82:00.0 mode"),
    );
    assert.ok(changedBy(snapshots, "ensureVfCount").includes("functions 0000:82:00.0 vfCount"));
    assert.ok(changedBy(snapshots, "ensureBridge").includes("bridges cxbr0 "));
    const vdpa = changedBy(snapshots, "ensureVdpaDevice");
    assert.ok(vdpa.length > 0 && vdpa.every((change) => change.startsWith("vdpaDevices ")));
  });

  for (const [title, desired] of [
    ["vDPA", DATAPATH],
    ["SR-IOV", SRIOV],
  ] as const) {
    it(`miss nothing that a step changed on the way to ${title}, though they read little`, async () => {
      const testbed = createTestbed();
      const whole: SnapshotFacts[] = [];
      await testbed.start({
        crash: {
          reach: async ({ phase }) => {
            if (phase === "after-done") whole.push(await readAll(testbed));
          },
        },
      });
      const { job, snapshots } = await run(testbed, await testbed.applyHost(desired));
      const changed = testbed.bus
        .events(job)
        .flatMap(({ body }) => (body.kind === "step-finished" && body.changed ? [body.step] : []));
      assert.ok(changed.length > 5 && changed.length === whole.length);
      for (const [at, step] of changed.entries()) {
        const taken = snapshots.find((each) => each.step === step);
        assert.deepEqual(diffSnapshots(taken?.facts ?? {}, whole[at] ?? {}), [], step);
      }
    });
  }

  it("read only what a step can change", async () => {
    const testbed = createTestbed();
    await testbed.start();
    const { snapshots } = await run(testbed, await testbed.applyHost());
    const vdpa = snapshots.find(({ step }) => step?.endsWith("-ensureVdpaDevice"));
    assert.deepEqual(vdpa?.taken, ["vdpaDevices"]);
  });

  it("hold the kernel's lines since the one before, each once", async () => {
    const testbed = createTestbed();
    await testbed.start();
    const { snapshots } = await run(testbed, await testbed.applyHost());
    const lines = snapshots.flatMap(({ kernelLog }) => kernelLog);
    const enabled = lines.filter((line) => line.includes("E-Switch: Enable: mode(OFFLOADS)"));
    assert.ok(enabled.length > 0);
    assert.equal(new Set(lines).size, lines.length);
  });

  it("stay small: each stores what differs from the one before", async () => {
    const testbed = createTestbed();
    await testbed.start();
    const { series } = await run(testbed, await testbed.applyHost());
    const sizes = series.records.map((record) => JSON.stringify(record).length);
    const [whole = 0, ...rest] = sizes;
    const sum = rest.reduce((total, size) => total + size, 0);
    assert.ok(sum < 3 * whole, `${rest.length} snapshots in ${sum} bytes, the first in ${whole}`);
  });

  it("show a failed job before and after it was taken back", async () => {
    const testbed = createTestbed();
    await testbed.start();
    testbed.host.faults.add({
      match: { kind: "run", program: "vdpa", words: ["add"] },
      action: { kind: "fail", exitCode: 1, stderr: "kernel answers: Invalid argument" },
    });
    const { ended, snapshots } = await run(testbed, await testbed.applyHost());
    assert.equal(ended.state, "failed");
    assert.equal(at(snapshots, "failed").step, ended.failure?.step);
    assert.deepEqual(at(snapshots, "failed").facts.functions?.["0000:82:00.0"]?.vfCount, 2);
    const left = diffSnapshots(at(snapshots, "start").facts, at(snapshots, "end").facts);
    assert.ok(!left.some(({ area }) => area === "functions" || area === "eswitches"));
  });

  it("cost an area only where a tool is missing or fails", async () => {
    const testbed = createTestbed({ host: { overrides: { missingPrograms: ["dmesg"] } } });
    await testbed.start();
    testbed.host.faults.add({
      match: { kind: "file", operation: "read", pathEnd: "/proc/modules" },
      action: { kind: "refuse", errno: "EIO" },
      times: 1000,
    });
    const job = testbed.newJob(await testbed.applyHost());
    testbed.bus.dispatch(job);
    await testbed.ended(job.id);
    const snapshots = unfoldSeries(await seriesOf(testbed, job.id));
    const { facts, unread, kernelLog } = at(snapshots, "start");
    assert.deepEqual(
      unread.map(({ area }) => area),
      ["modules"],
    );
    assert.equal(facts.modules, undefined);
    assert.deepEqual(kernelLog, []);
    assert.ok(facts.links !== undefined && facts.functions !== undefined);
  });

  it("never fail a job: where the folder can't be written the job goes on", async () => {
    const testbed = createTestbed();
    await testbed.start();
    testbed.host.faults.add({
      match: { kind: "file", operation: "replace", pathEnd: ".json" },
      action: { kind: "refuse", errno: "ENOSPC" },
      times: 1000,
    });
    const job = testbed.newJob(await testbed.applyHost());
    testbed.bus.dispatch(job);
    assert.equal((await testbed.ended(job.id)).state, "succeeded");
    assert.equal(await readSeries(testbed.host, { host: HOST, job: job.id }), undefined);
  });

  it("go on after the agent was killed in the middle", async () => {
    const testbed = createTestbed();
    const killed = Promise.withResolvers<void>();
    const first: { life?: Life } = {};
    const { life } = await testbed.start({
      crash: {
        reach: async ({ step, phase }) => {
          if (step !== "ensureVdpaDevice" || phase !== "after-effect") return;
          first.life?.kill();
          killed.resolve();
          await new Promise(() => undefined);
        },
      },
    });
    first.life = life;
    const job = testbed.newJob(await testbed.applyHost());
    testbed.bus.dispatch(job);
    await killed.promise;
    await testbed.start();
    assert.equal((await testbed.ended(job.id)).state, "succeeded");
    const series = await seriesOf(testbed, job.id);
    const points = pointsOf(unfoldSeries(series));
    assert.ok(points.includes("resumed") && points.at(-1) === "end", points.join(" "));
    assert.equal(new Set(points).size, points.length, "every point bears its own name");
    assert.deepEqual(series.missing, []);
  });

  it("tell what a damaged file costs", async () => {
    const testbed = createTestbed();
    await testbed.start();
    const { job, series } = await run(testbed, await testbed.applyHost());
    const third = `${FOLDER}/${job}/00003.json`;
    await testbed.host.replaceFile(third, "{");
    const damaged = await seriesOf(testbed, job);
    assert.equal(damaged.records.length, 2);
    assert.equal(damaged.missing.length, series.records.length - 2);
    assert.deepEqual(damaged.missing[0], { point: "file 3", why: "its file can't be read" });
  });

  it("are kept for the last 32 jobs", async () => {
    const testbed = createTestbed();
    await testbed.start();
    for (let count = 0; count < 40; count += 1) {
      const old = `0190a000-0000-7000-8000-${String(count).padStart(12, "0")}`;
      await testbed.host.replaceFile(`${FOLDER}/${old}/00001.json`, "{}");
    }
    const { job } = await run(testbed, await testbed.applyHost());
    const kept = await testbed.host.listFolder(FOLDER);
    assert.equal(kept.length, 32);
    assert.ok(kept.includes(job));
  });

  it("are not taken of jobs that are no host plan", async () => {
    const testbed = createTestbed();
    await testbed.start();
    const job = testbed.newJob({ kind: "noop" });
    testbed.bus.dispatch(job);
    await testbed.ended(job.id);
    await waitFor(
      async () => (await readSeries(testbed.host, { host: HOST, job: job.id })) === undefined,
    );
  });
});
