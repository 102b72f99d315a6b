import assert from "node:assert/strict";
import { afterEach, describe, it } from "node:test";
import { setImmediate } from "node:timers/promises";
import { ManualClock, silentLogger } from "@switchyard/runtime";
import { createStreamRecovery, type StreamRecovery } from "./stream-recovery.ts";

const STEP_MS = 250;
/** Several rounds. */
const STEPS = 12;

describe("createStreamRecovery", () => {
  let recovery: StreamRecovery | undefined;
  afterEach(() => recovery?.stop());

  /** A broker that has its streams; `lose` takes them away, `failures` calls about hosts then fail. */
  function fixture() {
    const clock = new ManualClock();
    let areThere = true;
    let failures = 0;
    let resent = 0;
    let silent = () => {};
    recovery = createStreamRecovery({
      clock,
      log: silentLogger,
      bus: {
        isConnected: () => true,
        ensureStreams: async () => {
          const made = areThere ? 0 : 2;
          areThere = true;
          return made;
        },
        ensureHosts: async () => {
          if (failures === 0) return;
          failures -= 1;
          throw new Error("timeout");
        },
        publishPullFlow: () => {},
        onReconnect: () => () => {},
        onSilent: (told) => {
          silent = told;
        },
      },
      hosts: { listCredentials: async () => [] },
      outbox: {
        resendUnaccepted: async () => {
          resent += 1;
          return 0;
        },
      },
      onResend: () => {},
    });
    const rounds = async () => {
      for (let step = 0; step < STEPS; step += 1) {
        await clock.advance(STEP_MS);
        await setImmediate();
      }
    };
    const lose = async (failuresThen: number) => {
      areThere = false;
      failures = failuresThen;
      silent();
      await rounds();
    };
    return { rounds, lose, ready: recovery.ready, resent: () => resent };
  }

  it("sends nothing again while streams are there", async () => {
    const { rounds, ready, resent } = fixture();
    await ready;
    await rounds();
    assert.equal(resent(), 0);
  });

  it("sends unaccepted jobs again once, after it made streams anew", async () => {
    const { lose, ready, resent } = fixture();
    await ready;
    await lose(0);
    assert.equal(resent(), 1);
  });

  it("sends them again though what follows the making failed and the next try finds streams there", async () => {
    const { lose, ready, resent } = fixture();
    await ready;
    await lose(1);
    assert.equal(resent(), 1);
  });
});
