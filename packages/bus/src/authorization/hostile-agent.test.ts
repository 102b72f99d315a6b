import assert from "node:assert/strict";
import { after, before, beforeEach, describe, it } from "node:test";
import { canonicalJson, type JobEvent, parseHostId, parseJobId } from "@switchyard/model";
import { newUuid, silentLogger, systemClock, systemRandom } from "@switchyard/runtime";
import { waitFor } from "@switchyard/testkit";
import { connect, type NatsConnection, nkeyAuthenticator } from "nats";
import type { AgentBus } from "../agent-bus.ts";
import type { ControllerBus } from "../controller-bus.ts";
import { encodeCommand } from "../envelopes/command.ts";
import { decodeEvents, encodeEvent, sealEvents } from "../envelopes/event-envelope.ts";
import { encodeJob, type OutgoingJob } from "../envelopes/job-envelope.ts";
import { signRequest } from "../envelopes/signed-request.ts";
import { createHostKey, createHostVerifier } from "../keys/host-key.ts";
import { createSigningKey } from "../keys/signing-key.ts";
import { createAgentBus } from "../nats-agent-bus.ts";
import { createControllerBus } from "../nats-controller-bus.ts";
import type { SessionChannel } from "../sessions/session-channel.ts";
import {
  commandSubject,
  eventSubject,
  heartbeatSubject,
  hostInbox,
  jobStream,
  jobSubject,
  sessionSubject,
  shardOf,
  stateSubject,
} from "../subjects.ts";
import { startTestBroker, type TestBroker } from "../testing/test-broker.ts";

const hostile = parseHostId("hostile");
const victim = parseHostId("victim");
const hostileKey = createHostKey();
const victimKey = createHostKey();
const signingKey = createSigningKey();
const seams = { clock: systemClock, random: systemRandom, log: silentLogger };
const SESSION = "00112233445566778899aabbccddeeff";
const newJobId = () => parseJobId(newUuid(systemClock, systemRandom));

const API = "$JS.API";
const infoOf = (host: typeof hostile) => `${API}.CONSUMER.INFO.${jobStream(shardOf(host))}.${host}`;
const nextOf = (host: typeof hostile) =>
  `${API}.CONSUMER.MSG.NEXT.${jobStream(shardOf(host))}.${host}`;

const event = (host: typeof hostile): JobEvent => ({
  host,
  job: newJobId(),
  epoch: 1,
  seq: 1,
  atMs: 1,
  body: { kind: "accepted", bootId: "boot" },
});

describe("a hostile agent with a valid key", () => {
  let broker: TestBroker;
  let controller: ControllerBus;
  let agent: AgentBus;
  let attacker: NatsConnection;
  let violations: string[];
  let taken: string[];
  let commands: string[];
  let refused: string[];
  const opened: SessionChannel[] = [];

  before(async () => {
    broker = await startTestBroker([
      { host: hostile, nkeyPublic: hostileKey.nkeyPublic },
      { host: victim, nkeyPublic: victimKey.nkeyPublic },
    ]);
    controller = await createControllerBus({
      servers: broker.servers,
      key: broker.controllerKey,
      signingKey,
      ...seams,
    });
    await controller.ensureStreams();
    await controller.ensureHosts([hostile, victim]);
    agent = await createAgentBus({
      servers: broker.servers,
      host: victim,
      hostEpoch: 1,
      key: victimKey,
      controllers: [signingKey],
      ...seams,
    });
    agent.consumeJobs(async (received) => {
      taken.push(received.job.id);
      await received.accept();
    });
    agent.onCommand(async ({ verb, request }) => {
      commands.push(verb);
      if (request !== undefined) opened.push(agent.openSession(request.id));
      return { isDone: true, reason: undefined, message: "" };
    });
    const verify = createHostVerifier();
    controller.onRefused((subject) => refused.push(subject));
    controller.consumeEvents(async (delivery) => {
      const { host, signedBytes, signature } = delivery.content;
      const key = host === victim ? victimKey : hostileKey;
      const isValid = await verify(key.nkeyPublic, { bytes: signedBytes, signature }, "here");
      (isValid ? taken : refused).push(`${host} event`);
      delivery.ack();
    });
    attacker = await connect({
      servers: [...broker.servers],
      authenticator: nkeyAuthenticator(Buffer.from(hostileKey.seed)),
      inboxPrefix: hostInbox(hostile),
    });
    void (async () => {
      for await (const status of attacker.status()) {
        if (status.type === "error") violations.push(String(status.permissionContext?.subject));
      }
    })();
  });
  beforeEach(() => {
    violations = [];
    taken = [];
    commands = [];
    refused = [];
  });
  after(async () => {
    await attacker.close();
    await agent.close();
    await controller.close();
    await broker.stop();
  });

  const publish = async (job: OutgoingJob) => (await controller.publishJobs([job]))[0];

  /** Everything sent before has been handled by the victim once it took a true job. */
  const settle = async () => {
    await attacker.flush();
    const job = newJobId();
    await waitFor(
      async () =>
        (await publish({
          host: victim,
          hostEpoch: 1,
          job,
          epoch: 1,
          expireAtMs: Date.now() + 60_000,
          specJson: canonicalJson({ kind: "noop" }),
        })) === "stored",
    );
    await waitFor(() => taken.includes(job));
    return taken.filter((entry) => entry !== job);
  };

  it("can't publish on another host's subjects, nor jobs for itself", async () => {
    const forbidden = [
      jobSubject(victim, newJobId()),
      jobSubject(hostile, newJobId()),
      eventSubject(victim, newJobId()),
      stateSubject(victim),
      heartbeatSubject(victim),
      commandSubject(victim, "cancel"),
      sessionSubject(victim, SESSION, "in"),
      sessionSubject(victim, SESSION, "out"),
      sessionSubject(hostile, SESSION, "in"),
      nextOf(victim),
      infoOf(victim),
      `${API}.STREAM.DELETE.${jobStream(shardOf(victim))}`,
      `$JS.ACK.EVT.ingest.1.1.1.1.0`,
      "_INBOX_CONTROLLER.x",
    ];
    for (const subject of forbidden) attacker.publish(subject, Buffer.from("x"));
    await attacker.flush();
    await waitFor(() => violations.length === forbidden.length);
    assert.deepEqual(violations, forbidden);
    assert.deepEqual(await settle(), []);
  });

  it("can't hear another host's inbox, commands or heartbeats", async () => {
    const forbidden = [
      `${hostInbox(victim)}.>`,
      "sy.cmd.victim.*",
      "sy.hb.*",
      "sy.evt.>",
      "sy.ses.>",
    ];
    for (const subject of forbidden) attacker.subscribe(subject);
    await attacker.flush();
    await waitFor(() => violations.length === forbidden.length);
    assert.deepEqual(violations, forbidden);
  });

  it("can't get an API answer taken as a job, though the broker stores it in the victim's subject", async () => {
    const target = jobSubject(victim, newJobId());
    attacker.publish(nextOf(hostile), Buffer.from('{"batch":0,"no_wait":true}'), { reply: target });
    attacker.publish(eventSubject(hostile, newJobId()), Buffer.from("x"), { reply: target });
    assert.deepEqual(await settle(), []);
  });

  it("can't get its own job taken by another host", async () => {
    const job = newJobId();
    await publish({
      host: hostile,
      hostEpoch: 1,
      job,
      epoch: 1,
      expireAtMs: Date.now() + 60_000,
      specJson: canonicalJson({ kind: "noop" }),
    });
    for (const reply of [jobSubject(victim, job), `${hostInbox(victim)}.x`]) {
      attacker.publish(nextOf(hostile), Buffer.from('{"batch":1,"no_wait":true}'), { reply });
    }
    assert.deepEqual(await settle(), []);
  });

  it("can't get its own job taken as an event of another host", async () => {
    const job = newJobId();
    await publish({
      host: hostile,
      hostEpoch: 1,
      job,
      epoch: 2,
      expireAtMs: Date.now() + 60_000,
      specJson: canonicalJson({ kind: "noop" }),
    });
    const reply = eventSubject(victim, job);
    attacker.publish(nextOf(hostile), Buffer.from('{"batch":1,"no_wait":true}'), { reply });
    assert.deepEqual(await settle(), []);
  });

  it("can't steer a broker's answer into another host's commands", async () => {
    attacker.publish(
      eventSubject(hostile, newJobId()),
      encodeCommand({ job: undefined, epoch: 0 }),
      {
        reply: commandSubject(victim, "cancel"),
      },
    );
    await settle();
    assert.deepEqual(commands, []);
  });

  it("can't open a session on another host, nor speak in one that a controller opened", async () => {
    const unsigned = { host: victim, hostEpoch: 1, verb: "console", id: SESSION };
    const params = { vm: "web-1", who: "hostile" };
    const forged = signRequest(
      { ...unsigned, expireAtMs: Date.now() + 30_000, params },
      createSigningKey(),
    );
    const inside = await connect({
      servers: [...broker.servers],
      authenticator: nkeyAuthenticator(Buffer.from(broker.controllerKey.seed)),
      inboxPrefix: "_INBOX_CONTROLLER",
    });
    const nobody = { job: undefined, epoch: undefined };
    for (const command of [encodeCommand(nobody), encodeCommand(nobody, forged)]) {
      const asked = inside.request(commandSubject(victim, "console"), command, { timeout: 500 });
      await assert.rejects(asked);
    }
    await inside.close();
    assert.deepEqual(commands, []);
    const { answer, channel } = await controller.openSession({
      ...{ host: victim, hostEpoch: 1, verb: "console", params },
      timeoutMs: 5_000,
    });
    assert.equal(answer.isDone, true);
    attacker.publish(eventSubject(hostile, newJobId()), Buffer.from("x"), {
      reply: sessionSubject(victim, SESSION, "in"),
    });
    await settle();
    const session = opened.at(-1);
    assert.notEqual(session, undefined);
    await session?.send(Buffer.from("login: "));
    assert.equal(Buffer.from((await channel.receive()) ?? []).toString(), "login: ");
    channel.end({ reason: undefined, message: "left" });
    assert.equal((await session?.ended)?.message, "left");
  });

  it("is refused when it names another host under its own subject", async () => {
    const forged = sealEvents([encodeEvent(event(victim))], {
      host: victim,
      hostEpoch: 1,
      key: hostileKey,
    });
    attacker.publish(eventSubject(hostile, newJobId()), forged);
    await waitFor(() => refused.length === 1);
    assert.deepEqual(await settle(), []);
  });

  it("is refused when its signature is by another key", async () => {
    const forged = sealEvents([encodeEvent(event(hostile))], {
      host: hostile,
      hostEpoch: 1,
      key: createHostKey(),
    });
    attacker.publish(eventSubject(hostile, newJobId()), forged);
    await waitFor(() => refused.includes("hostile event"));
  });

  it("has events of another host inside its envelope refused", async () => {
    const mixed = sealEvents([encodeEvent(event(hostile)), encodeEvent(event(victim))], {
      host: hostile,
      hostEpoch: 1,
      key: hostileKey,
    });
    assert.equal(decodeEvents(mixed, hostile), undefined);
  });

  it("can't replay a job with another key's signature", async () => {
    const job = newJobId();
    const forged = encodeJob(
      {
        host: victim,
        hostEpoch: 1,
        job,
        epoch: 1,
        expireAtMs: Date.now() + 60_000,
        specJson: canonicalJson({ kind: "noop" }),
      },
      createSigningKey(),
    );
    // Stands for any way by which the bytes might have come into the victim's subject.
    const inside = await connect({
      servers: [...broker.servers],
      authenticator: nkeyAuthenticator(Buffer.from(broker.controllerKey.seed)),
    });
    await inside.request(jobSubject(victim, job), forged);
    await inside.close();
    assert.deepEqual(await settle(), []);
  });
});
