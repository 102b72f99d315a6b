import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createSimHost } from "@switchyard/hostsim";
import { parseFirmwareVersion } from "@switchyard/model";
import { createFastClock } from "../../testing/fast-clock.ts";
import { stepContext } from "../../testing/step-properties.ts";
import { requestColdCycle } from "./request-cold-cycle.ts";

const STORED = parseFirmwareVersion("22.41.1000");

function bed(isBmcConfigured: boolean) {
  const clock = createFastClock(200);
  const host = createSimHost({
    clock,
    overrides: { isBmcConfigured, firmwareWaitsForColdCycle: true },
  });
  host.storeFirmware(STORED);
  const running = () => host.machine.firmware.running;
  return {
    host,
    running,
    request: () => requestColdCycle({ ...stepContext(host), clock }, "firmware"),
  };
}

describe("requestColdCycle", () => {
  it("brings into force what a warm boot does not", async () => {
    const { host, running, request } = bed(true);
    await host.reboot("a test");
    assert.notEqual(running(), STORED);
    const { bootId } = host;
    await request();
    assert.notEqual(host.bootId, bootId);
    assert.equal(running(), STORED);
    assert.equal(host.machine.bmc.powerState, "On");
  });

  it("says that a person is needed where there is no BMC, and leaves the power on", async () => {
    const { host, request } = bed(false);
    const { bootId } = host;
    await assert.rejects(request(), { reason: "COLD_CYCLE_NEEDS_BMC" });
    assert.equal(host.bootId, bootId);
  });

  it("leaves the power on when the BMC does not answer", async () => {
    const { host, request } = bed(true);
    const { bootId } = host;
    host.machine.bmc.faults.refusesConnections = true;
    await assert.rejects(request(), { reason: "BMC_UNREACHABLE" });
    assert.equal(host.bootId, bootId);
  });
});
