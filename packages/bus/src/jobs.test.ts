import assert from "node:assert/strict";
import { after, afterEach, before, describe, it } from "node:test";
import {
  canonicalJson,
  type HostId,
  type JobEvent,
  type JobId,
  parseHostId,
  parseJobId,
} from "@switchyard/model";
import { newUuid, silentLogger, systemClock, systemRandom } from "@switchyard/runtime";
import { waitFor } from "@switchyard/testkit";
import type { AgentBus, ReceivedJob } from "./agent-bus.ts";
import type { ControllerBus, Delivery } from "./controller-bus.ts";
import type { DecodedEvents } from "./envelopes/event-envelope.ts";
import type { OutgoingJob } from "./envelopes/job-envelope.ts";
import { createTelemetryEncoder } from "./envelopes/telemetry-batch.ts";
import { createHostKey } from "./keys/host-key.ts";
import { createSigningKey } from "./keys/signing-key.ts";
import { createAgentBus } from "./nats-agent-bus.ts";
import { createControllerBus } from "./nats-controller-bus.ts";
import { startTestBroker, type TestBroker } from "./testing/test-broker.ts";

const host = parseHostId("host-a");
const hostKey = createHostKey();
const signingKey = createSigningKey();
const seams = { clock: systemClock, random: systemRandom, log: silentLogger };

const newJob = (to: HostId = host): OutgoingJob => ({
  host: to,
  hostEpoch: 1,
  job: parseJobId(newUuid(systemClock, systemRandom)),
  epoch: 1,
  expireAtMs: Date.now() + 60_000,
  specJson: canonicalJson({ kind: "noop" }),
});

const accepted = (job: JobId, seq = 1): JobEvent => ({
  host,
  job,
  epoch: 1,
  seq,
  atMs: Date.now(),
  body: { kind: "accepted", bootId: "boot" },
});

describe("the bus on nats-server", () => {
  let broker: TestBroker;
  let controller: ControllerBus;
  let agent: AgentBus;

  const openController = () =>
    createControllerBus({
      servers: broker.servers,
      key: broker.controllerKey,
      signingKey,
      ...seams,
    });
  const openAgent = () =>
    createAgentBus({
      servers: broker.servers,
      host,
      hostEpoch: 1,
      key: hostKey,
      controllers: [signingKey],
      ...seams,
    });

  before(async () => {
    broker = await startTestBroker([{ host, nkeyPublic: hostKey.nkeyPublic }]);
  });
  after(() => broker.stop());

  const open = async () => {
    controller = await openController();
    await controller.ensureStreams();
    await controller.ensureHosts([host]);
    agent = await openAgent();
  };
  afterEach(async () => {
    await agent.close();
    await controller.close();
  });

  const publish = async (job: OutgoingJob) => (await controller.publishJobs([job]))[0];

  const collectJobs = (): ReceivedJob[] => {
    const received: ReceivedJob[] = [];
    agent.consumeJobs(async (job) => {
      received.push(job);
      await job.accept();
    });
    return received;
  };
  const collectEvents = (): DecodedEvents[] => {
    const received: DecodedEvents[] = [];
    controller.consumeEvents((delivery: Delivery<DecodedEvents>) => {
      received.push(delivery.content);
      delivery.ack();
    });
    return received;
  };

  it("hands a job to its host and the host's events back", async () => {
    await open();
    const jobs = collectJobs();
    const events = collectEvents();
    const job = newJob();
    assert.equal(await publish(job), "stored");
    const received = await waitFor(() => jobs[0]);
    assert.deepEqual(received.job, { id: job.job, host, spec: { kind: "noop" }, epoch: 1 });
    await agent.publishEvents([accepted(job.job)]);
    const envelope = await waitFor(() => events[0]);
    assert.equal(envelope.events[0]?.body.kind, "accepted");
  });

  it("holds one envelope of a job and takes it again once it was accepted", async () => {
    await open();
    const job = newJob();
    assert.equal(await publish(job), "stored");
    assert.equal(await publish(job), "held");
    const jobs = collectJobs();
    await waitFor(() => jobs.length === 1);
    await waitFor(async () => (await publish(job)) === "stored");
    await waitFor(() => jobs.length === 2);
  });

  it("delivers a job again when its handler failed", async () => {
    await open();
    let deliveries = 0;
    agent.consumeJobs(async (job) => {
      deliveries += 1;
      if (deliveries === 1) throw new Error("disk full");
      await job.accept();
    });
    await publish(newJob());
    await waitFor(() => deliveries === 2);
  });

  it("removes an expired job instead of running it", async () => {
    await open();
    const jobs = collectJobs();
    const expired = { ...newJob(), expireAtMs: Date.now() - 1 };
    assert.equal(await publish(expired), "stored");
    await waitFor(async () => (await publish(expired)) === "stored");
    assert.equal(jobs.length, 0);
  });

  it("goes on by itself after nats-server was killed and started again", async () => {
    await open();
    const jobs = collectJobs();
    const events = collectEvents();
    await broker.kill9();
    await broker.start();
    const job = newJob();
    await waitFor(async () => (await publish(job)) !== "unknown");
    await waitFor(() => jobs.some((received) => received.job.id === job.job));
    await agent.publishEvents([accepted(job.job)]);
    await waitFor(() => events.some((envelope) => envelope.events[0]?.job === job.job));
  });

  it("says that its streams are gone after NATS lost its storage, and works once they are back", async () => {
    await open();
    const jobs = collectJobs();
    const events = collectEvents();
    let silences = 0;
    controller.onSilent(() => {
      silences += 1;
    });
    await broker.kill9();
    await broker.wipeStorage();
    await broker.start();
    await waitFor(() => controller.isConnected());
    assert.equal(await publish(newJob()), "absent");
    await waitFor(() => silences > 0);
    assert.ok((await controller.ensureStreams()) > 0);
    assert.equal(await controller.ensureStreams(), 0);
    await controller.ensureHosts([host]);
    controller.publishPullFlow();
    const job = newJob();
    assert.equal(await publish(job), "stored");
    await waitFor(() => jobs.some((received) => received.job.id === job.job));
    await waitFor(() =>
      agent.publishEvents([accepted(job.job)]).then(
        () => true,
        () => false,
      ),
    );
    await waitFor(() => events.some((envelope) => envelope.events[0]?.job === job.job));
  });

  it("gives each event to one of two controllers", async () => {
    await open();
    const second = await openController();
    let seen = 0;
    const count = (delivery: Delivery<DecodedEvents>) => {
      seen += delivery.content.events.length;
      delivery.ack();
    };
    controller.consumeEvents(count);
    second.consumeEvents(count);
    const job = newJob().job;
    for (let seq = 1; seq <= 50; seq += 1) await agent.publishEvents([accepted(job, seq)]);
    await waitFor(() => seen >= 50);
    assert.equal(seen, 50);
    await second.close();
  });

  it("asks an agent and gets its answer", async () => {
    await open();
    agent.onCommand(async ({ verb, epoch }) => ({
      isDone: true,
      reason: undefined,
      message: `${verb} ${epoch}`,
    }));
    const job = newJob().job;
    const request = { host, verb: "cancel", job, epoch: 3, timeoutMs: 2_000 } as const;
    const answer = await waitFor(() => controller.command(request));
    assert.equal(answer.message, "cancel 3");
  });

  it("says that a host is unreachable when its agent does not listen", async () => {
    await open();
    await assert.rejects(
      controller.command({ host, verb: "ping", job: undefined, epoch: undefined, timeoutMs: 200 }),
      { reason: "HOST_UNREACHABLE" },
    );
  });

  it("brings inventory, heartbeat and telemetry to the controller", async () => {
    await open();
    const seen: string[] = [];
    controller.onHeartbeat((beat) => void seen.push(`hb ${beat.agentVersion}`));
    controller.consumeTelemetry((delivery) => {
      const { names, columns } = delivery.content;
      seen.push(`tel ${names[0]?.metric} ${columns.value[0]}`);
      delivery.ack();
    });
    await waitFor(() => {
      agent.publishHeartbeat({ bootId: "boot", agentVersion: "1", running: [] });
      return seen.includes("hb 1");
    });
    const { bytes } = createTelemetryEncoder({ host, hostEpoch: 1, session: "s" }).encode({
      samples: [{ metric: "host.cpu_count", object: "", atMs: Date.now(), value: 64 }],
      droppedCount: 0,
      isWhole: true,
    });
    await agent.publishTelemetry(bytes);
    await waitFor(() => seen.includes("tel host.cpu_count 64"));
  });
});
