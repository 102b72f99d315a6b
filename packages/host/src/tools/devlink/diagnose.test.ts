import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { fixture } from "../../testing/fixture.ts";
import { createScriptedHost, type Reply } from "../../testing/scripted-host.ts";
import { findFirmwareState } from "./firmware-state.ts";
import { findPortQueues } from "./queues.ts";
import { findVnicCounters } from "./vnic.ts";

const DEVICE = "pci/0000:82:00.0";
const UPLINK = `${DEVICE}/65535`;
const answering = (handle: string, reporter: string, reply: Reply) =>
  createScriptedHost({
    commands: { [`devlink -j health diagnose ${handle} reporter ${reporter}`]: reply },
  });
const reference = (name: string): Reply => ({
  stdout: fixture(import.meta.url, `${name}.reference.json`),
});
const REFUSED: Reply = { exitCode: 1, stderr: "kernel answers: Invalid argument\n" };

describe("findVnicCounters", () => {
  it("reads what the card counts, without what only tells of use", async () => {
    const host = answering(DEVICE, "vnic", reference("vnic"));
    const counters = await findVnicCounters(host, DEVICE);
    assert.equal(counters?.events.get("nic_receive_steering_discard"), 17);
    assert.equal(counters?.events.size, 6);
    assert.equal(counters?.errorQueueCount, 0);
  });

  it("finds none where the driver has no such reporter", async () => {
    assert.equal(await findVnicCounters(answering(DEVICE, "vnic", REFUSED), DEVICE), undefined);
  });

  it("does not take a failure for a driver without the reporter", async () => {
    const reply = { exitCode: 1, stderr: "kernel answers: Connection timed out\n" };
    await assert.rejects(findVnicCounters(answering(DEVICE, "vnic", reply), DEVICE), {
      reason: "COMMAND_FAILED",
    });
  });
});

describe("findFirmwareState", () => {
  it("reads the syndrome, and how the driver words it", async () => {
    const stdout = '{"Syndrome":8,"Description":"unrecoverable hardware error"}\n';
    assert.deepEqual(await findFirmwareState(answering(DEVICE, "fw", { stdout }), DEVICE), {
      syndrome: 8,
      description: "unrecoverable hardware error",
    });
  });

  it("takes silence for well, as some drivers mean it, and other words for unknown", async () => {
    const read = (stdout: string) => findFirmwareState(answering(DEVICE, "fw", { stdout }), DEVICE);
    assert.equal((await read(""))?.syndrome, 0);
    assert.equal((await read("{}\n"))?.syndrome, 0);
    assert.equal(await read('{"state":"fine"}\n'), undefined);
  });
});

describe("findPortQueues", () => {
  it("tells send queues that work from one that is in error", async () => {
    const host = answering(UPLINK, "tx", reference("tx-diagnose"));
    assert.deepEqual(await findPortQueues(host, UPLINK, "transmit"), [
      {
        ...{ number: 4170, state: "ready", isStopped: false },
        ...{ consumerCounter: 91, producerCounter: 91, hasCompletionError: false },
      },
      {
        ...{ number: 4174, state: "error", isStopped: true },
        ...{ consumerCounter: 12, producerCounter: 1035, hasCompletionError: true },
      },
    ]);
  });

  it("reads receive queues, which have no counter of what was given", async () => {
    const host = answering(UPLINK, "rx", reference("rx-diagnose"));
    assert.deepEqual(await findPortQueues(host, UPLINK, "receive"), [
      {
        ...{ number: 4308, state: "ready", isStopped: false },
        ...{ consumerCounter: 7, producerCounter: undefined, hasCompletionError: false },
      },
    ]);
  });

  it("finds no queues of a port that is down", async () => {
    const host = answering(UPLINK, "tx", { stdout: "" });
    assert.deepEqual(await findPortQueues(host, UPLINK, "transmit"), []);
  });
});
