import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { deflateRawSync } from "node:zlib";
import {
  canonicalJson,
  type Inventory,
  type JobEvent,
  parseHostId,
  parseJobId,
} from "@switchyard/model";
import { InventoryEnvelope } from "@switchyard/proto";
import { createHostKey, createHostVerifier } from "../keys/host-key.ts";
import { createControllerVerifier, createSigningKey } from "../keys/signing-key.ts";
import { signingBytes } from "./canonical.ts";
import { decodeEvents, encodeEvent, sealEvents } from "./event-envelope.ts";
import { decodeHeartbeat, encodeHeartbeat } from "./heartbeat.ts";
import { decodeInventory, encodeInventory } from "./inventory-envelope.ts";
import { decodeJob, encodeJob, type JobCheck, type OutgoingJob } from "./job-envelope.ts";

const host = parseHostId("host-a");
const stranger = parseHostId("host-b");
const job = parseJobId("01890000-0000-7000-8000-000000000001");
const hostKey = createHostKey();
const controllerKey = createSigningKey();
const signer = { host, hostEpoch: 3, key: hostKey };
const sender = { host, hostEpoch: 3, session: "s" };

describe("signingBytes", () => {
  it("differs for two lists whose texts run together alike", () => {
    assert.notDeepEqual(signingBytes("c", ["ab", "c"]), signingBytes("c", ["a", "bc"]));
    assert.notDeepEqual(signingBytes("ca", ["b"]), signingBytes("c", ["ab"]));
  });
});

describe("job envelope", () => {
  const outgoing: OutgoingJob = {
    host,
    hostEpoch: 3,
    job,
    epoch: 2,
    expireAtMs: 1_000_000,
    specJson: canonicalJson({ kind: "noop" }),
  };
  const check: JobCheck = {
    host,
    hostEpoch: 3,
    nowMs: 1,
    verify: createControllerVerifier([controllerKey]),
  };
  const refusal = async (bytes: Uint8Array, changed: Partial<JobCheck> = {}) => {
    const decoded = await decodeJob(bytes, { ...check, ...changed });
    return decoded.kind === "refused" ? decoded.why : decoded.kind;
  };

  it("comes out as it went in", async () => {
    const decoded = await decodeJob(encodeJob(outgoing, controllerKey), check);
    assert.deepEqual(decoded, {
      kind: "job",
      job: { id: job, host, spec: { kind: "noop" }, epoch: 2 },
      hostEpoch: 3,
      expireAtMs: 1_000_000,
    });
  });

  it("is refused by another host, after another enrolment and after its expiry", async () => {
    const bytes = encodeJob(outgoing, controllerKey);
    assert.equal(await refusal(bytes, { host: stranger }), "wrong-host");
    assert.equal(await refusal(bytes, { hostEpoch: 4 }), "wrong-epoch");
    assert.equal(await refusal(bytes, { nowMs: 1_000_000 }), "expired");
  });

  it("is refused when signed by a key that is not a controller's", async () => {
    assert.equal(await refusal(encodeJob(outgoing, createSigningKey())), "wrong-signature");
  });

  it("is refused or means the same when any byte was changed", async () => {
    const bytes = encodeJob(outgoing, controllerKey);
    const original = await decodeJob(bytes, check);
    let refusals = 0;
    for (let index = 0; index < bytes.length; index += 1) {
      const changed = Uint8Array.from(bytes);
      changed[index] = (changed[index] ?? 0) ^ 0x01;
      const decoded = await decodeJob(changed, check);
      // The envelope's encoding has some play, such as fields this release does not know.
      if (decoded.kind === "refused") refusals += 1;
      else assert.deepEqual(decoded, original, `byte ${index}`);
    }
    assert.ok(refusals > 0.95 * bytes.length, `${refusals} of ${bytes.length}`);
  });
});

describe("event envelope", () => {
  const event: JobEvent = {
    host,
    job,
    epoch: 1,
    seq: 1,
    atMs: 5,
    body: {
      kind: "ended",
      state: "failed",
      result: { changedSteps: 0, ping: undefined, leftState: undefined },
      failure: { reason: "ESWITCH_BUSY", message: "m", metadata: {}, step: undefined },
    },
  };

  it("comes out as it went in, signed by the host", async () => {
    const decoded = decodeEvents(sealEvents([encodeEvent(event)], signer), host);
    assert.ok(decoded !== undefined);
    assert.deepEqual(decoded.events, [JSON.parse(JSON.stringify(event))]);
    const verify = createHostVerifier();
    assert.ok(
      await verify(
        hostKey.nkeyPublic,
        { bytes: decoded.signedBytes, signature: decoded.signature },
        "here",
      ),
    );
  });

  it("is refused where an event lacks what its kind must have", async () => {
    const broken: unknown[] = [
      { ...event, body: { kind: "ended", state: "expired", result: { changedSteps: 0 } } },
      { ...event, body: { kind: "ended", state: "failed" } },
      { ...event, body: { kind: "launched" } },
      { ...event, body: { kind: "constructor" } },
      { ...event, body: { kind: "log", step: "s" } },
      { ...event, body: { kind: "events-dropped", firstSeq: 0 } },
      { ...event, seq: 0 },
      { ...event, seq: 1.5 },
      { ...event, epoch: "1" },
      { ...event, job: "not-a-uuid" },
      { ...event, host: stranger },
      null,
      [],
    ];
    for (const value of broken) {
      const bytes = sealEvents([Buffer.from(JSON.stringify(value))], signer);
      assert.equal(decodeEvents(bytes, host), undefined, JSON.stringify(value));
    }
  });

  it("is refused where it is no envelope, or another host's", async () => {
    assert.equal(decodeEvents(Buffer.from("{}"), host), undefined);
    assert.equal(decodeEvents(sealEvents([encodeEvent(event)], signer), stranger), undefined);
  });
});

describe("inventory envelope", () => {
  const inventory = {
    bootId: "b",
    modules: [],
    nics: [],
    vms: [],
    findings: [],
    os: {},
    machine: {},
    cpu: {},
  } as unknown as Inventory;
  const session = { id: "s", startedAtMs: 7 };

  it("comes out as it went in", async () => {
    const bytes = encodeInventory({ version: 4, session, inventory }, signer);
    const decoded = decodeInventory(bytes, host);
    assert.deepEqual(decoded?.inflate(), { kind: "whole", inventory });
    assert.deepEqual([decoded?.version, decoded?.session], [4, session]);
  });

  const withPayload = (payload: Uint8Array) =>
    InventoryEnvelope.encode({
      host,
      hostEpoch: 3n,
      version: 1n,
      session: "s",
      sessionStartTime: new Date(7),
      inventoryJsonDeflated: Buffer.from(payload),
      delta: undefined,
      signature: Buffer.alloc(64),
    }).finish();

  it("tells what changed alone, signed for that base and that outcome", () => {
    const delta = {
      ...{ baseDigest: "a".repeat(64), digest: "b".repeat(64), observedAtMs: 9 },
      edits: [{ at: ["os", "name"], to: "Rocky" }],
    };
    const bytes = encodeInventory({ version: 4, session, inventory, delta }, signer);
    assert.ok(bytes.length < 500);
    const decoded = decodeInventory(bytes, host)!; // it was encoded for this host
    assert.deepEqual(decoded.inflate(), { kind: "delta", delta });
    const envelope = InventoryEnvelope.decode(bytes);
    for (const change of [{ baseDigest: "c" }, { digest: "c" }, { observeTime: new Date(1) }]) {
      const forged = InventoryEnvelope.encode({
        ...envelope,
        delta: { ...envelope.delta!, ...change }, // it has one
      }).finish();
      assert.notDeepEqual(decodeInventory(forged, host)?.signedBytes, decoded.signedBytes);
    }
    const empty = encodeInventory(
      { version: 5, session, inventory, delta: { ...delta, edits: [] } },
      signer,
    );
    assert.deepEqual(decodeInventory(empty, host)?.inflate(), {
      kind: "delta",
      delta: { ...delta, edits: [] },
    });
  });

  it("does not inflate a bomb", () => {
    const bomb = deflateRawSync(Buffer.alloc(64 * 1024 * 1024, 0x20));
    assert.ok(bomb.length < 100_000);
    assert.equal(decodeInventory(withPayload(bomb), host)?.inflate(), undefined);
  });

  it("does not take other JSON for an inventory", () => {
    for (const text of ["null", "[]", "{}", "not json"]) {
      const decoded = decodeInventory(withPayload(deflateRawSync(text)), host);
      assert.equal(decoded?.inflate(), undefined, text);
    }
  });
});

describe("heartbeat", () => {
  it("comes out as it went in, and is refused under another host's subject", () => {
    const report = { bootId: "b", agentVersion: "1", running: [{ job, epoch: 2 }] };
    const bytes = encodeHeartbeat(report, sender);
    assert.deepEqual(decodeHeartbeat(bytes, host), { ...sender, ...report });
    assert.equal(decodeHeartbeat(bytes, stranger), undefined);
    assert.equal(decodeHeartbeat(Buffer.alloc(20_000), host), undefined);
  });
});
