import assert from "node:assert/strict";
import { afterEach, describe, it } from "node:test";
import type { AgentBus } from "@switchyard/bus";
import { DispatchError, InvalidInputError } from "@switchyard/model";
import { ManualClock, seededRandom, silentLogger } from "@switchyard/runtime";
import { waitFor } from "@switchyard/testkit";
import { createMemoryBus, HOST_EPOCH } from "../testing/memory-bus.ts";
import { createTestbed, endAllLives, HOST } from "../testing/testbed.ts";
import { createPatientBus } from "./patient-bus.ts";

const unavailable = () => new DispatchError("BUS_UNAVAILABLE", "nobody answers");

/** A broker that answers from the `answersAt`-th try on. */
function setUp(broker: { readonly connect: () => AgentBus }, answersAt: number) {
  const clock = new ManualClock();
  let tries = 0;
  const bus = createPatientBus({
    ...{ host: HOST, hostEpoch: HOST_EPOCH, clock, random: seededRandom(5), log: silentLogger },
    open: async () => {
      tries += 1;
      if (tries < answersAt) throw unavailable();
      return broker.connect();
    },
  });
  return { bus, clock, tries: () => tries };
}

afterEach(endAllLives);

describe("createPatientBus", () => {
  it("behaves as a bus that is down until it has connected", async () => {
    const memory = createMemoryBus(HOST);
    const { bus, clock, tries } = setUp(memory, 3);
    await assert.rejects(bus.publishEvents([]), { reason: "BUS_UNAVAILABLE" });
    assert.deepEqual([await bus.roundTrip(100), bus.isConnected()], [false, false]);
    await waitFor(async () => {
      await clock.advance(1_000);
      return bus.isConnected();
    });
    assert.deepEqual([tries(), await bus.roundTrip(100)], [3, true]);
    await bus.close();
    assert.deepEqual(await bus.ended, { kind: "closed" });
  });

  it("lets an agent take jobs that came before it had connected", async () => {
    const bed = createTestbed();
    const { bus, clock } = setUp(bed.bus, 3);
    const { agent } = await bed.start({ bus });
    const job = bed.newJob({ kind: "noop" });
    bed.bus.dispatch(job);
    await waitFor(async () => {
      await clock.advance(1_000);
      return bus.isConnected();
    });
    assert.equal((await bed.ended(job.id)).state, "succeeded");
    await agent.stop();
    await bus.close();
  });

  it("ends with what is no outage", async () => {
    const error = new InvalidInputError("FIELD_INVALID", "a key nobody can read");
    const bus = createPatientBus({
      ...{ host: HOST, hostEpoch: HOST_EPOCH, clock: new ManualClock(), log: silentLogger },
      random: seededRandom(5),
      open: async () => Promise.reject(error),
    });
    assert.deepEqual(await bus.ended, { kind: "refused", error });
  });

  it("stops trying once it is closed", async () => {
    const { bus, clock, tries } = setUp(createMemoryBus(HOST), 1_000);
    await waitFor(() => tries() === 1);
    await bus.close();
    await clock.advance(60_000);
    assert.equal(tries(), 1);
  });
});
