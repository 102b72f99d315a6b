import assert from "node:assert/strict";
import { afterEach, describe, it } from "node:test";
import type { HostHeartbeat } from "@switchyard/bus";
import { type HostId, parseHostId, StoreError } from "@switchyard/model";
import { ManualClock, silentLogger } from "@switchyard/runtime";
import type { HostBeat } from "@switchyard/store";
import { waitFor } from "@switchyard/testkit";
import { type Presence, startPresence } from "./presence.ts";

const host = parseHostId("host-a");
const beat: HostHeartbeat = {
  host,
  hostEpoch: 1,
  session: "s",
  bootId: "b",
  agentVersion: "1",
  running: [],
};

describe("startPresence", () => {
  let presence: Presence;
  let clock: ManualClock;
  afterEach(async () => {
    const stopped = presence.stop();
    await clock.advance(10_000);
    await stopped;
  });

  const start = () => {
    clock = new ManualClock();
    const seen = {
      beats: [] as (readonly HostBeat[])[],
      sweeps: 0,
      pinged: [] as HostId[],
      resent: [] as HostId[],
      isConnected: true,
      isDatabaseAway: false,
      stalledMs: 0,
      suspected: [] as HostId[],
      returned: [] as HostId[],
    };
    let hear: (heartbeat: HostHeartbeat) => void = () => undefined;
    presence = startPresence({
      bus: {
        onHeartbeat: (handler) => {
          hear = handler;
          return { stop: async () => undefined };
        },
        isConnected: () => seen.isConnected,
      },
      store: {
        recordBeats: async (beats) => {
          if (seen.isDatabaseAway) throw new StoreError("DATABASE_UNAVAILABLE", "away");
          seen.beats.push(beats);
          return { returned: seen.returned, rebooted: [] };
        },
        sweep: async () => {
          seen.sweeps += 1;
          return { suspected: seen.suspected, lost: [], freeze: undefined, isFreezeChanged: false };
        },
      },
      outbox: {
        resendUnaccepted: async (hosts) => {
          seen.resent.push(...(hosts ?? []));
          return 0;
        },
      },
      commands: {
        ping: async (pinged) => {
          seen.pinged.push(pinged);
          return { isDone: true, reason: undefined, message: "" };
        },
      },
      onResend: () => undefined,
      clock: {
        nowMs: () => clock.nowMs(),
        monotonicMs: () => clock.monotonicMs() + seen.stalledMs,
        sleep: (ms, signal) => clock.sleep(ms, signal),
      },
      log: silentLogger,
    });
    return { seen, hear: (heartbeat: HostHeartbeat) => hear(heartbeat) };
  };

  /** Moves time by rounds, letting each round's calls finish. */
  const rounds = async (count: number) => {
    for (let round = 0; round < count; round += 1) {
      await clock.advance(2_000);
      await new Promise(setImmediate);
    }
  };

  it("records the newest beat of each host in one statement", async () => {
    const { seen, hear } = start();
    hear(beat);
    hear({ ...beat, session: "t" });
    hear({ ...beat, host: parseHostId("host-b") });
    await rounds(1);
    assert.deepEqual(
      seen.beats.map((beats) => beats.map(({ session }) => session)),
      [["t", "s"]],
    );
  });

  it("sends what a host that is back has not accepted again", async () => {
    const { seen, hear } = start();
    seen.returned = [host];
    hear(beat);
    await rounds(1);
    assert.deepEqual(seen.resent, [host]);
  });

  it("listens for a whole lease before it declares anyone silent", async () => {
    const { seen } = start();
    await rounds(14);
    assert.equal(seen.sweeps, 0);
    await rounds(2);
    assert.ok(seen.sweeps > 0);
  });

  it("declares nobody silent while it is deaf itself, nor for a lease after", async () => {
    const { seen } = start();
    seen.isConnected = false;
    await rounds(30);
    seen.isConnected = true;
    await rounds(10);
    assert.equal(seen.sweeps, 0);
  });

  it("keeps what it heard while the database was away, and declares nobody silent for a lease after", async () => {
    const { seen, hear } = start();
    await rounds(20);
    seen.isDatabaseAway = true;
    hear(beat);
    hear({ ...beat, host: parseHostId("host-b") });
    await rounds(1);
    hear({ ...beat, session: "t" });
    await rounds(1);
    const { sweeps } = seen;
    seen.isDatabaseAway = false;
    await rounds(1);
    assert.deepEqual(
      seen.beats
        .at(-1)
        ?.map(({ host: of, session }) => `${of} ${session}`)
        .sort(),
      ["host-a t", "host-b s"],
    );
    await rounds(12);
    assert.equal(seen.sweeps, sweeps);
    await rounds(4);
    assert.ok(seen.sweeps > sweeps);
  });

  it("declares nobody silent after it was stopped itself for a while", async () => {
    const { seen } = start();
    await rounds(20);
    const { sweeps } = seen;
    seen.stalledMs = 60_000;
    await rounds(14);
    assert.equal(seen.sweeps, sweeps);
  });

  it("takes an answer to a ping for a beat of a suspected host", async () => {
    const { seen, hear } = start();
    hear(beat);
    await rounds(1);
    seen.suspected = [host];
    await rounds(16);
    await waitFor(() => seen.pinged.includes(host));
    await rounds(1);
    assert.ok(seen.beats.length >= 2);
  });
});
