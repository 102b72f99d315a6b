import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ManualClock } from "@switchyard/runtime";
import {
  openSessionChannel,
  SESSION_BEAT_MS,
  SESSION_SILENCE_MS,
  SESSION_STALL_MS,
  SESSION_WINDOW_BYTES,
  type SessionWire,
} from "./session-channel.ts";

/** Everything that waits for nothing but its turn has had it. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

/** Two ends in memory; what passes may be held up or lost. */
function createPair() {
  const clock = new ManualClock(1_700_000_000_000);
  const handlers = new Map<string, (frame: Uint8Array) => void>();
  const breaks = new Set<() => void>();
  const state = { isConnected: true, lose: new Set<string>(), frames: 0 };
  const wire = (me: string, other: string): SessionWire => ({
    publish: (frame) => {
      state.frames += 1;
      if (!state.lose.has(me)) queueMicrotask(() => handlers.get(other)?.(frame));
    },
    subscribe: (handler) => {
      handlers.set(me, handler);
      return { stop: async () => void handlers.delete(me) };
    },
    isConnected: () => state.isConnected,
    onDisconnect: (listener) => {
      breaks.add(listener);
      return () => breaks.delete(listener);
    },
  });
  const controller = openSessionChannel(wire("controller", "agent"), { clock, speaksFirst: false });
  const agent = openSessionChannel(wire("agent", "controller"), { clock, speaksFirst: true });
  return {
    ...{ clock, state, controller, agent },
    forge: (bytes: Uint8Array) => handlers.get("agent")?.(bytes),
    break: () => {
      state.isConnected = false;
      for (const listener of [...breaks]) listener();
    },
    /** A while with both ends alive. */
    pass: async (ms: number) => {
      for (let left = ms; left > 0; left -= SESSION_BEAT_MS) {
        await settled();
        await clock.advance(SESSION_BEAT_MS);
      }
    },
  };
}

const textOf = (bytes: Uint8Array | undefined) => Buffer.from(bytes ?? []).toString();

describe("a live session", () => {
  it("carries bytes both ways and ends with the words of whoever ends it", async () => {
    const { controller, agent } = createPair();
    await controller.send(Buffer.from("root\r"));
    assert.equal(textOf(await agent.receive()), "root\r");
    await agent.send(Buffer.from("Password: "));
    agent.end({ reason: undefined, message: "the VM ended", result: { exitCode: 3 } });
    assert.equal(textOf(await controller.receive()), "Password: ");
    assert.equal(await controller.receive(), undefined);
    assert.deepEqual(await controller.ended, {
      reason: undefined,
      message: "the VM ended",
      metadata: {},
      result: { exitCode: 3 },
    });
    await assert.rejects(controller.send(Buffer.from("x")), { message: "the VM ended" });
  });

  it("holds no more than a window for an end that does not read", async () => {
    const { controller, agent } = createPair();
    let sent = 0;
    const piece = Buffer.alloc(10_000, 1);
    const sending = (async () => {
      for (let count = 0; count < 100; count += 1) {
        await agent.send(piece);
        sent += piece.length;
      }
    })();
    await settled();
    assert.ok(sent <= SESSION_WINDOW_BYTES, `${sent} bytes are on their way`);
    let received = 0;
    while (received < 1_000_000) received += (await controller.receive())?.length ?? Number.NaN;
    await sending;
    assert.equal(received, 1_000_000);
  });

  it("gives up an end that reads nothing for a minute", async () => {
    const { controller, agent, pass } = createPair();
    const sending = agent.send(Buffer.alloc(SESSION_WINDOW_BYTES + 1));
    const refused = assert.rejects(sending, { reason: "CONSOLE_STALLED" });
    await pass(SESSION_STALL_MS + 2 * SESSION_BEAT_MS);
    await refused;
    assert.equal((await controller.ended).reason, "CONSOLE_STALLED");
  });

  it("stays open for as long as both ends are there", async () => {
    const { controller, agent, pass } = createPair();
    await pass(60 * SESSION_BEAT_MS);
    await agent.send(Buffer.from("still here"));
    assert.equal(textOf(await controller.receive()), "still here");
  });

  it("ends when the other end is silent", async () => {
    const { controller, state, pass } = createPair();
    state.lose.add("agent");
    await pass(SESSION_SILENCE_MS + 2 * SESSION_BEAT_MS);
    assert.equal((await controller.ended).reason, "SESSION_LOST");
  });

  it("ends at both ends when a message was lost", async () => {
    const { controller, agent, state } = createPair();
    await settled();
    state.lose.add("agent");
    await agent.send(Buffer.from("lost"));
    state.lose.delete("agent");
    await agent.send(Buffer.from("later"));
    assert.equal((await controller.ended).reason, "SESSION_LOST");
    assert.equal(await controller.receive(), undefined);
    assert.equal((await agent.ended).reason, "SESSION_LOST");
  });

  it("ends when the connection breaks, and sends nothing afterwards", async () => {
    const pair = createPair();
    pair.break();
    assert.equal((await pair.agent.ended).reason, "SESSION_LOST");
    const { frames } = pair.state;
    pair.agent.end({ reason: undefined, message: "too late" });
    assert.equal(pair.state.frames, frames);
  });

  it("takes no notice of what is no frame", async () => {
    const { controller, agent, forge } = createPair();
    forge(Buffer.from('{"type":"io.nats.jetstream.api.v1.consumer_info_response"}'));
    await controller.send(Buffer.from("x"));
    assert.equal(textOf(await agent.receive()), "x");
  });
});
