import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";
import { after, before, describe, it } from "node:test";
import { Network, PlanGoal, Profile, waitForJob } from "@switchyard/client";
import {
  createMainJob,
  createReport,
  SIMULATED_TIMEOUTS,
  vdpaDatapath,
} from "@switchyard/dev/main-job";
import { SIM_LABELS, type Stack, startStack } from "@switchyard/dev/stack";
import { silentLogger } from "@switchyard/runtime";
import { waitFor } from "@switchyard/testkit";
import { type OtlpReceiver, type ReceivedSpan, startOtlpReceiver } from "./otlp-receiver.ts";

const HOST = "hosts/r740-01";
const SWY = new URL("../../../packages/cli/bin/swy.mjs", import.meta.url).pathname;
/** Spans are sent every second. */
const SENT_DEADLINE_MS = 20_000;

interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

async function prepare({ client }: Stack): Promise<void> {
  const datapath = vdpaDatapath({
    vfCount: 2,
    maxVqp: 16,
    bridgeAddresses: { first: "192.168.101.2", last: "192.168.101.9" },
  });
  const profile = Profile.fromPartial({ spec: { selector: SIM_LABELS, datapath } });
  await client.profiles.createProfile({ profileId: "r740", profile });
  const network = Network.fromPartial({
    spec: {
      bridge: "cxbr0",
      subnet: "192.168.101.0/24",
      ipPool: { first: "192.168.101.20", last: "192.168.101.60" },
      macPool: { first: "52:54:00:cb:45:11", last: "52:54:00:cb:45:60" },
    },
  });
  await client.networks.createNetwork({ networkId: "lan", network });
  const report = createReport(process.stderr);
  const job = createMainJob({ client, report, timeouts: SIMULATED_TIMEOUTS });
  await job.readyHost(HOST);
  await job.apply(await job.plan(HOST, PlanGoal.APPLY_PROFILE));
}

describe("a trace", () => {
  let receiver: OtlpReceiver;
  let stack: Stack;

  before(async () => {
    receiver = await startOtlpReceiver();
    stack = await startStack({
      hosts: 1,
      intervals: { heartbeatMs: 500, inventoryMs: 1_000, telemetryMs: 3_600_000 },
      environment: { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.endpoint },
      log: silentLogger,
    });
    await prepare(stack);
  });
  after(async () => {
    await stack?.stop();
    await receiver?.stop();
  });

  const swy = async (args: readonly string[], env: Readonly<Record<string, string>> = {}) => {
    const child = spawn(process.execPath, [SWY, ...args], {
      env: { PATH: process.env["PATH"], SWY_ADDR: stack.address, NO_COLOR: "1", ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const [stdout, stderr, code] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      new Promise<number | null>((resolve) => child.on("close", resolve)),
    ]);
    return { code, stdout, stderr } satisfies Ran;
  };
  const createVm = (name: string, env?: Readonly<Record<string, string>>) =>
    swy(
      [
        ...["vm", "create", name, "--network", "lan", "--vcpus", "2", "--memory", "2GiB"],
        ...["--disk", "/var/lib/switchyard/images/rocky9.qcow2", "--wait", "-o", "json"],
      ],
      env,
    );
  const sent = async (isWanted: (span: ReceivedSpan) => boolean): Promise<ReceivedSpan> =>
    waitFor(() => receiver.spans.find(isWanted), {
      deadlineMs: SENT_DEADLINE_MS,
      describe: () => receiver.spans.map(({ service, name }) => `${service}: ${name}`).join("\n"),
    });

  it("leads from a command line over controller and outbox to each command on the host", async () => {
    const ran = await createVm("web-1", { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.endpoint });
    assert.equal(ran.code, 0, ran.stderr);
    const root = await sent(({ name }) => name === "swy vm create");
    assert.equal(root.parentId, "");
    const { traceId } = root;
    const below = (parent: ReceivedSpan, service: string, name: string | RegExp) =>
      sent(
        (span) =>
          span.traceId === traceId &&
          span.parentId === parent.spanId &&
          span.service === service &&
          (typeof name === "string" ? span.name === name : name.test(span.name)),
      );
    const method = "switchyard.v1.VmService/CreateVm";
    const asked = await below(root, "switchyard-cli", method);
    const answered = await below(asked, "switchyard-controller", method);
    const published = await below(answered, "switchyard-controller", "send job");
    const job = await below(published, "switchyard-agent", "job start-vm");
    assert.equal(job.resource["host.name"], "r740-01");
    const step = await below(job, "switchyard-agent", "ensureVmRunning");
    const command = await below(step, "switchyard-agent", /^(qemu|systemd-run)/);
    assert.match(command.attributes["process.command_args"] ?? "", /web-1/);

    const ids = new Set(receiver.spans.map(({ spanId }) => spanId));
    const ofTrace = receiver.spans.filter((span) => span.traceId === traceId);
    for (const span of ofTrace) {
      assert.ok(span.parentId === "" || ids.has(span.parentId), `${span.name} has no parent`);
      assert.equal(span.hasFailed, false, `${span.name} failed`);
    }
    assert.deepEqual(
      ofTrace.filter(({ parentId }) => parentId === "").map(({ name }) => name),
      ["swy vm create"],
    );

    const jobName = `jobs/${job.attributes["switchyard.job"]}`;
    const record = await stack.client.jobs.getJob({ name: jobName });
    assert.equal(record.traceId, traceId);
    assert.match(record.requestId, /^swy-[0-9a-f]+$/);
    const shown = await swy(["job", "get", jobName.split("/")[1] ?? ""]);
    assert.match(shown.stdout, new RegExp(traceId));
    assert.match(shown.stdout, new RegExp(record.requestId));
    const { events } = await stack.client.jobs.listJobEvents({ job: jobName });
    const started = events.flatMap(({ body }) =>
      body?.$case === "stepStarted" ? [body.value.spanId] : [],
    );
    assert.ok(started.includes(step.spanId), "the step's event does not name its span");
  });

  it("goes on in the jobs of a rollout, which are made long after the call", async () => {
    const start = ["rollout", "start", "offload-off", "--profile", "r740", "--soak", "0"];
    const ran = await swy([...start, "--set", "hw-offload=false"], {
      OTEL_EXPORTER_OTLP_ENDPOINT: receiver.endpoint,
    });
    assert.equal(ran.code, 0, ran.stderr);
    const { traceId } = await sent(({ name }) => name === "swy rollout start");
    const asked = await sent(
      ({ service, name }) => service === "switchyard-controller" && name.endsWith("/CreateRollout"),
    );
    assert.equal(asked.traceId, traceId);
    const published = await sent((span) => span.parentId === asked.spanId);
    const job = await sent((span) => span.parentId === published.spanId);
    assert.deepEqual([published.name, job.name], ["send job", "job apply-host"]);
    const command = await sent(
      (span) => span.traceId === traceId && span.name.startsWith("ovs-vsctl"),
    );
    assert.equal(command.resource["host.name"], "r740-01");
  });

  it("begins at the controller for callers without one, and is in the job's record", async () => {
    const ran = await swy(["vm", "stop", "web-1"]);
    assert.equal(ran.code, 0, ran.stderr);
    const vm = await stack.client.vms.getVm({ name: "vms/web-1" });
    const { traceId } = await waitForJob(stack.client, vm.job, { timeoutMs: SENT_DEADLINE_MS });
    const job = await sent((span) => span.traceId === traceId && span.name === "job stop-vm");
    const answered = await sent((span) => span.traceId === traceId && span.parentId === "");
    assert.equal(answered.service, "switchyard-controller");
    assert.equal(answered.name, "switchyard.v1.VmService/StopVm");
    assert.notEqual(job.parentId, "");
  });

  it("marks what failed, with the reason of the error", async () => {
    const ran = await createVm("web-1", { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.endpoint });
    assert.notEqual(ran.code, 0);
    const failed = await sent(
      (span) => span.hasFailed && span.attributes["error.type"] === "NAME_TAKEN",
    );
    assert.match(failed.name, /CreateVm|swy vm create/);
  });

  it("costs a command nothing where the collector is away", async () => {
    const ran = await swy(["host", "list", "-o", "name"], {
      OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:9",
    });
    assert.equal(ran.code, 0, ran.stderr);
    assert.match(ran.stdout, /r740-01/);
    assert.equal(ran.stderr, "");
  });
});
