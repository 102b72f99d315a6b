import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { after, before, beforeEach, describe, it } from "node:test";
import {
  HostError,
  type HostId,
  parseHostId,
  parseMoveId,
  parseSha256,
  parseVmId,
} from "@switchyard/model";
import { newUuid, silentLogger, systemClock, systemRandom } from "@switchyard/runtime";
import { connect, type NatsConnection, nkeyAuthenticator } from "nats";
import type { AgentBus, AskedDiskPiece } from "./agent-bus.ts";
import { encodePieceAsked } from "./envelopes/disk-piece.ts";
import { type DiskTicket, sealDiskTicket } from "./envelopes/disk-ticket.ts";
import { createHostKey, type HostKey } from "./keys/host-key.ts";
import { createSigningKey } from "./keys/signing-key.ts";
import { createAgentBus } from "./nats-agent-bus.ts";
import { diskSubject, hostInbox } from "./subjects.ts";
import { startTestBroker, type TestBroker } from "./testing/test-broker.ts";

const [source, target, stranger] = ["source", "target", "stranger"].map(parseHostId) as [
  HostId,
  HostId,
  HostId,
];
const keys = new Map([source, target, stranger].map((host) => [host, createHostKey()]));
const keyOf = (host: HostId) => keys.get(host) as HostKey;
const signingKey = createSigningKey();
const PIECE = 256 * 1024;
const DISK = Buffer.concat([randomBytes(PIECE), Buffer.alloc(PIECE), randomBytes(1000)]);
const ANSWER_MS = 2_000;
/** What is refused is not answered, and is waited for no longer. */
const SILENCE_MS = 200;

const ticketOf = (overrides: Partial<DiskTicket> = {}): DiskTicket => ({
  move: parseMoveId(newUuid(systemClock, systemRandom)),
  vm: parseVmId("web-1"),
  source,
  target,
  sizeBytes: DISK.length,
  sha256: parseSha256(createHash("sha256").update(DISK).digest("hex")),
  expireAtMs: Date.now() + 60_000,
  ...overrides,
});

describe("pieces of a disk between two hosts", () => {
  let broker: TestBroker;
  let sourceBus: AgentBus;
  let targetBus: AgentBus;
  let strangerBus: AgentBus;
  let attacker: NatsConnection;
  let asked: AskedDiskPiece[];
  let failure: Error | undefined;

  const open = (host: HostId) =>
    createAgentBus({
      ...{ servers: broker.servers, host, hostEpoch: 1, key: keyOf(host) },
      controllers: [signingKey],
      ...{ clock: systemClock, random: systemRandom, log: silentLogger },
    });

  before(async () => {
    broker = await startTestBroker(
      [...keys].map(([host, { nkeyPublic }]) => ({ host, nkeyPublic })),
    );
    [sourceBus, targetBus, strangerBus] = (await Promise.all(
      [source, target, stranger].map(open),
    )) as [AgentBus, AgentBus, AgentBus];
    sourceBus.onDiskRequest(async (piece) => {
      asked.push(piece);
      if (failure !== undefined) throw failure;
      return DISK.subarray(piece.offset, piece.offset + piece.length);
    });
    attacker = await connect({
      servers: [...broker.servers],
      authenticator: nkeyAuthenticator(Buffer.from(keyOf(stranger).seed)),
      inboxPrefix: hostInbox(stranger),
    });
    assert.ok(await sourceBus.roundTrip(ANSWER_MS));
  });
  beforeEach(() => {
    asked = [];
    failure = undefined;
  });
  after(async () => {
    await attacker.close();
    await Promise.all([sourceBus, targetBus, strangerBus].map((bus) => bus.close()));
    await broker.stop();
  });

  const fetch = (
    bus: AgentBus,
    ticket: string,
    { offset = 0, length = PIECE, timeoutMs = ANSWER_MS } = {},
  ) => bus.fetchDiskPiece({ source, ticket, offset, length, timeoutMs });
  const sealed = (overrides: Partial<DiskTicket> = {}) =>
    sealDiskTicket(ticketOf(overrides), signingKey);

  it("bring the bytes that were asked for, and zeros as a hole", async () => {
    const ticket = sealed();
    const first = await fetch(targetBus, ticket);
    assert.ok(first.kind === "data" && Buffer.from(first.bytes).equals(DISK.subarray(0, PIECE)));
    assert.deepEqual(await fetch(targetBus, ticket, { offset: PIECE }), {
      kind: "hole",
      length: PIECE,
    });
    const last = await fetch(targetBus, ticket, { offset: 2 * PIECE, length: 1000 });
    assert.ok(last.kind === "data" && Buffer.from(last.bytes).equals(DISK.subarray(2 * PIECE)));
  });

  it("are told of in the source's words when it can't give them", async () => {
    failure = new HostError("DISK_IN_USE", "the VM runs", {});
    const { kind, ...told } = await fetch(targetBus, sealed());
    assert.deepEqual([kind, told], ["refused", { reason: "DISK_IN_USE", message: "the VM runs" }]);
  });

  it("are refused by name once the ticket has expired", async () => {
    const piece = await fetch(targetBus, sealed({ expireAtMs: Date.now() - 1 }));
    assert.ok(piece.kind === "refused" && piece.reason === "DISK_TICKET_EXPIRED");
    assert.deepEqual(asked, []);
  });

  const BAD: Readonly<Record<string, () => string>> = {
    "signed by nobody we know": () => sealDiskTicket(ticketOf(), createSigningKey()),
    "for another source": () => sealed({ source: target }),
    "that is none": () => Buffer.from("no ticket").toString("base64"),
    "for a smaller disk": () => sealed({ sizeBytes: PIECE - 1 }),
  };
  for (const [what, ticket] of Object.entries(BAD)) {
    it(`are not given for a ticket ${what}`, async () => {
      await assert.rejects(fetch(targetBus, ticket(), { timeoutMs: SILENCE_MS }), {
        reason: "HOST_UNREACHABLE",
      });
      assert.deepEqual(asked, []);
    });
  }

  it("do not go to a host that stole the ticket, wherever it wants the answer", async () => {
    const ticket = sealed();
    await assert.rejects(fetch(strangerBus, ticket, { timeoutMs: SILENCE_MS }), {
      reason: "HOST_UNREACHABLE",
    });
    const request = encodePieceAsked({ ticket, offset: 0, length: PIECE });
    for (const reply of [`${hostInbox(stranger)}.x`, `sy.evt.${stranger}.x`, "_INBOX_targetx.y"]) {
      attacker.publish(diskSubject(source), request, { reply });
    }
    await attacker.flush();
    await fetch(targetBus, ticket);
    assert.equal(asked.length, 1, "the target's own, and none before");
  });

  it("are asked for again after a broker that went away", async () => {
    const ticket = sealed();
    await broker.kill9();
    await assert.rejects(fetch(targetBus, ticket, { timeoutMs: SILENCE_MS }), {
      reason: "HOST_UNREACHABLE",
    });
    await broker.start();
  });
});
