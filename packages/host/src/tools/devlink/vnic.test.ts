import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { fixture } from "../../testing/fixture.ts";
import { createScriptedHost } from "../../testing/scripted-host.ts";
import { findVnicEvents } from "./vnic.ts";

const HANDLE = "pci/0000:82:00.0";
const ARGV = `devlink -j health diagnose ${HANDLE} reporter vnic`;

describe("findVnicEvents", () => {
  it("reads what the card counts, without what only tells of use", async () => {
    const stdout = fixture(import.meta.url, "vnic.reference.json");
    const host = createScriptedHost({ commands: { [ARGV]: { stdout } } });
    const events = await findVnicEvents(host, HANDLE);
    assert.equal(events?.get("nic_receive_steering_discard"), 17);
    assert.equal(events?.get("total_error_queues"), 0);
    assert.equal(events?.size, 7);
  });

  it("finds none where the driver has no such reporter", async () => {
    const reply = { exitCode: 1, stderr: "kernel answers: Invalid argument\n" };
    const host = createScriptedHost({ commands: { [ARGV]: reply } });
    assert.equal(await findVnicEvents(host, HANDLE), undefined);
  });
});
