import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { parseHostId } from "@switchyard/model";
import { silentLogger, systemClock, systemRandom } from "@switchyard/runtime";
import { waitFor } from "@switchyard/testkit";
import type { AgentBus } from "./agent-bus.ts";
import { createHostKey } from "./keys/host-key.ts";
import { createSigningKey } from "./keys/signing-key.ts";
import { createAgentBus } from "./nats-agent-bus.ts";
import { startTestBroker, type TestBroker } from "./testing/test-broker.ts";

const host = parseHostId("host-a");
const ANSWER_MS = 2_000;

describe("a round trip over the bus", () => {
  let broker: TestBroker;
  let agent: AgentBus;
  before(async () => {
    const key = createHostKey();
    broker = await startTestBroker([{ host, nkeyPublic: key.nkeyPublic }]);
    agent = await createAgentBus({
      ...{ servers: broker.servers, host, hostEpoch: 1, key },
      controllers: [createSigningKey()],
      ...{ clock: systemClock, random: systemRandom, log: silentLogger },
    });
  });
  after(async () => {
    await agent.close();
    await broker.stop();
  });

  it("is answered by the broker, with a host's own permissions", async () => {
    assert.equal(await agent.roundTrip(ANSWER_MS), true);
  });

  it("is not answered while the broker is gone, and is again once it is back", async () => {
    await broker.kill9();
    assert.equal(await agent.roundTrip(ANSWER_MS), false);
    await broker.start();
    await waitFor(() => agent.roundTrip(ANSWER_MS));
  });

  it("ends with a close made before anyone noticed that the broker is gone", async () => {
    const ended = agent.ended;
    await broker.kill9();
    await agent.close();
    assert.equal((await ended).kind, "closed");
    await broker.start();
  });
});
