import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import {
  createMainJob,
  createReport,
  SIMULATED_TIMEOUTS,
  vdpaDatapath,
} from "@switchyard/dev/main-job";
import { type Stack, startStack } from "@switchyard/dev/stack";
import { loadSnapshot } from "@switchyard/hostsim";
import { parseSnapshotDocument } from "@switchyard/model";
import { HostKind, type JobSnapshot, JobState, PlanGoal } from "@switchyard/proto";
import { silentLogger } from "@switchyard/runtime";
import { waitFor } from "@switchyard/testkit";
import { Client } from "pg";

const INTERVALS = { heartbeatMs: 1_000, inventoryMs: 1_000, telemetryMs: 3_600_000 };
const [FIRST, SECOND] = ["hosts/r740-01", "hosts/r740-02"];

describe("snapshots of host plans", () => {
  let stack: Stack;
  const applied: Record<string, string> = {};
  const main = () =>
    createMainJob({
      client: stack.client,
      report: createReport(process.stderr),
      timeouts: SIMULATED_TIMEOUTS,
    });
  const listOf = (job: string) => stack.client.jobs.listJobSnapshots({ job });
  const diff = (from: string, to: string) => stack.client.jobs.diffJobSnapshots({ from, to });

  /** Applies the host's plan, whatever comes of it. */
  async function apply(host: string): Promise<string> {
    const plan = await main().plan(host, PlanGoal.APPLY_PROFILE);
    const { name } = await stack.client.plans.applyPlan({ name: plan.name, etag: plan.etag });
    await waitFor(
      async () => {
        const { state } = await stack.client.jobs.getJob({ name });
        return state === JobState.SUCCEEDED || state === JobState.FAILED;
      },
      { deadlineMs: 20_000 },
    );
    return name;
  }

  /** They are in the database: the host is not needed any more. */
  async function stored(job: string): Promise<void> {
    const database = new Client({ connectionString: stack.databaseUrl });
    await database.connect();
    try {
      const text = "SELECT FROM job_snapshots WHERE job = $1 AND state = 'stored'";
      await waitFor(
        async () => (await database.query(text, [job.slice("jobs/".length)])).rowCount === 1,
        { deadlineMs: 20_000, describe: () => job },
      );
    } finally {
      await database.end();
    }
  }

  before(async () => {
    stack = await startStack({ hosts: 2, intervals: INTERVALS, log: silentLogger });
    await Promise.all(stack.hostNames.map((host) => main().readyHost(host)));
    const bridgeAddresses = { first: "192.168.101.2", last: "192.168.101.19" };
    await main().createProfile("vdpa", vdpaDatapath({ vfCount: 2, maxVqp: 8, bridgeAddresses }), {
      role: "vm-host",
    });
  });
  after(() => stack.stop());

  it("are there with the job's end, one for each step", async () => {
    const job = await apply(FIRST);
    applied[FIRST] = job;
    const { stepCount } = await stack.client.jobs.getJob({ name: job });
    const { snapshots, missing } = await listOf(job);
    const points = snapshots.map(({ point }) => point);
    const steps = Array.from({ length: stepCount }, (_, at) => `step-${at + 1}`);
    assert.deepEqual(points, ["start", ...steps, "end"]);
    assert.deepEqual(missing, []);
    const kinds = new Set(snapshots.map(({ hostKind }: JobSnapshot) => hostKind));
    assert.deepEqual([...kinds], [HostKind.SIMULATED]);
  });

  it("are compared field by field, with what the kernel said meanwhile", async () => {
    const job = applied[FIRST];
    const { changes, kernelLog } = await diff(`${job}/snapshots/start`, `${job}/snapshots/end`);
    const change = changes.find(({ field }) => field === "vfCount");
    assert.deepEqual(change, {
      area: "functions",
      item: "0000:82:00.0",
      field: "vfCount",
      before: "0",
      after: "2",
    });
    assert.ok(kernelLog.some((line) => line.includes("E-Switch: Enable: mode(OFFLOADS)")));
    const same = await diff(`${job}/snapshots/end`, `${job}/snapshots/end`);
    assert.deepEqual([same.changes, same.kernelLog], [[], []]);
  });

  it("outlive their host", async () => {
    const job = applied[FIRST] ?? "";
    await stored(job);
    await stack.agents.find(({ name }) => `hosts/${name}` === FIRST)?.stop();
    const { documentJson } = await stack.client.jobs.getJobSnapshot({
      name: `${job}/snapshots/end`,
    });
    const document = parseSnapshotDocument(documentJson);
    assert.equal(document.host, "r740-01");
    assert.equal(document.snapshot.facts.eswitches?.["pci/0000:82:00.0"]?.mode, "switchdev");
  });

  it("show a job that failed before and after it was taken back, and are compared between jobs", async () => {
    stack.simHost(SECOND).faults.add({
      match: { kind: "run", program: "vdpa", words: ["add"] },
      action: { kind: "fail", exitCode: 1, stderr: "kernel answers: Invalid argument" },
    });
    const failed = await apply(SECOND);
    const { snapshots } = await listOf(failed);
    const points = snapshots.map(({ point }) => point);
    assert.deepEqual(points.slice(-2), ["failed", "end"]);
    const back = await diff(`${failed}/snapshots/failed`, `${failed}/snapshots/end`);
    assert.ok(back.changes.some(({ field, after }) => field === "vfCount" && after === "0"));
    const job = applied[FIRST];
    const between = await diff(`${failed}/snapshots/failed`, `${job}/snapshots/end`);
    assert.ok(between.changes.some(({ area }) => area === "vdpaDevices"));
    assert.deepEqual(between.kernelLog, []);
  });

  it("are loaded into a simulated host, which a controller then sees as the snapshot says", async () => {
    const { documentJson } = await stack.client.jobs.getJobSnapshot({
      name: `${applied[FIRST]}/snapshots/end`,
    });
    const document = parseSnapshotDocument(
      documentJson.replace('"host":"r740-01"', '"host":"again"'),
    );
    const { host, differences } = await loadSnapshot(document);
    assert.deepEqual(differences, []);
    const again = await startStack({ hosts: 0, loaded: [host], log: silentLogger });
    try {
      const name = "hosts/again";
      const { kind, inventory } = await waitFor(
        async () => {
          const seen = await again.client.hosts.getHost({ name });
          return seen.inventory === undefined ? undefined : seen;
        },
        { deadlineMs: 20_000 },
      );
      assert.equal(kind, HostKind.SIMULATED);
      assert.equal(inventory?.nics[0]?.pfs[0]?.eswitchMode, "switchdev");
      assert.deepEqual(
        inventory?.ovs?.bridges.map(({ name }) => name),
        ["cxbr0"],
      );
    } finally {
      await again.stop();
    }
  });

  it("are refused with what there is instead", async () => {
    const job = applied[FIRST];
    await assert.rejects(diff(`${job}/snapshots/start`, `${job}/snapshots/step-99`), {
      reason: "SNAPSHOT_NOT_FOUND",
    });
    await assert.rejects(stack.client.jobs.getJobSnapshot({ name: "jobs/x/snapshots/../end" }), {
      reason: "FIELD_INVALID",
    });
    const noop = await stack.client.jobs.createNoopJob({ host: SECOND });
    await assert.rejects(listOf(noop.name), { reason: "SNAPSHOT_NOT_FOUND" });
    const never = "jobs/01a206e0-fb51-7719-ab57-11400aa56dc5";
    await assert.rejects(listOf(never), { reason: "JOB_NOT_FOUND" });
  });
});
