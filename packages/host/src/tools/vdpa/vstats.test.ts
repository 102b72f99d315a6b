import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createScriptedHost, type Reply } from "../../testing/scripted-host.ts";
import { findQueueStats } from "./vstats.ts";

const argv = (queue: number) => `vdpa -j dev vstats show vdpa0 qidx ${queue}`;
const stats = (type: string, received: number): Reply => ({
  stdout: `{"vstats":{"vdpa0":{"queue_type":"${type}","received_desc":${received},"completed_desc":${received - 1}}}}\n`,
});

describe("findQueueStats", () => {
  it("reads each data queue by its direction", async () => {
    const host = createScriptedHost({
      commands: { [argv(0)]: stats("rx", 256), [argv(1)]: stats("tx", 7) },
    });
    assert.deepEqual(await findQueueStats(host, "vdpa0", 2), [
      { direction: "receive", receivedDescriptors: 256, completedDescriptors: 255 },
      { direction: "transmit", receivedDescriptors: 7, completedDescriptors: 6 },
    ]);
  });

  it("finds none until the guest's driver is up, and asks no further queue", async () => {
    const stderr =
      "Error: vdpa: feature negotiation not complete.\nkernel answers: Resource temporarily unavailable\n";
    const host = createScriptedHost({ commands: { [argv(0)]: { exitCode: 1, stderr } } });
    assert.equal(await findQueueStats(host, "vdpa0", 32), undefined);
    assert.equal(host.ran.length, 1);
  });

  it("fails for any other refusal", async () => {
    const stderr = "Error: mlx5_core: failed.\nkernel answers: Connection timed out\n";
    const host = createScriptedHost({ commands: { [argv(0)]: { exitCode: 1, stderr } } });
    await assert.rejects(findQueueStats(host, "vdpa0", 2), { reason: "COMMAND_FAILED" });
  });
});
