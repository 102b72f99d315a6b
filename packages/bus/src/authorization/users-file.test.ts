import assert from "node:assert/strict";
import { readFile, stat } from "node:fs/promises";
import { after, before, describe, it } from "node:test";
import { DispatchError, parseHostId } from "@switchyard/model";
import { silentLogger, systemClock, systemRandom } from "@switchyard/runtime";
import { createHostKey, type HostKey } from "../keys/host-key.ts";
import { createAgentBus } from "../nats-agent-bus.ts";
import { startTestBroker, type TestBroker } from "../testing/test-broker.ts";
import type { HostUser } from "./users.ts";
import { createUsersFile } from "./users-file.ts";

const seams = { clock: systemClock, random: systemRandom, log: silentLogger };

describe("createUsersFile", () => {
  let broker: TestBroker;
  before(async () => {
    broker = await startTestBroker();
  });
  after(() => broker.stop());

  const openAgent = (name: string, key: HostKey) =>
    createAgentBus({
      servers: broker.servers,
      host: parseHostId(name),
      hostEpoch: 1,
      key,
      controllers: [],
      ...seams,
    });
  const usersFile = (hosts: readonly HostUser[]) =>
    createUsersFile({
      path: broker.usersFile,
      readUsers: async () => ({ controllers: [broker.controllerKey.nkeyPublic], hosts }),
      reload: broker.reload,
      servers: broker.servers,
      clock: systemClock,
      random: systemRandom,
    });

  it("lets a host in once it has resolved", async () => {
    const key = createHostKey();
    await assert.rejects(openAgent("new", key), { reason: "BUS_UNAVAILABLE" });
    await usersFile([{ host: parseHostId("new"), nkeyPublic: key.nkeyPublic }]).sync();
    const agent = await openAgent("new", key);
    assert.equal(agent.isConnected(), true);
    await agent.close();
    assert.deepEqual(await agent.ended, { kind: "closed" });
  });

  it("closes the connection of a host that it names no more, for good", async () => {
    const key = createHostKey();
    await usersFile([{ host: parseHostId("gone"), nkeyPublic: key.nkeyPublic }]).sync();
    const agent = await openAgent("gone", key);
    await usersFile([]).sync();
    const end = await agent.ended;
    assert.equal(end.kind, "refused");
  });

  it("shares one write among calls made at once, and keeps the file to its owner and group", async () => {
    let reads = 0;
    const file = createUsersFile({
      path: broker.usersFile,
      readUsers: async () => {
        reads += 1;
        return { controllers: [broker.controllerKey.nkeyPublic], hosts: [] };
      },
      reload: broker.reload,
      servers: broker.servers,
      clock: systemClock,
      random: systemRandom,
    });
    await Promise.all(Array.from({ length: 100 }, () => file.sync()));
    assert.ok(reads <= 4, `${reads} reads`);
    assert.equal((await stat(broker.usersFile)).mode & 0o777, 0o640);
    assert.match(await readFile(broker.usersFile, "utf8"), /^# Written by Switchyard/);
  });

  it("fails when the server does not load the file", async () => {
    const file = createUsersFile({
      path: broker.usersFile,
      readUsers: async () => ({ controllers: [broker.controllerKey.nkeyPublic], hosts: [] }),
      reload: async () => undefined,
      servers: broker.servers,
      clock: { ...systemClock, monotonicMs: fastClock() },
      random: systemRandom,
    });
    await assert.rejects(file.sync(), DispatchError);
  });
});

/** Each look at the clock is a second later, so that a deadline passes at once. */
function fastClock(): () => number {
  let nowMs = 0;
  return () => {
    nowMs += 1_000;
    return nowMs;
  };
}
